/** What goes away and comes back. */
import { until } from "../until.ts";
import type { Claims } from "./claims.ts";
import type { OverlayStage } from "./overlay-stage.ts";
import { SERVICE } from "./overlay-world.ts";

const PATIENCE_MS = 20_000;
const SIDECARS = 4;

export async function outages(stage: OverlayStage, claims: Claims): Promise<void> {
  const { gateway, mesh } = stage;
  const app = stage.actor("client");
  const get = async () => (await app.play("askHttp", SERVICE.address, SERVICE.http, SERVICE.name)).status;
  const isHeld = async () => (await app.play("reportFlow", "held")).alive;

  await claims.see(
    "istiod is killed: flows and new ones go on; it comes back: all sidecars are with it again",
    async () => {
      await app.play("openFlow", "held", SERVICE.address, SERVICE.tcp);
      await mesh.killIstiod();
      const during = [await get(), await isHeld()];
      await mesh.resumeIstiod();
      await until(async () => (await mesh.metric("pilot_xds")) >= SIDECARS, "the sidecars to be back", PATIENCE_MS);
      return [...during, await get(), await isHeld()];
    },
  );
  await claims.see("the only SaP is killed: nothing passes; it comes back: all is well", async () => {
    await gateway.kill();
    await until(async () => !(await isHeld()), "the flow to end", PATIENCE_MS);
    const during = await get();
    await gateway.resume();
    await until(async () => (await get()) === 200, "flows to pass again", PATIENCE_MS);
    return during;
  });
}
