/** Prints, as JSON, what becomes of flows when replicas are asked to end. Arguments as those of `Stage`. */
import { until } from "../../until.ts";
import type { Replica } from "./replica.ts";
import { PORT, Stage } from "./stage.ts";
import { API } from "./world.ts";

const DRAIN_SECONDS = 4;
const stage = await Stage.open({ replicas: 2, drainSeconds: DRAIN_SECONDS });
const { web } = stage;
const [first, second] = stage.replicas as [Replica, Replica];

const names: string[] = [];
await until(openEverywhere, "flows through both replicas", 20_000);
const [throughFirst, throughSecond] = [await live(first), await live(second)];
await web.play("startTraffic", API, PORT, 10);
await until(async () => (await total(first)) > 50 && (await total(second)) > 5, "new flows", 20_000);

const atSignal = await total(first);
const signalled = Date.now();
first.signal("SIGTERM");
await until(async () => (await first.log()).includes("draining:"), "the drain to begin");
const drain = {
  ready: await first.health("/readyz"),
  alive: (await web.play("probeTcp", API, PORT)).reached,
  flows: await alive(),
  live: [await live(first), await live(second)],
  landed: (await total(first)) - atSignal,
  code: 0 as number | string,
  inTime: false,
  left: 0,
  failures: [] as readonly string[],
};
drain.code = await first.ended(DRAIN_SECONDS * 1000 + 5000);
const took = (Date.now() - signalled) / 1000;
drain.inTime = took >= DRAIN_SECONDS && took < DRAIN_SECONDS + 3;
await until(async () => (await alive()) <= throughSecond, "its flows to end");
drain.left = await alive();
drain.failures = (await web.play("reportTraffic")).failures;
await web.play("stopTraffic");

first.run();
await until(async () => (await first.health("/readyz")) === "200", "the replica to be back", 20_000);
const idleSince = Date.now();
first.signal("SIGTERM");
const idle = { code: await first.ended(3000), early: Date.now() - idleSince < 2000 };

const hurriedSince = Date.now();
second.signal("SIGTERM");
await until(async () => (await second.log()).includes("draining:"), "the second drain to begin");
second.signal("SIGTERM");
const hurried = { code: await second.ended(3000), early: Date.now() - hurriedSince < 3000, left: 0 };
await until(async () => (await alive()) === 0, "all flows to end");
hurried.left = await alive();

await stage.close({
  opened: names.length === throughFirst + throughSecond,
  throughFirst,
  throughSecond,
  drain,
  idle,
  hurried,
});

async function openEverywhere(): Promise<boolean> {
  const name = `flow-${names.length}`;
  if (await web.play("openFlow", name, API, PORT)) names.push(name);
  return (await live(first)) > 0 && (await live(second)) > 0;
}

async function alive(): Promise<number> {
  const reports = await Promise.all(names.map((name) => web.play("reportFlow", name)));
  return reports.filter((report) => report.alive).length;
}

function live(replica: Replica): Promise<number> {
  return replica.total("^http\\.tunnel\\.downstream_rq_active$");
}

function total(replica: Replica): Promise<number> {
  return replica.total("^http\\.tunnel\\.downstream_rq_total$");
}
