import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { describe, expect, test } from "@jest/globals";
import { Authority, type Issued } from "../../controller/serve/authority.ts";
import { Renewal } from "../../controller/serve/renewal.ts";
import {
  secretFiles,
  secretReferences,
  writeGeneration,
  writeSecretReferences,
} from "../../controller/serve/tls-folder.ts";
import { withFolder } from "../folder.ts";

const issued = (name: string): Issued => ({
  certificate: `certificate ${name}`,
  key: `key ${name}`,
  root: `root ${name}`,
  notBefore: 0,
  notAfter: 1,
});

describe("certificate folder", () => {
  test("keeps everything private", () =>
    withFolder(async (folder) => {
      const tls = `${folder}/web/tls`;
      await writeSecretReferences(tls);
      await writeGeneration(tls, issued("one"));
      const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
      expect(await mode(tls)).toBe("700");
      expect(await mode(`${tls}/gen-1`)).toBe("700");
      for (const file of [
        ...Object.values(secretReferences(tls)),
        secretFiles(tls).key,
        secretFiles(tls).certificate,
      ]) {
        expect([file, await mode(file)]).toEqual([file, "600"]);
      }
    }));

  test("changes certificate, key and root together, under the same paths", () =>
    withFolder(async (folder) => {
      const { certificate, key, root } = secretFiles(folder);
      for (const name of ["one", "two"]) {
        await writeGeneration(folder, issued(name));
        const read = await Promise.all([certificate, key, root].map((file) => readFile(file, "utf8")));
        expect(read).toEqual([`certificate ${name}`, `key ${name}`, `root ${name}`]);
      }
    }));

  test("removes what is older than the generation before", () =>
    withFolder(async (folder) => {
      for (const name of ["a", "b", "c", "d"]) await writeGeneration(folder, issued(name));
      expect((await readdir(folder)).sort()).toEqual(["current", "gen-3", "gen-4"]);
      expect(await readlink(`${folder}/current`)).toBe("gen-4");
    }));

  test("goes on counting after ten generations", () =>
    withFolder(async (folder) => {
      for (let i = 0; i < 11; i++) await writeGeneration(folder, issued(String(i)));
      expect(await readlink(`${folder}/current`)).toBe("gen-11");
    }));

  test("tells Envoy where to look and nothing secret", () =>
    withFolder(async (folder) => {
      await writeSecretReferences(folder);
      const references = secretReferences(folder);
      const type = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
      const current = `${folder}/current`;
      expect(JSON.parse(await readFile(references.certificate, "utf8"))).toEqual({
        resources: [
          {
            "@type": type,
            name: "identity",
            tls_certificate: {
              certificate_chain: { filename: `${current}/cert.pem` },
              private_key: { filename: `${current}/key.pem` },
              watched_directory: { path: folder },
            },
          },
        ],
      });
      expect(JSON.parse(await readFile(references.root, "utf8"))).toEqual({
        resources: [
          {
            "@type": type,
            name: "roots",
            validation_context: { trusted_ca: { filename: `${current}/ca.pem` }, watched_directory: { path: folder } },
          },
        ],
      });
    }));
});

describe("renewal", () => {
  const LIFETIME = 60_000;

  async function withRenewal(
    use: (facts: { renewal: Renewal; clock: { time: number }; failures: string[] }) => Promise<void>,
  ): Promise<void> {
    await withFolder(async (folder) => {
      const clock = { time: Date.UTC(2026, 0, 1), now: () => clock.time };
      const authority = await Authority.open({ folder, clock, lifetimeMs: LIFETIME });
      const failures: string[] = [];
      await use({ renewal: new Renewal(authority, clock, { failed: (name) => failures.push(name) }), clock, failures });
    });
  }

  test("replaces a certificate at half its life and not before", () =>
    withRenewal(async ({ renewal, clock }) => {
      const ends: number[] = [];
      const start = clock.time;
      await renewal.keep({ name: "web", identity: "spiffe://a/web", accept: (one) => void ends.push(one.notAfter) });
      for (const age of [LIFETIME / 2 - 1, LIFETIME / 2, LIFETIME / 2 + 1, LIFETIME]) {
        clock.time = start + age;
        await renewal.renewDue();
      }
      expect(ends).toEqual([start + LIFETIME, start + LIFETIME * 1.5, start + LIFETIME * 2]);
    }));

  test("tries again what failed, and renews the others", () =>
    withRenewal(async ({ renewal, clock, failures }) => {
      let accepted = 0;
      let broken = false;
      const accept = () => {
        if (broken) throw new Error("disk full");
      };
      await renewal.keep({ name: "broken", identity: "spiffe://a/broken", accept });
      await renewal.keep({ name: "web", identity: "spiffe://a/web", accept: () => void accepted++ });
      broken = true;
      clock.time += LIFETIME / 2;
      await renewal.renewDue();
      await renewal.renewDue();
      expect([failures, accepted]).toEqual([["broken", "broken"], 2]);
    }));

  test("forgets a holder that was dropped", () =>
    withRenewal(async ({ renewal, clock }) => {
      let accepted = 0;
      await renewal.keep({ name: "web", identity: "spiffe://a/web", accept: () => void accepted++ });
      renewal.drop("web");
      clock.time += LIFETIME;
      await renewal.renewDue();
      expect(accepted).toBe(1);
    }));
});
