/** What goes away and comes back. */
import { until } from "../until.ts";
import type { Claims } from "./claims.ts";
import { allow } from "./edits.ts";
import type { OverlayStage } from "./overlay-stage.ts";
import { SERVICE } from "./overlay-world.ts";

/** Sidecars that found no istiod ask again after up to half a minute. */
const PATIENCE_MS = 90_000;
const SIDECARS = 4;

export async function outages(stage: OverlayStage, claims: Claims): Promise<void> {
  const { gateway, mesh } = stage;
  const app = stage.actor("client");
  const get = () => stage.get("client");
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
  await claims.see(
    "the controller is killed: flows and new ones go on; another leads, and edits are in force again",
    async () => {
      await stage.controller.kill();
      const during = [await get(), await isHeld()];
      await allow(stage, ["other"]);
      const unchanged = await get();
      stage.controller.resume();
      await until(async () => (await get()) === 503, "the edit to be in force", PATIENCE_MS);
      await allow(stage, ["client", "other"]);
      await until(async () => (await get()) === 200, "the next edit to be in force", PATIENCE_MS);
      return [...during, unchanged];
    },
  );
  await claims.see("the only SaP is killed: nothing passes; it comes back: all is well", async () => {
    await gateway.kill();
    await until(async () => (await get()) === 503, "flows to end", PATIENCE_MS);
    await gateway.resume();
    await until(async () => (await get()) === 200, "flows to pass again", PATIENCE_MS);
    return true;
  });
}
