/** (e) From the edit of a policy file until the last node that it concerns has the new image and has checked it. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CONTROL_PORT } from "../../controller/model/ports.ts";
import type { NetworkPolicy, PodPeer, Selector, World } from "../../controller/model/resources.ts";
import { Standalone } from "../../controller/standalone/standalone.ts";
import { Editor, type EditTimes } from "../edit/editor.ts";
import { policyText, writeWorld } from "../edit/manifests.ts";
import { PaperMachine } from "../edit/paper-machine.ts";
import { PollingNodes } from "../edit/polling-nodes.ts";
import { count } from "../plane/variants.ts";
import { estimateText } from "../report.ts";
import type { Aim, Cell, ScenarioResult } from "../results.ts";
import { estimate, mean, median, p99 } from "../statistics.ts";
import { realisticWorld } from "../worlds.ts";
import type { Ground } from "./ground.ts";

const AIM_MS = 100;

interface Kind {
  readonly name: string;
  readonly policy: (edit: number) => NetworkPolicy;
}

/** The rule's port changes: a few endpoints' rows do. */
const PORT: Kind = {
  name: "a rule's port",
  policy: (edit) => editedPolicy({ podSelector: where("app", "app-1") }, 9000 + edit),
};
/** A rule tells one endpoint apart from those that were like it: classes change, but not what others decide. */
const CLASSES: Kind = {
  name: "who is told apart",
  policy: (edit) =>
    editedPolicy({ namespaceSelector: { requirements: [] }, podSelector: where("instance", `i-${edit}`) }, 9000),
};

export async function editToEnforced(ground: Ground): Promise<ScenarioResult> {
  const sizes = ground.quick ? [100] : [100, 1000];
  const found: { nodes: number; kind: Kind; times: readonly EditTimes[] }[] = [];
  for (const nodes of sizes) {
    ground.say(`e: edits with ${count(nodes)} polling nodes`);
    const edits = ground.quick ? 12 : nodes > 100 ? 20 : 60;
    for (const [kind, times] of await editsWith(ground, nodes, edits)) found.push({ nodes, kind, times });
  }
  const rows = found.map(({ nodes, kind, times }): Cell[] => {
    const of = (quantity: keyof EditTimes) => times.map((time) => [time[quantity]]);
    return [
      `${count(nodes)} nodes, ${kind.name}`,
      mean(of("images").flat()),
      mean(of("bytes").flat()) / 1024,
      median(of("noticed").flat()),
      median(of("published").flat()),
      estimate(of("enforced"), median),
      estimate(of("enforced"), p99),
    ];
  });
  return {
    letter: "e",
    title: "From an edit to the last node",
    about: [
      "The standalone controller with its file watch, compiler and image service over HTTP/2 with mutual TLS; nodes are",
      "simulated in one other process, each with its own certificate. A node polls twice, on connections of its own, as an",
      "Envoy with one worker does; a gateway comes on top of the endpoints. Times count from the beginning of the write of",
      "one policy file until the last node has received its image, plus its check of it by the filters' code in Wasm, which",
      "nodes do side by side and the simulation one after the other, after the last arrival. A real network adds half a",
      "round trip.",
    ].join(" "),
    tables: [
      {
        title: "Milliseconds from the edit",
        columns: [
          { title: "nodes, what changes" },
          { title: "new images" },
          { title: "KiB in all" },
          { title: "noticed p50", digits: 1 },
          { title: "published p50", digits: 1 },
          { title: "enforced p50", digits: 1 },
          { title: "enforced p99", digits: 1 },
        ],
        rows,
      },
    ],
    aims: found.flatMap(({ nodes, kind, times }) => aimOf(nodes, kind, times)),
  };
}

function aimOf(nodes: number, { name }: Kind, times: readonly EditTimes[]): Aim[] {
  if (nodes !== 100) return [];
  const found = estimate(
    times.map(({ enforced }) => [enforced]),
    p99,
  );
  const aim = `edit to enforced, p99 under ${AIM_MS} ms at 100 nodes, ${name}`;
  return [{ aim, measured: `${estimateText(found, 1)} ms`, met: found.value < AIM_MS }];
}

async function editsWith(ground: Ground, nodes: number, edits: number): Promise<Map<Kind, readonly EditTimes[]>> {
  const state = join(ground.stateFolder, `edit-${nodes}`);
  const folder = join(state, "world");
  await writeWorld(folder, localWorld(nodes));
  await writeFile(join(folder, "policies", "edited.yaml"), policyText(PORT.policy(-1)));
  const machine = new PaperMachine();
  const trouble = (message: string) => ground.say(`e: ${message}`);
  const standalone = await Standalone.open({
    folder,
    stateFolder: join(state, "state"),
    codeFolder: "",
    machine,
    events: { trouble },
  });
  const first = await standalone.reload();
  if (first.kind === "kept") throw new Error(`the world was rejected: ${first.rejections[0]?.message}`);
  const polling = await PollingNodes.start(machine.nodes, CONTROL_PORT, ground.projectFolder);
  const editor = await Editor.open(join(folder, "policies", "edited.yaml"), folder, standalone, polling);
  const times = new Map<Kind, EditTimes[]>();
  for (const kind of [PORT, CLASSES]) {
    await editor.edit(kind.policy(0));
    times.set(kind, []);
    for (let edit = 1; edit <= edits; edit++) times.get(kind)?.push(await editor.edit(kind.policy(edit)));
  }
  await editor.close();
  polling.stop();
  await standalone.stop();
  return times;
}

/** A realistic world of `nodes` endpoints, all of which run here; each has a SPIFFE id of its own. */
function localWorld(nodes: number): World {
  const world = realisticWorld({ endpoints: nodes, policies: nodes, namespaces: Math.ceil(nodes / 20), seed: 1 });
  return {
    ...world,
    overlays: world.overlays.map((overlay) => ({ ...overlay, path: ["edge-a"] })),
    gateways: world.gateways.slice(0, 1).map((gateway) => ({ ...gateway, local: { concurrency: 1 } })),
    endpoints: world.endpoints.map((endpoint) => ({
      ...endpoint,
      identity: `spiffe://bench/node/${endpoint.name}`,
      local: { concurrency: 1 },
    })),
  };
}

function editedPolicy(peer: Omit<PodPeer, "kind">, port: number): NetworkPolicy {
  return {
    origin: { file: "generated", line: 1, kind: "NetworkPolicy", name: "ns-0/edited" },
    namespace: "ns-0",
    name: "edited",
    podSelector: where("app", "app-0"),
    egress: [{ index: 0, peers: [{ kind: "pods", ...peer }], ports: [{ protocol: "TCP", port }] }],
  };
}

function where(key: string, value: string): Selector {
  return { requirements: [{ key, operator: "In", values: [value] }] };
}
