/** Runs a lab with one node until it is killed; prints its pids. Arguments: kind, state folder. */
import { currentLab, enterLab } from "../../controller/node/lab-entry.ts";
import type { LabKind } from "../../controller/node/lab-support.ts";
import { Lab } from "../../controller/node/namespace.ts";
import { claimStateFolder } from "../../controller/node/run-record.ts";
import { listenIn } from "./probe.ts";

const [kind, stateFolder] = process.argv.slice(2) as [LabKind, string];

if (currentLab() === undefined) process.exit(await enterLab(kind));

const claim = await claimStateFolder(stateFolder, kind);
if (!claim.claimed) {
  console.log(JSON.stringify({ refused: claim.holder.pid }));
  process.exit(1);
}
const lab = await Lab.open({ stateFolder });
await lab.addNode({ name: "a", addresses: ["10.40.0.1"] });
await listenIn(lab, "a", 8080, "a");
const child = lab.execIn("a", ["sleep", "1000"]);
process.on("SIGTERM", () => process.exit(7));
// Last: whoever reads this may send the signal at once.
console.log(JSON.stringify({ supervisor: process.pid, child: child.pid }));
