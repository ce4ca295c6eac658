/** What the demo shows, one act after the other. Each act leaves the world as it found it. */

import type { TrafficReport } from "./agent.ts";
import type { Presenter } from "./presenter.ts";
import { ADDRESSES, APPS, edit, type NodeName, PEOPLE, type Stage } from "./stage.ts";
import { until } from "./until.ts";

/** By hand, from what the shop's policies say in words, so that the demo can't agree with itself. */
const EXPECTED: Readonly<Record<NodeName, readonly boolean[]>> = {
  //          web    api    db
  web: [true, true, false],
  api: [false, true, true],
  db: [false, false, true],
  intruder: [false, false, false],
};

const DB_PORT = 5432;
const TRAFFIC_EVERY_MS = 20;

export async function showMatrix(stage: Stage, show: Presenter): Promise<void> {
  show.heading("Who reaches whom: expected | observed");
  const header = APPS.map(({ node, port }) => `${node}:${port}`);
  const rows: string[][] = [["", ...header, "|", ...header]];
  let differences = 0;
  for (const from of PEOPLE) {
    const expected = EXPECTED[from].map(word);
    const observed: string[] = [];
    for (const { node, protocol, port } of APPS) {
      const host = stage.address(ADDRESSES[node]);
      const { reached } = await show.during(`${from} -> ${host}:${port}`, () =>
        stage.agent(from).probe(protocol, host, port),
      );
      const differs = word(reached) !== expected[observed.length];
      if (differs) differences++;
      observed.push(`${differs ? "!" : ""}${word(reached)}`);
    }
    rows.push([from, ...expected, "|", ...observed]);
  }
  show.table(rows);
  const how = stage.session.machine.flat
    ? "through their proxies, which were told the destination by the PROXY protocol"
    : "by a plain connect()";
  show.check(
    differences === 0,
    `${PEOPLE.length * APPS.length} pairs tried ${how}, ${differences} unlike what was expected`,
  );
}

function word(reached: boolean): string {
  return reached ? "yes" : "-";
}

/** The storage team takes api's access away and gives it back; apps and proxies stay as they are. */
export async function showEdit(stage: Stage, show: Presenter): Promise<void> {
  show.heading("A policy edit, on new and on open flows");
  const api = stage.agent("api");
  show.check(await api.open(db(stage), DB_PORT), "api holds an open flow to db and exchanges bytes on it");
  const closing = performance.now();
  const at = Date.now();
  await edit(stage.folder, "policy-data.yaml", (text) => text.replace("app: api", "app: nobody"));
  await until("the open flow is closed", async () => (await api.report()).openFlow === "closed");
  const { openFlowClosedAt } = await api.report();
  show.check(true, `edited: the open flow was cut after ${openFlowClosedAt - at} ms`);
  await until("new flows are refused", async () => !(await api.probe("tcp", db(stage), DB_PORT)).reached);
  show.check(true, `         and a new flow refused after ${ms(performance.now() - closing)} at most`);
  const opening = performance.now();
  await edit(stage.folder, "policy-data.yaml", (text) => text.replace("app: nobody", "app: api"));
  await until("new flows pass again", async () => (await api.probe("tcp", db(stage), DB_PORT)).reached);
  show.check(true, `edited back: a new flow passes after ${ms(performance.now() - opening)}`);
  await showBrokenFile(stage, show);
}

async function showBrokenFile(stage: Stage, show: Presenter): Promise<void> {
  const kept = stage.diary.kept;
  await edit(stage.folder, "policy-data.yaml", (text) => text.replace("podSelector:", "podSelektor:"));
  await until("the broken file is noticed", () => stage.diary.kept > kept);
  const { reached } = await stage.agent("api").probe("tcp", db(stage), DB_PORT);
  show.check(reached, `a broken file keeps the last good state: ${lastLine(stage.diary.lastRejection)}`);
  const applied = stage.diary.applied;
  await edit(stage.folder, "policy-data.yaml", (text) => text.replace("podSelektor:", "podSelector:"));
  await until("the repaired file is taken", () => stage.diary.applied > applied);
}

/** Epochs pass while flows are opened and one stays open: nobody notices. */
export async function showRotation(stage: Stage, show: Presenter): Promise<void> {
  show.heading("A key rotation under traffic");
  const api = stage.agent("api");
  await api.open(db(stage), DB_PORT);
  await api.startTraffic(db(stage), DB_PORT, TRAFFIC_EVERY_MS);
  const from = stage.diary.rotations;
  await show.during("waiting for two epochs", () =>
    until("two epochs began", () => stage.diary.rotations >= from + 2, 30_000),
  );
  const seen = await api.report();
  show.check(
    seen.failedAt.length === 0 && seen.opened > 0 && seen.openFlow === "alive",
    `two epochs began: ${seen.opened} flows opened, ${seen.failedAt.length} failed, the open flow is ${seen.openFlow} after ${seen.exchanges} exchanges`,
  );
}

/** keyGeneration + 1: whatever was stamped with older keys is refused at once, open flows included. */
export async function showRekey(stage: Stage, show: Presenter): Promise<void> {
  show.heading("An emergency re-key under traffic");
  const api = stage.agent("api");
  await api.report();
  const at = Date.now();
  await edit(stage.folder, "overlay.yaml", (text) =>
    text.replace(/( +)(epochSeconds: \d+)/, "$1$2\n$1keyGeneration: 1"),
  );
  const during = new Tally();
  await until(
    "the flow opened with the old keys is closed",
    async () => during.add(await api.report()).openFlow === "closed",
  );
  const { openFlowClosedAt } = during.add(await api.report());
  show.check(true, `the flow that the old keys let in was cut after ${openFlowClosedAt - at} ms`);
  await until("all nodes run the new keys", () => stage.isProgrammed());
  const programmed = Date.now() - at;
  during.add(await api.report());
  const { opened, failedAt } = await settled(stage, "api");
  show.check(
    failedAt.length === 0,
    `all ${stage.standalone.nodes.length} nodes run the new keys after ${programmed} ms, in which ${during.opened} flows opened and ${during.failedAt.length} failed; then ${opened} opened, ${failedAt.length} failed`,
  );
}

/** A replica of the first gateway dies without a word; the other one takes what comes. */
export async function showCrash(stage: Stage, show: Presenter): Promise<void> {
  show.heading("A SaP replica is killed under traffic");
  const api = stage.agent("api");
  await api.report();
  const during = new Tally();
  const killed = Date.now();
  const pid = stage.kill("edge-a-0");
  await until(
    "it is started again",
    () => stage.standalone.pid("edge-a-0") !== pid && stage.standalone.pid("edge-a-0") !== undefined,
  );
  const restarted = Date.now() - killed;
  const isBack = async () => !(await stage.session.unready()).includes("edge-a-0");
  await show.during("traffic goes on", () => until("it has its image", isBack, 20_000));
  during.add(await api.report());
  const last =
    during.failedAt.length === 0 ? "" : `, the last ${Math.max(...during.failedAt) - killed} ms after the kill`;
  show.check(
    during.opened > 0,
    `edge-a-0 killed: ${during.opened} flows opened, ${during.failedAt.length} failed${last}; started again after ${restarted} ms`,
  );
  const rest = await settled(stage, "api");
  show.check(
    rest.failedAt.length === 0 && rest.opened > 0,
    `afterwards ${rest.opened} flows opened, ${rest.failedAt.length} failed`,
  );
}

/** Reports of traffic, added up. */
class Tally {
  opened = 0;
  readonly failedAt: number[] = [];

  add(report: TrafficReport): TrafficReport {
    this.opened += report.opened;
    this.failedAt.push(...report.failedAt);
    return report;
  }
}

/** What traffic sees over fifty more flows. */
async function settled(stage: Stage, name: NodeName): Promise<Tally> {
  const agent = stage.agent(name);
  await agent.report();
  const tally = new Tally();
  await until("fifty flows were tried", async () => {
    tally.add(await agent.report());
    return tally.opened + tally.failedAt.length >= 50;
  });
  return tally;
}

function db(stage: Stage): string {
  return stage.address(ADDRESSES.db);
}

/** A rejection without the demo's own folder in it. */
function lastLine(text: string): string {
  return text.slice(text.lastIndexOf("/") + 1);
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}
