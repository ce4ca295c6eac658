/** Prints, as JSON, what a sidecar makes of a rendered namespace. Arguments: kind of lab, folder, MeshTools as JSON. */
import { nodeId } from "../../controller/keys/derive.ts";
import { hexId } from "../../controller/model/hex.ts";
import { type FilterChain, type Running, runningIn } from "./config-dump.ts";
import { Stage } from "./stage.ts";

const GUARD = "sallyport-guard";
const stage = await Stage.open();
const { mesh, control, sidecar } = stage;

let running: Running = { listeners: [], clusters: [], discovered: [], errors: [] };
await sidecar.until(async () => {
  running = runningIn((await sidecar.admin("config_dump")) || '{"configs": []}');
  return running.errors.length > 0 || (isOurs(running.listeners).length === 2 && running.discovered.length === 3);
}, "our listeners and filters");
await sidecar.until(async () => control.asked.length > 0, "the filters to ask for their image");

const stats = await sidecar.admin("stats?filter=sallyport|update_rejected|gateway-");
const valuesOf = (pattern: RegExp) => [...stats.matchAll(pattern)].map(([, value]) => Number(value));
const chains = running.listeners.find(({ name }) => name === "virtualInbound")?.chains ?? [];
const isGuarded = ({ filters }: FilterChain) => filters[0]?.includes(GUARD) === true;
const answer = {
  errors: running.errors,
  listeners: Object.fromEntries(
    isOurs(running.listeners).map(({ name, chains }) => [name, chains.map(({ filters }) => filters)]),
  ),
  clusters: running.clusters.filter((name) => /^(sallyport|gateway)-/.test(name)).sort(),
  filters: running.discovered.map((name) => (name.includes(GUARD) ? GUARD : name)).sort(),
  // Where nothing is let in there is nothing to guard.
  unguarded: chains.filter((chain) => !isGuarded(chain) && chain.name !== "virtualInbound-blackhole"),
  guarded: chains.some(isGuarded),
  rejects: {
    istiod: await mesh.metric("pilot_total_xds_rejects"),
    envoy: valuesOf(/update_rejected: (\d+)/g).reduce((sum, value) => sum + value, 0),
  },
  asks: {
    for: control.asked.every(({ path }) => path === imagePath()),
    as: [...new Set(control.asked.map(({ peer }) => peer))],
  },
  counters: [...stats.matchAll(/wasmcustom\.sallyport\.(\w+)\.\S+: /g)].map(([, place]) => place as string),
};
answer.counters = [...new Set(answer.counters)].sort();
await stage.close(answer);

/** Of the pod that Kubernetes knows by this uid. */
function imagePath(): string {
  const { namespace, name } = sidecar.pod;
  return `/v1/nodes/${hexId(nodeId(`Kubernetes/${namespace}/${name}/${sidecar.uid}`))}/image`;
}

function isOurs(listeners: Running["listeners"]): Running["listeners"] {
  return listeners.filter(({ name }) => name.startsWith("sallyport-"));
}
