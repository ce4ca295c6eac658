/**
 * The grammar of names, labels and identities. Each function returns what is wrong with a text and what to do, or
 * undefined when it is well-formed. Sources: Kubernetes apimachinery `util/validation`, the SPIFFE-ID standard.
 */
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const SPIFFE = /^spiffe:\/\/[a-z0-9._-]{1,255}(\/[A-Za-z0-9._-]+)+$/;

/** Names of most objects (RFC 1123 subdomain). */
export function subdomainComplaint(text: string): string | undefined {
  if (text.length <= 253 && SUBDOMAIN.test(text)) return undefined;
  return "must be at most 253 lower-case letters, digits, '-' or '.', and begin and end with a letter or digit";
}

/** Names of namespaces (RFC 1123 label). */
export function labelComplaint(text: string): string | undefined {
  if (text.length <= 63 && LABEL.test(text)) return undefined;
  return "must be at most 63 lower-case letters, digits or '-', and begin and end with a letter or digit";
}

/** `name` or `prefix.example/name` (apimachinery `IsQualifiedName`). */
export function labelKeyComplaint(text: string): string | undefined {
  const slash = text.indexOf("/");
  const prefix = text.slice(0, Math.max(0, slash));
  const name = text.slice(slash + 1);
  const ok = name.length <= 63 && QUALIFIED.test(name) && (slash < 0 || subdomainComplaint(prefix) === undefined);
  if (ok) return undefined;
  return "is not a label key: write at most 63 letters, digits, '-', '_' or '.', after an optional DNS prefix and '/'";
}

export function labelValueComplaint(text: string): string | undefined {
  if (text === "" || (text.length <= 63 && QUALIFIED.test(text))) return undefined;
  return "is not a label value: write at most 63 letters, digits, '-', '_' or '.', beginning and ending with a letter or digit";
}

/** Names of ports (RFC 6335 service name). */
export function portNameComplaint(text: string): string | undefined {
  const ok = text.length <= 15 && LABEL.test(text) && /[a-z]/.test(text) && !text.includes("--");
  if (ok) return undefined;
  if (/^[0-9]+$/.test(text)) return "is a text; write a port number without quotes";
  return "is not a port name: write at most 15 lower-case letters, digits or single '-', with a letter among them";
}

export function spiffeIdComplaint(text: string): string | undefined {
  const dots = text.split("/").some((segment) => segment === "." || segment === "..");
  if (text.length <= 2048 && SPIFFE.test(text) && !dots) return undefined;
  return "is not a SPIFFE id: write spiffe://<trust domain>/<path>, such as spiffe://shop.example/ns/shop/sa/web";
}
