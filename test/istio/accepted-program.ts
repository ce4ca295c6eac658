/** Prints, as JSON, what a sidecar makes of a rendered namespace. Arguments: kind of lab, folder, MeshTools as JSON. */
import { join } from "node:path";
import { nodeId } from "../../controller/keys/derive.ts";
import { hexId } from "../../controller/model/hex.ts";
import { currentLab, enterLab } from "../../controller/node/lab-entry.ts";
import type { LabKind } from "../../controller/node/lab-support.ts";
import { Lab } from "../../controller/node/namespace.ts";
import { sallyport } from "../sallyport.ts";
import { type FilterChain, type Running, runningIn } from "./config-dump.ts";
import { ImageRequests } from "./image-requests.ts";
import { meshCertificate } from "./mesh-certificate.ts";
import { MeshPlane } from "./mesh-plane.ts";
import { Sidecar } from "./sidecar.ts";

const [kind, folder, tools] = process.argv.slice(2) as [LabKind, string, string];

if (currentLab() === undefined) process.exit(await enterLab(kind));

const GUARD = "sallyport-guard";
const lab = await Lab.open({ stateFolder: join(folder, "lab") });
const mesh = await MeshPlane.start(JSON.parse(tools), folder, ["shop", "sallyport-system"]);
const rendered = await sallyport("render", "-f", "manifests/samples/mesh");
if (rendered.code !== 0) throw new Error(rendered.error);
await mesh.apply(rendered.out);
const control = new ImageRequests(await meshCertificate(mesh, "sallyport-system", "sallyport"));
await control.listen();
const sidecar = await Sidecar.start(lab, mesh, { namespace: "shop", name: "web", address: "10.244.1.11" });

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
console.log(JSON.stringify(answer));
control.close();
await mesh.stop();
await lab.removeNode("web");
await lab.close();
process.exit(0);

/** Of the pod that Kubernetes knows by this uid. */
function imagePath(): string {
  const { namespace, name } = sidecar.pod;
  return `/v1/nodes/${hexId(nodeId(`Kubernetes/${namespace}/${name}/${sidecar.uid}`))}/image`;
}

function isOurs(listeners: Running["listeners"]): Running["listeners"] {
  return listeners.filter(({ name }) => name.startsWith("sallyport-"));
}
