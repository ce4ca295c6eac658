/** Samples of variants that take turns. */
import type { Rounds } from "../statistics.ts";
import type { Way } from "./data-plane.ts";

/** Numbers by quantity, such as `first` in microseconds. */
export type Block = Readonly<Record<string, readonly number[]>>;

export class Samples {
  readonly #blocks = new Map<string, Block[]>();
  #failed = 0;

  add(variant: string, block: Block, failed: number): void {
    const blocks = this.#blocks.get(variant) ?? [];
    this.#blocks.set(variant, blocks);
    blocks.push(block);
    this.#failed += failed;
  }

  /** Flows that did not come through. */
  get failed(): number {
    return this.#failed;
  }

  /** One list of samples a round. */
  of(variant: string, quantity: string): Rounds {
    return (this.#blocks.get(variant) ?? []).map((block) => block[quantity] ?? []);
  }
}

/**
 * Runs blocks of all ways in turn, `rounds` times, each round beginning with another way, so that no variant always
 * follows the same one and what changes in the machine over time meets all alike.
 */
export async function inTurn<W>(
  ways: readonly W[],
  rounds: number,
  block: (way: W, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < ways.length; i++) await block(ways[(round + i) % ways.length] as W, round);
  }
}

/** Runs `work` and answers the microseconds that each proxy was on a CPU meanwhile. */
export async function withCpu<T>(
  { proxies }: Way,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly cpuUs: readonly number[] }> {
  const before = proxies.map((proxy) => proxy.cpuNs());
  const result = await work();
  return { result, cpuUs: proxies.map((proxy, i) => (proxy.cpuNs() - (before[i] as number)) / 1000) };
}

export function microseconds(nanoseconds: readonly number[]): number[] {
  return nanoseconds.map((value) => value / 1000);
}
