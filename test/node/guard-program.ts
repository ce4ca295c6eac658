/** Prints, as JSON, what passes the guards of two nodes. Arguments: kind, state folder. */
import { guardCounts, loadGuard } from "../../controller/node/guard.ts";
import { currentLab, enterLab } from "../../controller/node/lab-entry.ts";
import type { LabKind } from "../../controller/node/lab-support.ts";
import { CONTROLLER_ADDRESS } from "../../controller/node/link-plan.ts";
import { Lab } from "../../controller/node/namespace.ts";
import { answer, connectFrom, holdFrom, listenIn, sendDatagram } from "./probe.ts";

const [kind, stateFolder] = process.argv.slice(2) as [LabKind, string];

if (currentLab() === undefined) process.exit(await enterLab(kind));

const overlayCidrs = ["10.40.0.0/16", "fd40::/64"];
const lab = await Lab.open({ stateFolder });
await lab.addNode({ name: "open", addresses: ["10.40.0.1", "fd40::1"] });
await lab.addNode({ name: "app", addresses: ["10.40.0.2", "fd40::2"] });
await lab.addNode({ name: "gate", addresses: ["10.41.0.3"] });
for (const [port, greeting] of [
  [8080, "app"],
  [15041, "captured"],
  [15042, "tunnel"],
] as const) {
  for (const node of ["app", "open", "gate"]) await listenIn(lab, node, port, greeting);
}
await answer(CONTROLLER_ADDRESS, 8081, "controller");

const older = await holdFrom(lab, "open", "10.40.0.2", 8080);
const olderOutgoing = await holdFrom(lab, "app", "10.40.0.1", 8080);
await loadGuard(lab, "app", { role: "endpoint", overlayCidrs, interception: "Overlay" });
await loadGuard(lab, "gate", { role: "gateway", overlayCidrs, interception: "Overlay" });

const HOP = 5;
const attempts: Record<string, Promise<string>> = {
  "into the app": connectFrom(lab, "open", "10.40.0.2", 8080),
  "into the app, IPv6": connectFrom(lab, "open", "fd40::2", 8080),
  "into the outbound port": connectFrom(lab, "open", "10.40.0.2", 15041),
  "into the tunnel": connectFrom(lab, "open", "10.40.0.2", 15042),
  "into the tunnel, IPv6": connectFrom(lab, "open", "fd40::2", 15042),
  "into the gateway's other ports": connectFrom(lab, "open", "10.41.0.3", 8080),
  "into the gateway's tunnel": connectFrom(lab, "open", "10.41.0.3", 15042),
  "app to itself": connectFrom(lab, "app", "10.40.0.2", 8080),
  "app to loopback": connectFrom(lab, "app", "127.0.0.1", 8080),
  "app into the overlay": connectFrom(lab, "app", "10.40.0.1", 8080),
  "app into the overlay, IPv6": connectFrom(lab, "app", "fd40::1", 8080),
  "app to nobody in the overlay": connectFrom(lab, "app", "10.40.9.9", 8080),
  "hop into the overlay": connectFrom(lab, "app", "10.40.0.1", 8080, { priority: HOP }),
  "app to the controller": connectFrom(lab, "app", CONTROLLER_ADDRESS, 8081),
  "gateway into the overlay": connectFrom(lab, "gate", "10.40.0.1", 8080),
};
const settled = Object.entries(attempts).map(async ([name, seen]) => [name, await seen]);
const result = {
  ...Object.fromEntries(await Promise.all(settled)),
  "connection older than the guard": await older.speak(),
  "outgoing connection older than the guard": await olderOutgoing.speak(),
  counts: await datagrams().then(counts),
  "counts anew once the guard is loaded again": await countsAnew(),
  "into the app, guard loaded again": await connectFrom(lab, "open", "10.40.0.2", 8080),
};
console.log(JSON.stringify(result));
process.exit(0);

async function counts() {
  const { refusedTcp, refusedOther, uncarried } = await guardCounts(lab, "app");
  return { refusedTcp: refusedTcp > 0, refusedOther: refusedOther > 0, uncarried };
}

/** What older connections still send may be refused at once: from nothing on, but not to be nothing for long. */
async function countsAnew(): Promise<boolean> {
  const before = await guardCounts(lab, "app");
  await reload();
  const after = await guardCounts(lab, "app");
  return after.refusedTcp < before.refusedTcp && after.refusedOther < before.refusedOther;
}

async function datagrams(): Promise<void> {
  await sendDatagram(lab, "app", "10.40.0.1", 9000);
  await sendDatagram(lab, "app", "fd40::1", 9000);
  await sendDatagram(lab, "open", "10.40.0.2", 9000);
}

async function reload(): Promise<void> {
  await loadGuard(lab, "app", { role: "endpoint", overlayCidrs, interception: "Overlay" });
}
