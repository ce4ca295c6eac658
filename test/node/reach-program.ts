/** Builds a lab of two nodes and prints who reached whom, as JSON. Arguments: kind, state folder. */

import { once } from "node:events";
import { existsSync } from "node:fs";
import { inhabitants } from "../../controller/node/inhabitants.ts";
import { currentLab, enterLab } from "../../controller/node/lab-entry.ts";
import type { LabKind } from "../../controller/node/lab-support.ts";
import { CONTROLLER_ADDRESS, CONTROLLER_ADDRESS_6 } from "../../controller/node/link-plan.ts";
import { Lab } from "../../controller/node/namespace.ts";
import { answer, connectFrom, listenIn } from "./probe.ts";

const [kind, stateFolder] = process.argv.slice(2) as [LabKind, string];

if (currentLab() === undefined) process.exit(await enterLab(kind));

const lab = await Lab.open({ stateFolder });
await lab.addNode({ name: "a", addresses: ["10.40.0.1", "fd40::1"] });
await lab.addNode({ name: "b", addresses: ["10.40.0.2", "fd40::2"] });
await listenIn(lab, "b", 8080, "b");
await answer(CONTROLLER_ADDRESS, 8081, "controller");
await answer(CONTROLLER_ADDRESS_6, 8081, "controller");

// As whoever uses `exec` may: a daemon of its own session that takes no hint, and one in a node that stays.
for (const node of ["a", "b"]) {
  const stubborn = lab.execIn(node, ["setsid", "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1000; done"]);
  await once(stubborn.stdout as NodeJS.EventEmitter, "data");
}
const processes = (node: string) => inhabitants(`${stateFolder}/netns/${node}`);
const [before, removed] = [processes("a"), processes("b")];

const result = {
  kind: currentLab(),
  "a to b": await connectFrom(lab, "a", "10.40.0.2", 8080),
  "a to b, IPv6": await connectFrom(lab, "a", "fd40::2", 8080),
  "a to the controller": await connectFrom(lab, "a", CONTROLLER_ADDRESS, 8081),
  "a to the controller, IPv6": await connectFrom(lab, "a", CONTROLLER_ADDRESS_6, 8081),
  "b to itself": await connectFrom(lab, "b", "10.40.0.2", 8080),
  "a to nobody": await connectFrom(lab, "a", "10.40.0.3", 8080),
  "names after removal": await lab.removeNode("b").then(() => lab.nodes),
  "processes of b": removed.length,
  "alive after removal": removed.filter((pid) => existsSync(`/proc/${pid}/ns/net`)).length,
  "processes of a after removal": processes("a").length - before.length,
  "a to b after removal": await connectFrom(lab, "a", "10.40.0.2", 8080),
};
console.log(JSON.stringify(result));
process.exit(0);
