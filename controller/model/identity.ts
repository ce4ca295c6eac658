/** Is a SPIFFE id what a policy wrote: the whole id, or with `/*` at its end every id that begins with what is before the `*`? */
export function isIdentity(written: string, identity: string): boolean {
  return written.endsWith("/*") ? identity.startsWith(written.slice(0, -1)) : identity === written;
}
