/** (d) The time of one decision in Wasm, by the number of endpoints. */
import { Role } from "../../assembly/wire/image.ts";
import { compile } from "../../controller/compile/compile.ts";
import type { CompiledGateway } from "../../controller/compile/compiled.ts";
import { encodeImage } from "../../controller/image/encode.ts";
import { prepareImages } from "../../controller/image/prepare.ts";
import { callWorld } from "../decision/call-world.ts";
import { gatewayKeys, randomFlows, randomRequests } from "../decision/flows.ts";
import { type DecisionModule, loadDecisionModule } from "../decision/module.ts";
import { sha256 } from "../plane/control.ts";
import { count } from "../plane/variants.ts";
import { estimateText } from "../report.ts";
import type { Cell, ScenarioResult } from "../results.ts";
import { type Estimate, estimate, median } from "../statistics.ts";
import { OVERLAY } from "../worlds.ts";
import type { Ground } from "./ground.ts";

const SIZES = [100, 10_000, 100_000];
const FLOWS = 500_000;
const REQUESTS = 10_000;
/** Decisions that are timed together. */
const FLOWS_TOGETHER = 5000;
const REQUESTS_TOGETHER = 500;
const NOW = 1_800_000_000;
const AIM_NS = 1000;

interface Found {
  readonly endpoints: number;
  readonly imageBytes: number;
  readonly lookup: Estimate;
  readonly gate: Estimate;
}

export async function decision(ground: Ground): Promise<ScenarioResult> {
  const found: Found[] = [];
  for (const endpoints of SIZES) {
    ground.say(`d: decisions at ${count(endpoints)} endpoints`);
    found.push(await measureSize(ground, endpoints));
  }
  const rows = found.map(({ endpoints, imageBytes, lookup, gate }): Cell[] => [
    count(endpoints),
    imageBytes / 2 ** 20,
    lookup,
    gate,
  ]);
  const digits = 2;
  return {
    letter: "d",
    title: "Time of a decision in Wasm",
    about: [
      `The decision code of the filters, compiled to Wasm, in Node's V8 on one thread. Policy alone: from two addresses to the`,
      `verdict of both sides, ${count(FLOWS)} random flows in random order, half of them allowed calls, so that most lookups`,
      `meet a cold line of the image; timed in runs of ${count(FLOWS_TOGETHER)}. All of the gate: ${count(REQUESTS)} random allowed`,
      "requests, each with decoding, identity of the peer, key derivation, the MAC, policy, path, and the stamp for the next",
      "hop with its key and MAC. Calls between Envoy and the module come on top.",
    ].join(" "),
    tables: [
      {
        title: "One decision",
        columns: [
          { title: "endpoints" },
          { title: "image MiB", digits },
          { title: "policy alone us", digits: 3 },
          { title: "all of the gate us", digits },
        ],
        rows: rows.map((row) => row.map((cell, i) => (i < 2 ? cell : inMicroseconds(cell as Estimate)))),
      },
    ],
    aims: found.map(({ endpoints, lookup }) => ({
      aim: `under 1 us without the MAC at ${count(endpoints)} endpoints`,
      measured: `${estimateText(inMicroseconds(lookup), 3)} us`,
      met: lookup.value < AIM_NS,
    })),
  };
}

async function measureSize({ projectFolder, quick }: Ground, endpoints: number): Promise<Found> {
  const calls = callWorld(endpoints);
  const { policy } = compile(
    { ...calls.world, overlays: calls.world.overlays.map((one) => ({ ...one, path: ["edge-a"] })) },
    OVERLAY,
  );
  const gateway = policy.gateways[0] as CompiledGateway;
  const epoch = Math.floor(NOW / policy.overlay.keys.epochSeconds);
  const keys = gatewayKeys(gateway, [epoch - 1, epoch, epoch + 1]);
  const image = encodeImage(prepareImages(policy, sha256), gateway, {
    term: 1,
    sequence: 1,
    notAfter: NOW + 3600,
    keys,
  });
  const module = await loadDecisionModule(projectFolder);
  const fault = module.measureImage(image, gateway.id, policy.overlay.id, Role.Gateway, NOW);
  if (fault !== 0) throw new Error(`the image was refused with fault ${fault}`);
  module.keepFlows(randomFlows(calls, FLOWS));
  module.keepRequests(randomRequests(calls, { policy, gateway, keys, now: NOW }, REQUESTS));
  expectAllowed(module);
  const passes = quick ? 4 : 12;
  return {
    endpoints,
    imageBytes: image.length,
    lookup: timed(FLOWS, FLOWS_TOGETHER, passes, (first) => module.decideFlows(first, FLOWS_TOGETHER)),
    gate: timed(REQUESTS, REQUESTS_TOGETHER, passes, (first) => module.admitRequests(first, REQUESTS_TOGETHER)),
  };
}

/** A decision that refuses early would be measured as a fast one. */
function expectAllowed(module: DecisionModule): void {
  const flows = module.decideFlows(0, FLOWS);
  const requests = module.admitRequests(0, REQUESTS);
  if (flows < FLOWS / 2 || requests !== REQUESTS) {
    throw new Error(`of ${FLOWS} flows ${flows} were allowed, of ${REQUESTS} requests ${requests}`);
  }
}

/** Nanoseconds for one of `all`, over `passes` passes: each pass is a round, each run in it a sample. The first warms up. */
function timed(all: number, together: number, passes: number, run: (first: number) => unknown): Estimate {
  const rounds = Array.from({ length: passes + 1 }, () => {
    return Array.from({ length: all / together }, (_, i) => {
      const start = performance.now();
      run(i * together);
      return ((performance.now() - start) * 1e6) / together;
    });
  });
  return estimate(rounds.slice(1), median);
}

function inMicroseconds({ value, low, high }: Estimate): Estimate {
  return { value: value / 1000, low: low / 1000, high: high / 1000 };
}
