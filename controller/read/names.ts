/**
 * The grammar of names, labels and identities. Each function returns what is wrong with a text and what to do, or
 * undefined when it is well-formed. Sources: Kubernetes apimachinery `util/validation`, the SPIFFE-ID standard.
 */
export interface Grammar {
  /** Without look-around: RE2 reads it too. */
  readonly pattern: RegExp;
  readonly longest: number;
  /** What is wrong with other texts and what to do. */
  readonly message: string;
}

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
/** A letter among letters and digits, with single dashes between them. */
const PORT_NAME = /^([0-9]+-)*[0-9]*[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const SEGMENT = String.raw`([A-Za-z0-9_-]|\.[A-Za-z0-9_-]|\.\.[A-Za-z0-9._-])[A-Za-z0-9._-]*`; // neither . nor ..
const TRUST_DOMAIN = "spiffe://[a-z0-9._-]{1,255}";

/** Names of most objects (RFC 1123 subdomain). */
export const objectNames: Grammar = {
  pattern: SUBDOMAIN,
  longest: 253,
  message: "must be at most 253 lower-case letters, digits, '-' or '.', and begin and end with a letter or digit",
};

/** Names of namespaces (RFC 1123 label). */
export const namespaceNames: Grammar = {
  pattern: LABEL,
  longest: 63,
  message: "must be at most 63 lower-case letters, digits or '-', and begin and end with a letter or digit",
};

/** Names of Services (RFC 1035 label). */
export const serviceNames: Grammar = {
  pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
  longest: 63,
  message: "must be at most 63 lower-case letters, digits or '-', begin with a letter, and end with a letter or digit",
};

/** `name` or `prefix.example/name` (apimachinery `IsQualifiedName`). */
export const labelKeys: Grammar = {
  pattern: new RegExp(`^(${SUBDOMAIN.source.slice(1, -1)}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`),
  longest: 253 + 1 + 63,
  message:
    "is not a label key: write at most 63 letters, digits, '-', '_' or '.', after an optional DNS prefix and '/'",
};

export const labelValues: Grammar = {
  pattern: new RegExp(`${QUALIFIED.source}|^$`),
  longest: 63,
  message:
    "is not a label value: write at most 63 letters, digits, '-', '_' or '.', beginning and ending with a letter or digit",
};

/** Names of ports (RFC 6335 service name). */
export const portNames: Grammar = {
  pattern: PORT_NAME,
  longest: 15,
  message: "is not a port name: write at most 15 lower-case letters, digits or single '-', with a letter among them",
};

const notSpiffe =
  "is not a SPIFFE id: write spiffe://<trust domain>/<path>, such as spiffe://shop.example/ns/shop/sa/web";

export const spiffeIds: Grammar = {
  pattern: new RegExp(`^${TRUST_DOMAIN}(/${SEGMENT})+$`),
  longest: 2048,
  message: notSpiffe,
};

/** A whole SPIFFE id, or all below a path: `spiffe://shop.example/ns/shop/*`. */
export const spiffePatterns: Grammar = {
  pattern: new RegExp(String.raw`^${TRUST_DOMAIN}(/${SEGMENT})*/(${SEGMENT}|\*)$`),
  longest: 2048,
  message: `${notSpiffe}, or /* at the end for all below a path`,
};

export function grammarComplaint({ pattern, longest, message }: Grammar, text: string): string | undefined {
  return text.length <= longest && pattern.test(text) ? undefined : message;
}

export function labelComplaint(text: string): string | undefined {
  return grammarComplaint(namespaceNames, text);
}

export function labelKeyComplaint(text: string): string | undefined {
  return text.indexOf("/") > 253 ? labelKeys.message : grammarComplaint(labelKeys, text);
}

export function labelValueComplaint(text: string): string | undefined {
  return grammarComplaint(labelValues, text);
}

export function portNameComplaint(text: string): string | undefined {
  const isNumber = /^[0-9]+$/.test(text);
  return isNumber ? "is a text; write a port number without quotes" : grammarComplaint(portNames, text);
}
