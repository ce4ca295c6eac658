/** Prints, as JSON, what became of each claim about an overlay in a mesh. Arguments as those of `OverlayStage`. */
import { acceptance, leaving } from "./acceptance.ts";
import { Claims } from "./claims.ts";
import { closedDoors } from "./closed-doors.ts";
import { edits } from "./edits.ts";
import { heirs } from "./heirs.ts";
import { holes } from "./holes.ts";
import { Intruders } from "./intruders.ts";
import { oddStamps } from "./odd-stamps.ts";
import { outages } from "./outages.ts";
import { OverlayStage } from "./overlay-stage.ts";
import { wayOfAFlow } from "./way-of-a-flow.ts";

const stage = await OverlayStage.open();
const claims = new Claims();
await wayOfAFlow(stage, claims);
const intruders = await Intruders.arm(stage);
await closedDoors(stage, intruders, claims);
await oddStamps(intruders, claims);
await holes(stage, intruders, claims);
await edits(stage, intruders, claims);
await outages(stage, claims);
await acceptance(stage, claims);
await heirs(stage, intruders, claims);
await leaving(stage, claims);
intruders.stop();
await stage.close(claims.outcomes);
