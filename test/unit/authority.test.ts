import "reflect-metadata";
import { X509Certificate } from "node:crypto";
import { readFile, rm, stat } from "node:fs/promises";
import { describe, expect, test } from "@jest/globals";
import * as x509 from "@peculiar/x509";
import { Authority, type Issued } from "../../controller/serve/authority.ts";
import { withFolder } from "../folder.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 1);
const WEB = "spiffe://sallyport.local/ns/shop/sa/web";

function open(folder: string, time = START, lifetimeMs?: number): Promise<Authority> {
  const now = () => time;
  return Authority.open({
    folder: `${folder}/ca`,
    clock: { now },
    ...(lifetimeMs === undefined ? {} : { lifetimeMs }),
  });
}

async function issueOne(lifetimeMs?: number): Promise<Issued> {
  return withFolder(async (folder) => (await open(folder, START, lifetimeMs)).issue(WEB));
}

describe("authority", () => {
  test("names the holder by its SPIFFE id alone", async () => {
    const leaf = new X509Certificate((await issueOne()).certificate);
    expect(leaf.subjectAltName).toBe(`URI:${WEB}`);
    expect(leaf.subject).toBeFalsy();
    expect(leaf.ca).toBe(false);
  });

  test("issues for servers and clients, P-256, signatures only", async () => {
    const leaf = new x509.X509Certificate((await issueOne()).certificate);
    const usage = leaf.getExtension(x509.ExtendedKeyUsageExtension);
    expect(usage?.usages).toEqual([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]);
    expect(leaf.getExtension(x509.KeyUsagesExtension)?.usages).toBe(x509.KeyUsageFlags.digitalSignature);
    expect(leaf.publicKey.algorithm).toMatchObject({ name: "ECDSA", namedCurve: "P-256" });
  });

  test("signs with the root that it hands out", async () => {
    const issued = await issueOne();
    const root = new X509Certificate(issued.root);
    const leaf = new X509Certificate(issued.certificate);
    expect(leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.checkIssued(root)).toBe(true);
    expect(root.ca).toBe(true);
  });

  test("gives leaves an hour, from a minute ago", async () => {
    const { notBefore, notAfter, certificate } = await issueOne();
    expect([notBefore, notAfter]).toEqual([START - 60_000, START + HOUR]);
    const leaf = new X509Certificate(certificate);
    expect([Date.parse(leaf.validFrom), Date.parse(leaf.validTo)]).toEqual([notBefore, notAfter]);
  });

  test("gives leaves the lifetime that was asked for", async () => {
    expect((await issueOne(10_000)).notAfter).toBe(START + 10_000);
  });

  test("never lets a leaf outlive the root", async () => {
    expect((await issueOne(1000 * DAY)).notAfter).toBe(START + 365 * DAY);
  });

  test("makes a new key each time", async () => {
    await withFolder(async (folder) => {
      const authority = await open(folder);
      expect((await authority.issue(WEB)).key).not.toBe((await authority.issue(WEB)).key);
    });
  });

  test("keeps its files private", async () => {
    await withFolder(async (folder) => {
      await open(folder);
      const modes = ["ca", "ca/key.pem", "ca/cert.pem"].map(
        async (name) => (await stat(`${folder}/${name}`)).mode & 0o777,
      );
      expect(await Promise.all(modes)).toEqual([0o700, 0o600, 0o600]);
    });
  });

  test("is the same authority after a restart", async () => {
    await withFolder(async (folder) => {
      const before = await open(folder);
      const after = await open(folder, START + 300 * DAY);
      expect(after.root).toBe(before.root);
      const leaf = new X509Certificate((await after.issue(WEB)).certificate);
      expect(leaf.verify(new X509Certificate(before.root).publicKey)).toBe(true);
    });
  });

  test("is founded anew when its root is about to end", async () => {
    await withFolder(async (folder) => {
      const before = await open(folder);
      expect((await open(folder, START + 336 * DAY)).root).not.toBe(before.root);
    });
  });

  test("is founded anew when a crash left a key without its certificate", async () => {
    await withFolder(async (folder) => {
      const before = await open(folder);
      const key = await readFile(`${folder}/ca/key.pem`, "utf8");
      await rm(`${folder}/ca/cert.pem`);
      expect((await open(folder)).root).not.toBe(before.root);
      expect(await readFile(`${folder}/ca/key.pem`, "utf8")).not.toBe(key);
    });
  });
});
