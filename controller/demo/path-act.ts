/** A path that policy names, and a policy that is tried before it is enforced. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { envoyStats } from "../node/admin.ts";
import type { Presenter } from "./presenter.ts";
import { ADDRESSES, type Stage } from "./stage.ts";
import { until } from "./until.ts";

const FILE = "policy-path.yaml";
const EDGE_A = ["edge-a-0", "edge-a-1"];
const EDGE_B = ["edge-b-0"];

/** About api's flows to the database. */
function flowPolicy(rest: readonly string[]): string {
  const lines = [
    "apiVersion: sallyport.dev/v1alpha1",
    "kind: FlowPolicy",
    "metadata: { name: to-db }",
    "spec:",
    "overlay: shop",
    "priority: 10",
    "subject: { namespaceSelector: {}, podSelector: { matchLabels: { app: db } } }",
    "from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: api } } }]",
    ...rest,
  ];
  return lines.map((line, i) => `${i < 4 ? "" : "  "}${line}\n`).join("");
}

export async function showPath(stage: Stage, show: Presenter): Promise<void> {
  show.heading("A path that policy names, and an audit");
  const [a, b] = await carried(stage);
  show.check(a === 1 && b === 1, `by the overlay's path a flow from api to db passes edge-a (${a}) and edge-b (${b})`);
  await take(stage, flowPolicy(["action: Allow", "via: [edge-b]"]));
  const [noA, onlyB] = await carried(stage);
  show.check(noA === 0 && onlyB === 1, `FlowPolicy via [edge-b]: it passes edge-a (${noA}) and edge-b (${onlyB})`);
  await take(stage, flowPolicy(["action: Deny", "enforcement: Audit"]));
  const before = await total(stage, EDGE_B, "audit-deny");
  const reached = await reachesDb(stage);
  const audited = (await total(stage, EDGE_B, "audit-deny")) - before;
  show.check(reached && audited === 1, `FlowPolicy Deny, audited: it passes, counted as would-be denied (${audited})`);
  await take(stage, undefined);
}

/** How many times each of the two groups let one flow on. */
async function carried(stage: Stage): Promise<readonly [number, number]> {
  const count = async () => [await total(stage, EDGE_A, "allow"), await total(stage, EDGE_B, "allow")] as const;
  const before = await count();
  await reachesDb(stage);
  const after = await count();
  return [after[0] - before[0], after[1] - before[1]];
}

async function reachesDb(stage: Stage): Promise<boolean> {
  return (await stage.agent("api").probe("tcp", stage.address(ADDRESSES.db), 5432)).reached;
}

async function total(stage: Stage, nodes: readonly string[], counter: string): Promise<number> {
  const stats = await Promise.all(
    nodes.map((node) => envoyStats(stage.standalone.adminSocket(node), `gate\\.${counter}$`)),
  );
  return stats.flatMap((found) => [...found.values()]).reduce((sum, value) => sum + value, 0);
}

/** Writes the policy, or removes it, and waits until every node runs what follows from it. */
async function take(stage: Stage, text: string | undefined): Promise<void> {
  const { applied } = stage.diary;
  const path = join(stage.folder, FILE);
  await (text === undefined ? rm(path) : writeFile(path, text));
  await until("the edit is taken", () => stage.diary.applied > applied && stage.isProgrammed());
}
