/** The certificate authority of the standalone mode: ECDSA P-256, one root, short-lived SPIFFE leaves. */
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { makePrivateFolder, readPrivate, writePrivate } from "./private-file.ts";

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

/** A certificate with its key, as PEM text. `key` is a secret. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
  /** The root that verifies it. */
  readonly root: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface AuthorityOptions {
  /** Where key and root certificate are kept across restarts. */
  readonly folder: string;
  readonly clock: Clock;
  /** Lifetime of a leaf. */
  readonly lifetimeMs?: number;
}

const HOUR = 3_600_000;
const ROOT_LIFETIME = 365 * 24 * HOUR;
/** A root that ends sooner is replaced at the next start. */
const ROOT_RESERVE = 30 * 24 * HOUR;
/** Certificates are valid from a minute ago: clocks differ. */
const BACKDATE = 60_000;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export class Authority {
  readonly #options: AuthorityOptions;
  readonly #key: webcrypto.CryptoKey;
  readonly #root: x509.X509Certificate;

  private constructor(options: AuthorityOptions, key: webcrypto.CryptoKey, root: x509.X509Certificate) {
    this.#options = options;
    this.#key = key;
    this.#root = root;
  }

  /** Loads the authority that the folder holds, or founds one. */
  static async open(options: AuthorityOptions): Promise<Authority> {
    const stored = await load(options.folder);
    if (stored !== undefined && stored.root.notAfter.getTime() - options.clock.now() > ROOT_RESERVE) {
      return new Authority(options, stored.key, stored.root);
    }
    const { key, root } = await found(options);
    return new Authority(options, key, root);
  }

  /** The root certificate, PEM. */
  get root(): string {
    return pem(this.#root);
  }

  /** A fresh key and a certificate for it that says only who this is: the SPIFFE id, for servers and clients. */
  async issue(identity: string): Promise<Issued> {
    const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
    const start = this.#options.clock.now();
    const notBefore = start - BACKDATE;
    const notAfter = Math.min(start + (this.#options.lifetimeMs ?? HOUR), this.#root.notAfter.getTime());
    const certificate = await x509.X509CertificateGenerator.create(
      {
        issuer: this.#root.subjectName,
        notBefore: new Date(notBefore),
        notAfter: new Date(notAfter),
        publicKey: keys.publicKey,
        signingKey: this.#key,
        signingAlgorithm: ALGORITHM,
        extensions: await leafExtensions(identity, this.#root, keys.publicKey),
      },
      webcrypto,
    );
    return {
      certificate: pem(certificate),
      key: await exportKey(keys.privateKey),
      root: this.root,
      notBefore,
      notAfter,
    };
  }
}

async function leafExtensions(identity: string, root: x509.X509Certificate, key: webcrypto.CryptoKey) {
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
    // Critical, because the subject is empty (RFC 5280, section 4.2.1.6).
    new x509.SubjectAlternativeNameExtension([{ type: "url", value: identity }], true),
    await x509.AuthorityKeyIdentifierExtension.create(root, false, webcrypto),
    await x509.SubjectKeyIdentifierExtension.create(key, false, webcrypto),
  ];
}

const keyFile = (folder: string) => join(folder, "key.pem");
const rootFile = (folder: string) => join(folder, "cert.pem");

async function load(folder: string) {
  const key = await readPrivate(keyFile(folder));
  const root = await readPrivate(rootFile(folder));
  if (key === undefined || root === undefined) return undefined;
  return { key: await importKey(key.toString()), root: new x509.X509Certificate(root.toString()) };
}

async function found(options: AuthorityOptions) {
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
  const start = options.clock.now();
  const root = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: "CN=Sallyport standalone authority",
      notBefore: new Date(start - BACKDATE),
      notAfter: new Date(start + ROOT_LIFETIME),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  await makePrivateFolder(options.folder);
  // The certificate goes first and comes last: with either missing the authority is founded anew, never mismatched.
  await rm(rootFile(options.folder), { force: true });
  await writePrivate(keyFile(options.folder), await exportKey(keys.privateKey));
  await writePrivate(rootFile(options.folder), pem(root));
  return { key: keys.privateKey, root };
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem").trim()}\n`;
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = await webcrypto.subtle.exportKey("pkcs8", key);
  return `${x509.PemConverter.encode(bytes, x509.PemConverter.PrivateKeyTag).trim()}\n`;
}

async function importKey(text: string): Promise<webcrypto.CryptoKey> {
  const bytes = x509.PemConverter.decodeFirst(text);
  return webcrypto.subtle.importKey("pkcs8", bytes, ALGORITHM, false, ["sign"]);
}
