import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { describe, expect, test } from "@jest/globals";
import { masterKey } from "../../controller/serve/master-key.ts";
import { withFolder } from "../folder.ts";

const SEVENS = new Uint8Array(32).fill(7);

describe("master key", () => {
  test("is created once, private, and read after that", () =>
    withFolder(async (folder) => {
      const path = `${folder}/keys/shop.key`;
      expect(await masterKey(path, () => SEVENS)).toEqual(Buffer.from(SEVENS));
      expect(await masterKey(path, () => new Uint8Array(32))).toEqual(Buffer.from(SEVENS));
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect((await stat(`${folder}/keys`)).mode & 0o777).toBe(0o700);
    }));

  test("is 32 random bytes", () =>
    withFolder(async (folder) => {
      const [a, b] = await Promise.all([masterKey(`${folder}/a`), masterKey(`${folder}/b`)]);
      expect([a.length, b.length]).toEqual([32, 32]);
      expect(a).not.toEqual(b);
    }));

  test.each([0o640, 0o604, 0o660, 0o601])("is refused when its mode is %o", (mode) =>
    withFolder(async (folder) => {
      const path = `${folder}/shop.key`;
      await masterKey(path);
      await chmod(path, mode);
      await expect(masterKey(path)).rejects.toThrow(`chmod 600 ${path}`);
    }),
  );

  test.each([0, 31, 33])("is refused and kept when the file holds %d bytes", (length) =>
    withFolder(async (folder) => {
      const path = `${folder}/shop.key`;
      const content = Buffer.alloc(length, 1);
      await writeFile(path, content, { mode: 0o600 });
      await expect(masterKey(path)).rejects.toThrow(`${length} bytes`);
      expect(await readFile(path)).toEqual(content);
    }),
  );

  test("is never shown by an error", () =>
    withFolder(async (folder) => {
      const path = `${folder}/shop.key`;
      await writeFile(path, "not quite a secret", { mode: 0o600 });
      const error = await masterKey(path).catch((caught) => caught);
      expect(`${error.message} ${error.stack}`).not.toContain("not quite");
    }));
});
