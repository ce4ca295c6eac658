/** An 8-byte node id as the API and configurations spell it: 16 lower-case hex digits. */
export function hexId(id: Uint8Array): string {
  return Array.from(id, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
