import { chmod, mkdir, rm, stat, symlink } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { adminSocketPath, prepareAdminSocket } from "../../controller/node/admin-socket.ts";
import { withFolder } from "../folder.ts";

describe("admin socket", () => {
  test("is in the node's folder", () => expect(adminSocketPath("/state", "web")).toBe("/state/nodes/web/admin.sock"));

  /** `/nodes/web/admin.sock` has 21 bytes. */
  test.each([86, 87, 200])("fits into 107 bytes when the state folder has %d", (length) => {
    const folder = `/${"s".repeat(length - 1)}`;
    const path = adminSocketPath(folder, "web");
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(107);
    expect(path.startsWith(folder)).toBe(length === 86);
    expect(adminSocketPath(folder, "web")).toBe(path);
    expect(adminSocketPath(folder, "api")).not.toBe(path);
    expect(adminSocketPath(`${folder}x`, "web")).not.toBe(path);
  });

  test("gets a folder for this user alone", () =>
    withFolder(async (folder) => {
      const path = `${folder}/a/admin.sock`;
      await prepareAdminSocket(path);
      expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
      await prepareAdminSocket(path);
    }));

  test("is refused in a folder that others may enter", () =>
    withFolder(async (folder) => {
      await mkdir(`${folder}/a`);
      await chmod(`${folder}/a`, 0o755);
      await expect(prepareAdminSocket(`${folder}/a/admin.sock`)).rejects.toThrow("only this user");
    }));

  test("is refused in a folder that is a link", () =>
    withFolder(async (folder) => {
      await mkdir(`${folder}/real`, { mode: 0o700 });
      await symlink(`${folder}/real`, `${folder}/a`);
      await expect(prepareAdminSocket(`${folder}/a/admin.sock`)).rejects.toThrow("only this user");
      await rm(`${folder}/a`);
    }));
});
