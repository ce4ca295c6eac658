/** The command line of `npm run bench`. */
import { parseArgs } from "node:util";

export interface BenchOptions {
  readonly quick: boolean;
  /** Letters of the scenarios to run. */
  readonly only: ReadonlySet<string>;
}

const LETTERS = "abcdefg";

export const USAGE = `npm run bench [-- --quick] [--only a,b]

  --quick       fewer rounds and smaller worlds: under 3 minutes, wider intervals
  --only a,b    only these scenarios:
                  a  an established flow: round trips and throughput
                  b  new flows: latency and rate, by number of policies and of destinations
                  c  CPU time of a new flow in each Envoy
                  d  time of a decision in Wasm
                  e  from an edit to the last node that enforces it
                  f  compile time, image sizes, memory
                  g  Istio alone against Istio with the overlay
`;

/** The options, or what is wrong with them. */
export function benchOptions(args: readonly string[]): BenchOptions | { readonly complaint: string } {
  const options = {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: [...LETTERS].join() },
  } as const;
  try {
    const { values } = parseArgs({ args: [...args], options });
    const only = new Set(values.only.split(",").map((letter) => letter.trim()));
    const unknown = [...only].find((letter) => letter.length !== 1 || !LETTERS.includes(letter));
    return unknown === undefined ? { quick: values.quick, only } : { complaint: `no scenario "${unknown}"` };
  } catch (error) {
    return { complaint: (error as Error).message };
  }
}
