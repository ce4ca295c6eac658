/** A pod's own certificate, as istio-agent's OUTPUT_CERTS or anybody else writes it. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Issued } from "./authority.ts";
import { identityOf } from "./peer.ts";

export type ReadCertificate =
  | { readonly issued: Issued }
  /** What is wrong and what to do; never with anything of the key. */
  | { readonly problem: string };

const FILES = { certificate: "cert-chain.pem", key: "key.pem", root: "root-cert.pem" };

/** What is in the folder at this moment. `identity`: the SPIFFE id that nodes will ask it for; undefined: any one. */
export async function readCertificate(
  folder: string,
  identity: string | undefined,
  now: number,
): Promise<ReadCertificate> {
  const texts: string[] = [];
  for (const name of [FILES.certificate, FILES.key, FILES.root]) {
    const text = await readFile(join(folder, name), "utf8").catch(({ code }: NodeJS.ErrnoException) => ({ code }));
    if (typeof text !== "string") return { problem: `${join(folder, name)} can't be read: ${text.code}` };
    texts.push(text);
  }
  const [certificate, key, root] = texts as [string, string, string];
  const leaf = leafOf(certificate);
  if (leaf === undefined) return { problem: `${join(folder, FILES.certificate)} holds no certificate` };
  // The files are written one after the other: the next look finds all three.
  if (!isKeyOf(leaf, key)) return { problem: `${join(folder, FILES.key)} isn't the key of the certificate` };
  if (leafOf(root) === undefined) return { problem: `${join(folder, FILES.root)} holds no certificate` };
  const found = identityOf(leaf);
  if (identity !== undefined && found !== identity) return { problem: otherIdentity(found, identity) };
  const notAfter = Date.parse(leaf.validTo);
  if (notAfter <= now) return { problem: `the certificate in ${folder} ended at ${new Date(notAfter).toISOString()}` };
  return { issued: { certificate, key, root, notBefore: Date.parse(leaf.validFrom), notAfter } };
}

function otherIdentity(found: string | undefined, identity: string): string {
  const what = found === undefined ? "names no SPIFFE id, or more than one" : `is that of ${found}`;
  return `the certificate ${what}, and nodes ask for ${identity}: check service account, namespace and --trust-domain`;
}

function leafOf(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function isKeyOf(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** Files are looked at as often: a folder that isn't there yet, or whose links are swapped, needs no other care. */
const LOOK_MS = 1000;

export interface CertificateEvents {
  /** Another certificate than before. */
  renewed(issued: Issued): void;
  /** Called when there is another problem, or `""` when there is none any more. */
  troubled(problem: string): void;
  /** The current one has ended, and there is no other. */
  ended?(): void;
}

/** Follows the folder. A certificate stays current until it ends, also when its files can't be read. */
export class CertificateFolder {
  #current: Issued | undefined;
  #wasValid = false;
  #problem = "";
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(
    private readonly folder: string,
    private readonly identity: string | undefined,
    private readonly events: CertificateEvents,
  ) {}

  /** Undefined: there is none, or it has ended. */
  get current(): Issued | undefined {
    return this.#current !== undefined && this.#current.notAfter > Date.now() ? this.#current : undefined;
  }

  /** When the last one ends or ended, milliseconds since 1970. */
  get notAfter(): number | undefined {
    return this.#current?.notAfter;
  }

  /** Why there is none, or the current one can't be renewed; empty: nothing is wrong. */
  get problem(): string {
    const end = this.#current?.notAfter;
    if (this.#problem !== "" || this.current !== undefined) return this.#problem;
    return end === undefined
      ? "there is no certificate yet"
      : `the certificate ended at ${new Date(end).toISOString()}`;
  }

  /** Resolves after the first look. */
  async start(): Promise<void> {
    this.#timer ??= setInterval(() => this.look(), LOOK_MS);
    await this.look();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** One look at a time. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const found = await readCertificate(this.folder, this.identity, Date.now());
    const problem = "problem" in found ? found.problem : "";
    if (problem !== this.#problem) this.events.troubled(problem);
    this.#problem = problem;
    if ("issued" in found && !isSame(found.issued, this.#current)) {
      this.#current = found.issued;
      this.events.renewed(found.issued);
    }
    const isValid = this.current !== undefined;
    if (this.#wasValid && !isValid) this.events.ended?.();
    this.#wasValid = isValid;
  }
}

function isSame(a: Issued, b: Issued | undefined): boolean {
  return a.certificate === b?.certificate && a.root === b.root;
}
