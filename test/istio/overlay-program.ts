/** Prints, as JSON, what became of each claim about an overlay in a mesh. Arguments as those of `OverlayStage`. */
import { Claims } from "./claims.ts";
import { OverlayStage } from "./overlay-stage.ts";
import { wayOfAFlow } from "./way-of-a-flow.ts";

const stage = await OverlayStage.open();
const claims = new Claims();
await wayOfAFlow(stage, claims);
await stage.close(claims.outcomes);
