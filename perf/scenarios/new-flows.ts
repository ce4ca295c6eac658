/** (b) What a new flow costs its user, and (c) the Envoys on its way. */
import type { DataPlane, Way } from "../plane/data-plane.ts";
import { inTurn, microseconds, Samples, withCpu } from "../plane/rounds.ts";
import { count, VARIANTS } from "../plane/variants.ts";
import type { ScenarioResult } from "../results.ts";
import type { Ground } from "./ground.ts";
import { cpuResult } from "./new-flow-cpu.ts";
import { flowResult } from "./new-flow-latency.ts";

const CLIENTS = 32;
const RATE_FLOWS = 400;
/** Blocks of the only pass in which each destination is new. */
const COLD_FLOWS = 50;

/** Everything that was sampled; the two reports look at different sides of it. */
export interface FlowSamples {
  readonly ways: readonly Way[];
  /** Those that have an address for each destination: all but the two without a gateway. */
  readonly chains: readonly Way[];
  readonly destinations: number;
  /** One flow at a time to one address: first, second (us); cpu0..2, cpu (us a flow). */
  readonly warm: Samples;
  /** Many at once to one address: rate (flows/s), cpu0..2, cpu. */
  readonly busy: Samples;
  /** The first flow to each of many addresses, the next one, and many at once. */
  readonly cold: Samples;
  readonly spread: Samples;
  readonly busySpread: Samples;
}

export async function newFlows(plane: DataPlane, ground: Ground, destinations: number): Promise<ScenarioResult[]> {
  const { quick, say } = ground;
  const ways = VARIANTS.map(({ name }) => plane.way(name));
  const chains = ways.filter(({ proxies }) => proxies.length === 3);
  const sampler = new Sampler(plane, destinations);
  say("b, c: new flows, one at a time");
  const warm = await sampler.latency(ways, quick ? 8 : 40, 40, "target", 0);
  say(`b, c: new flows, ${CLIENTS} at once`);
  const busy = await sampler.rate(ways, quick ? 5 : 20, "target");
  say(`b: the first flow to each of ${count(destinations)} destinations`);
  const cold = await sampler.latency(chains, destinations / COLD_FLOWS, COLD_FLOWS, "spread", 0);
  say(`b: the next flows to ${count(destinations)} destinations`);
  const spread = await sampler.latency(chains, quick ? 6 : 20, COLD_FLOWS, "spread", 0);
  const busySpread = await sampler.rate(chains, quick ? 3 : 12, "spread");
  const samples = { ways, chains, destinations, warm, busy, cold, spread, busySpread };
  return [flowResult(samples, CLIENTS), cpuResult(samples, CLIENTS)];
}

class Sampler {
  constructor(
    private readonly plane: DataPlane,
    private readonly destinations: number,
  ) {}

  async latency(
    ways: readonly Way[],
    rounds: number,
    flows: number,
    to: "target" | "spread",
    start: number,
  ): Promise<Samples> {
    const samples = new Samples();
    await inTurn(ways, rounds, async (way, round) => {
      const { result, cpuUs } = await withCpu(way, () => this.plane.load.flows(way[to], start + round * flows, flows));
      const { failed, first, second } = result;
      samples.add(
        way.variant.name,
        { first: microseconds(first), second: microseconds(second), ...cpuOf(cpuUs, flows) },
        failed,
      );
    });
    return samples;
  }

  async rate(ways: readonly Way[], rounds: number, to: "target" | "spread"): Promise<Samples> {
    const samples = new Samples();
    await inTurn(ways, rounds, async (way, round) => {
      const flows = RATE_FLOWS;
      const start = (round * flows) % this.destinations;
      const { result, cpuUs } = await withCpu(way, () => this.plane.load.rate(way[to], start, flows, CLIENTS));
      const { failed, elapsed, first } = result;
      samples.add(
        way.variant.name,
        { rate: [((flows - failed) * 1e9) / elapsed], first: microseconds(first), ...cpuOf(cpuUs, flows) },
        failed,
      );
    });
    return samples;
  }
}

/** Per flow: each proxy's, `cpu0` being the first that a flow meets, and their sum. */
function cpuOf(cpuUs: readonly number[], flows: number): Record<string, number[]> {
  const each = cpuUs.map((spent, i) => [`cpu${i}`, [spent / flows]] as const);
  return { ...Object.fromEntries(each), cpu: [cpuUs.reduce((sum, spent) => sum + spent, 0) / flows] };
}
