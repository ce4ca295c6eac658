/** That sidecars really run what was applied, and later that they don't any more. */
import { until } from "../until.ts";
import type { Claims } from "./claims.ts";
import { type Running, runningIn } from "./config-dump.ts";
import { type OverlayStage, unguard } from "./overlay-stage.ts";
import { NAMESPACES } from "./overlay-world.ts";
import type { Sidecar } from "./sidecar.ts";

const PATIENCE_MS = 20_000;

export async function acceptance({ mesh, sidecars }: OverlayStage, claims: Claims): Promise<void> {
  const all = Object.values(sidecars);
  await claims.see("every sidecar runs both listeners, the filters and the guard", async () => {
    const runs = await Promise.all(all.map(running));
    return [...new Set(runs.map((run) => JSON.stringify(oursIn(run))))].map((text) => JSON.parse(text));
  });
  await claims.see("nothing was ever rejected, by istiod's count and by Envoy's", async () => [
    await mesh.metric("pilot_total_xds_rejects"),
    await sum(all, "(cds|lds)\\.update_rejected"),
    (await sum(all, "(cds|lds)\\.update_success")) > 0,
    (await Promise.all(all.map(running))).flatMap(({ errors }) => errors),
  ]);
}

/** The namespace leaves: label and resources go, and pods are restarted without the rules. */
export async function leaving(stage: OverlayStage, claims: Claims): Promise<void> {
  const { gateway, lab, mesh, sidecars } = stage;
  const members = [sidecars.client, sidecars.server];
  const get = () => stage.get("client");
  await claims.see("a namespace that has left keeps nothing of ours, and its flows pass no SaP", async () => {
    await mesh.apply(NAMESPACES.replace(", labels: {sallyport.dev/overlay: shop}", ""));
    for (const sidecar of members) await left(sidecar);
    // Rules go with the pod.
    const stillRuled = await get();
    for (const { pod } of members) await unguard(lab, pod.name);
    await until(async () => (await get()) === 200, "flows to pass again", PATIENCE_MS);
    const before = await gateway.stat("sallyport.gate");
    return [stillRuled, await get(), (await gateway.stat("sallyport.gate")) - before];
  });
}

async function sum(sidecars: readonly Sidecar[], pattern: string): Promise<number> {
  const values = await Promise.all(sidecars.map((sidecar) => sidecar.stat(pattern)));
  return values.reduce((sum, value) => sum + value, 0);
}

async function running(sidecar: Sidecar): Promise<Running> {
  return runningIn((await sidecar.admin("config_dump")) || '{"configs": []}');
}

async function left(sidecar: Sidecar): Promise<void> {
  let ours: Ours | undefined;
  const isNothing = async () => {
    ours = oursIn(await running(sidecar));
    return Object.values(ours).every(({ length }) => length === 0);
  };
  await until(isNothing, "everything to go", PATIENCE_MS).catch((error: Error) => {
    throw new Error(`${error.message}; in ${sidecar.pod.name} there is ${JSON.stringify(ours)}`);
  });
}

interface Ours {
  readonly listeners: readonly string[];
  readonly clusters: readonly string[];
  readonly filters: readonly string[];
}

function oursIn({ listeners, clusters, discovered }: Running): Ours {
  const isOurs = (name: string) => /^(sallyport|gateway-)|sallyport-guard/.test(name);
  const inbound = listeners.find(({ name }) => name === "virtualInbound")?.chains ?? [];
  const guards = inbound.flatMap(({ filters }) => (filters[0]?.includes("sallyport-guard") ? ["guarded"] : []));
  return {
    listeners: [...listeners.map(({ name }) => name).filter(isOurs), ...new Set(guards)].sort(),
    clusters: clusters
      .filter(isOurs)
      .map((name) => name.replace(/^gateway-\w+/, "gateway"))
      .sort(),
    filters: discovered
      .filter(isOurs)
      .map((name) => name.replace(/^.*sallyport-guard.*$/, "guard"))
      .sort(),
  };
}
