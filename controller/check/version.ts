/** `1.31` of `v1.31.4-gke.1`; undefined if it has no such form. */
export function minorVersion(text: string): string | undefined {
  const [, major, minor] = /^v?(\d{1,4})\.(\d{1,4})(?:\D|$)/.exec(text) ?? [];
  return major === undefined ? undefined : `${major}.${minor}`;
}

/** Whether `major.minor` comes before another. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split(".").map(Number));
  const [[major = 0, minor = 0] = [], [otherMajor = 0, otherMinor = 0] = []] = [a, b];
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
