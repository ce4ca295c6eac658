/** Prints, as JSON, what becomes of a gateway's pods when another gateway comes and goes. */
import { until } from "../../until.ts";
import type { Replica } from "./replica.ts";
import { PORT, Stage } from "./stage.ts";
import { API, gatewayFiles, VIA_FAR, worldText } from "./world.ts";

const BOTH = worldText(["edge", "far"], VIA_FAR);
const FAR_PORT = 5433;

// The controller and the endpoints know both gateways, the pods of edge only themselves.
const stage = await Stage.open({ replicas: 1, drainSeconds: 1, world: BOTH });
const { web, api } = stage;
const [edge] = stage.replicas as [Replica];
await api.play("serveTcp", "0.0.0.0", FAR_PORT, "far");
const far = await stage.start("far", 0, "10.78.1.2", gatewayFiles(BOTH, "far"));
stage.replicas.push(far);
await web.play("openFlow", "held", API, PORT);

const before = await facts();
await edge.mount(gatewayFiles(BOTH, "edge"));
await until(async () => (await probe()) === "far", "flows to pass both gateways", 15_000);
const during = await facts();
await edge.mount(gatewayFiles(worldText(), "edge"));
await until(
  async () => (await edge.total("^cluster_manager\\.active_clusters$")) === before.clusters,
  "the cluster to go",
);
const after = await facts();
const { log } = { log: await edge.log() };
await stage.close({ before, during, after, rejected: log.match(/rejected|error/gi) ?? [] });

async function facts() {
  return {
    held: (await web.play("reportFlow", "held")).alive,
    far: await probe(),
    clusters: await edge.total("^cluster_manager\\.active_clusters$"),
    /** Where connections are shared, resets don't close them. */
    lifted: (await edge.total("^runtime\\.num_keys$")) > 0,
    passed: (await far.total("^http\\.tunnel\\.downstream_rq_total$")) > 0,
    listeners: await edge.total("^listener_manager\\.listener_(added|modified|removed)$"),
  };
}

async function probe(): Promise<string> {
  const { reached, saw } = await web.play("probeTcp", API, FAR_PORT);
  return reached ? saw : "refused";
}
