/** Which Envoys can run a node. Pure. */

export interface EnvoyVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

export const SUPPORTED = "1.36 to 1.40, but not 1.38.3";

const OLDEST_MINOR = 36;
const NEWEST_MINOR = 40;

/** From what `envoy --version` prints: `envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL`. */
export function parseEnvoyVersion(output: string): EnvoyVersion | undefined {
  const match = /version: [0-9a-f]+\/([0-9]+)\.([0-9]+)\.([0-9]+)[^/]*\//.exec(output);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

/** Older ones refuse a bootstrap with `stream_reset_burst` and `stream_reset_rate`. */
export function knowsResetLimits({ major, minor, patch }: EnvoyVersion): boolean {
  return major > 1 || minor > 39 || (minor === 39 && patch >= 3);
}

/** Why this version is not used; undefined when it is. */
export function unsupported({ major, minor, patch }: EnvoyVersion): string | undefined {
  if (major === 1 && minor === 38 && patch === 3) return `it was built without V8; supported are ${SUPPORTED}`;
  if (major === 1 && minor >= OLDEST_MINOR && minor <= NEWEST_MINOR) return undefined;
  return `supported are ${SUPPORTED}`;
}
