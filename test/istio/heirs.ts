/** A pod that gets the address and the service account of one that is gone. */
import { makeStamp } from "../../controller/demo/forger.ts";
import { until } from "../until.ts";
import type { Claims } from "./claims.ts";
import { EDGE, type Intruders, SERVER_APP } from "./intruders.ts";
import type { OverlayStage } from "./overlay-stage.ts";
import { ADDRESS } from "./overlay-world.ts";

const PATIENCE_MS = 30_000;

export async function heirs(stage: OverlayStage, intruders: Intruders, claims: Claims): Promise<void> {
  const { gateway, lab, mesh, sidecars } = stage;
  await claims.see("a pod with a gone pod's address and service account isn't that pod", async () => {
    const before = await stage.get("other");
    const stolen = makeStamp(await intruders.ownStamp("other"));
    sidecars.other.kill();
    await mesh.api.kubectl("-n", "shop", "delete", "pod", "other", "--grace-period=0", "--force");
    await lab.removeNode("other");
    const heir = await stage.startPod({ namespace: "shop", name: "heir", address: ADDRESS.other, account: "other" });
    const hasImage = async () => (await heir.stat("sallyport.image.accepted")) > 0;
    await until(hasImage, "the heir to run its image", PATIENCE_MS);
    let status = 0;
    const after = await gateway.counting(async () => {
      status = await stage.get("heir");
    });
    const replay = await intruders.counted("heir", { proxy: EDGE, authority: SERVER_APP, stamp: stolen }, "other");
    // By then the stamp's epoch may be over, which is looked at first.
    const reasons = ["source-mismatch", "stamp-epoch"];
    const isAsMeant = replay.length === 2 && reasons.includes(String(replay[1]));
    return { before, after: [status, ...after], replay: isAsMeant ? [replay[0], reasons.join(" or ")] : replay };
  });
}
