/** What changes while flows are open: policy, keys, and who has an address. */
import { makeStamp } from "../../controller/demo/forger.ts";
import { until } from "../until.ts";
import type { Claims } from "./claims.ts";
import { EDGE, type Intruders, SERVER_APP } from "./intruders.ts";
import { EPOCH_SECONDS, type OverlayStage } from "./overlay-stage.ts";
import { SERVICE } from "./overlay-world.ts";

const MERGE = "application/merge-patch+json";
/** An edit is in force everywhere within this time. */
const SOON_MS = 1000;
const PATIENCE_MS = 10_000;

export async function edits(stage: OverlayStage, intruders: Intruders, claims: Claims): Promise<void> {
  const app = stage.actor("client");
  const get = () => stage.get("client");
  const isHeld = async () => (await app.play("reportFlow", "held")).alive;

  await claims.see("a policy that denies closes open flows and pooled connections within a second", async () => {
    await app.play("openFlow", "held", SERVICE.address, SERVICE.tcp);
    const before = [await get(), await isHeld()];
    const took = await timed(
      () => allow(stage, ["other"]),
      async () => (await get()) === 503 && !(await isHeld()),
    );
    return [...before, took < SOON_MS || took];
  });
  await claims.see("a policy that allows again is in force within a second", async () => {
    const took = await timed(
      () => allow(stage, ["client", "other"]),
      async () => (await get()) === 200,
    );
    return took < SOON_MS || took;
  });
  await claims.see("keys change every few seconds, and no flow notices", async () => {
    const began = Math.floor(Date.now() / 1000 / EPOCH_SECONDS);
    await app.play("openFlow", "held", SERVICE.address, SERVICE.tcp);
    await app.play("startTraffic", SERVICE.address, SERVICE.tcp, 20);
    const isLater = () => Date.now() / 1000 / EPOCH_SECONDS > began + 2.2;
    await until(isLater, "two epochs to pass", 3000 * EPOCH_SECONDS);
    await app.play("stopTraffic");
    const { opened, failures } = await app.play("reportTraffic");
    return [await isHeld(), opened > 0, failures];
  });
  await claims.see("raised key generation: flows of older keys are closed, new ones go on", async () => {
    const old = makeStamp(await intruders.ownStamp("client"));
    const before = await isHeld();
    const path = "/apis/sallyport.dev/v1alpha1/overlays/shop";
    await patch(stage, path, { spec: { keys: { keyGeneration: 1 } } });
    await until(async () => !(await isHeld()), "the flow to be closed", PATIENCE_MS);
    await until(async () => (await get()) === 200, "new flows", PATIENCE_MS);
    return [before, ...(await intruders.counted("client", { proxy: EDGE, authority: SERVER_APP, stamp: old }))];
  });
}

/** Who may call the server, by label. */
export async function allow(stage: OverlayStage, callers: readonly string[]): Promise<void> {
  const path = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/server";
  const matchExpressions = [{ key: "app", operator: "In", values: callers }];
  const ports = [{ port: SERVICE.http }, { port: SERVICE.tcp }];
  await patch(stage, path, { spec: { ingress: [{ from: [{ podSelector: { matchExpressions } }], ports }] } });
}

async function patch(stage: OverlayStage, path: string, change: object): Promise<void> {
  const { status, body } = await stage.mesh.api.ask("PATCH", path, change, MERGE);
  if (status !== 200) throw new Error(`${path}: ${body.message}`);
}

/** Milliseconds from the edit until the condition holds. */
async function timed(edit: () => Promise<void>, holds: () => Promise<boolean>): Promise<number> {
  const start = performance.now();
  await edit();
  await until(holds, "the edit to be in force", PATIENCE_MS);
  return Math.round(performance.now() - start);
}
