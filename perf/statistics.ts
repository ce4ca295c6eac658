/** Numbers with their uncertainty: quantiles, and ratios of variants that were measured in the same rounds. */

/** A value and its 95 % confidence interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What a variant was found to do, one list of samples a round. */
export type Rounds = readonly (readonly number[])[];
export type Statistic = (samples: readonly number[]) => number;

const RESAMPLES = 1000;

export const median: Statistic = (samples) => quantile(samples, 0.5);
export const p99: Statistic = (samples) => quantile(samples, 0.99);
export const mean: Statistic = (samples) => samples.reduce((sum, sample) => sum + sample, 0) / samples.length;

/** The sample below which a share `q` of them lies, by nearest rank; NaN of none. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** The statistic of all samples together. */
export function estimate(rounds: Rounds, statistic: Statistic): Estimate {
  return bootstrap([rounds], ([samples]) => statistic(samples as number[]));
}

/** How many times as large the statistic is for `rounds` as for `base`, which was measured in the same rounds. */
export function ratio(rounds: Rounds, base: Rounds, statistic: Statistic): Estimate {
  return bootstrap([rounds, base], ([a, b]) => statistic(a as number[]) / statistic(b as number[]));
}

/** How much larger the statistic is. */
export function difference(rounds: Rounds, base: Rounds, statistic: Statistic): Estimate {
  return bootstrap([rounds, base], ([a, b]) => statistic(a as number[]) - statistic(b as number[]));
}

/**
 * Paired percentile bootstrap: whole rounds are drawn with replacement, the same ones for every variant, so that what
 * disturbed a round disturbs both sides of a comparison alike.
 */
function bootstrap(variants: readonly Rounds[], value: (pooled: readonly number[][]) => number): Estimate {
  const count = Math.min(...variants.map((rounds) => rounds.length));
  const pooled = (chosen: readonly number[]) => variants.map((rounds) => chosen.flatMap((i) => rounds[i] as number[]));
  const all = Array.from({ length: count }, (_, i) => i);
  const random = randomNumbers(1);
  const values = Array.from({ length: RESAMPLES }, () => value(pooled(all.map(() => Math.floor(random() * count)))));
  return { value: value(pooled(all)), low: quantile(values, 0.025), high: quantile(values, 0.975) };
}

/** Uniform in [0, 1), the same for the same seed (xorshift32): a report made twice from the same samples is the same. */
export function randomNumbers(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}
