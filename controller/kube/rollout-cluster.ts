/** What a rollout reads and writes in a cluster. */
import { at, type Json, labelOf, listAt, nameOf, namespaceOf, numberAt, recordAt, textAt } from "../check/json.ts";
import type { Mesh } from "../emit/istio/mesh.ts";
import { OVERLAY_LABEL } from "../model/labels.ts";
import type { World } from "../model/resources.ts";
import { Draft } from "../read/draft.ts";
import { isMapping } from "../read/schema.ts";
import type { ApiClient } from "./api-client.ts";
import { applyObject, deleteObject } from "./apply.ts";
import { rawObject } from "./cluster-world.ts";
import { COLLECTIONS } from "./collections.ts";
import { KINDS, type KindName } from "./kinds.ts";
import { listWatch, messageOf, NOT_FOUND, Refusal } from "./list-watch.ts";
import { type Kind, look, objectAt, pathOf } from "./look.ts";
import { type Sample, samplesOf } from "./prometheus.ts";

/** What is made in an opted-in namespace, in the order in which it is taken away: the guard first. */
const EMITTED: readonly KindName[] = ["WasmPlugin", "NetworkPolicy", "EnvoyFilter", "ConfigMap"];
const OURS = "sallyport";
const MERGE = "application/merge-patch+json";
/** Envoy's counters at istio-agent, and istiod's at its own. */
const SIDECAR_STATS = "15090/proxy/stats/prometheus";
const ISTIOD_STATS = "15014/proxy/metrics";
/** Kinds of workloads that `kubectl rollout restart` starts anew. */
const RESTARTED: Readonly<Record<string, string>> = {
  deployment: "deployments",
  statefulset: "statefulsets",
  daemonset: "daemonsets",
};

export class RolloutCluster {
  constructor(
    readonly client: ApiClient,
    readonly mesh: Mesh,
    readonly namespace: string,
  ) {}

  async home(): Promise<Json | undefined> {
    return objectAt(this.client, KINDS.Namespace, undefined, this.namespace);
  }

  async overlay(name: string): Promise<Json | undefined> {
    return objectAt(this.client, KINDS.Overlay, undefined, name);
  }

  async namesOf(kind: "Overlay"): Promise<string[]> {
    return this.list(KINDS[kind]).then((all) => all.map(nameOf).sort());
  }

  /** Other namespaces that have the label with this value. */
  async neighbours(overlay: string): Promise<string[]> {
    const all = await this.list(KINDS.Namespace);
    const named = all.filter((one) => labelOf(one, OVERLAY_LABEL) === overlay).map(nameOf);
    return named.filter((name) => name !== this.namespace).sort();
  }

  /** Everything that is decided on, with the namespace in that overlay whatever its label is. */
  async worldIn(overlay: string): Promise<World> {
    const draft = new Draft({ trustDomain: this.mesh.trustDomain });
    for (const collection of COLLECTIONS) {
      for (const object of await this.list(collection).catch(noneWhereMissing)) {
        const isHome = object.kind === "Namespace" && nameOf(object) === this.namespace;
        draft.take(rawObject(isHome ? labelled(object, overlay) : object));
      }
    }
    return draft.world();
  }

  /** Null takes a label or an annotation away. */
  async mark(metadata: {
    readonly labels?: Readonly<Record<string, string | null>>;
    readonly annotations?: Readonly<Record<string, string | null>>;
  }): Promise<void> {
    await this.write("PATCH", `${pathOf(KINDS.Namespace, {})}/${this.namespace}`, { metadata }, MERGE);
  }

  async enforce(overlay: string, enforcement: "Enforce" | "Audit"): Promise<void> {
    await this.write("PATCH", `${pathOf(KINDS.Overlay, {})}/${overlay}`, { spec: { enforcement } }, MERGE);
  }

  async apply(objects: readonly Json[]): Promise<void> {
    for (const object of objects) {
      const outcome = await applyObject(this.client, collectionOf(String(object.kind)), object);
      if (outcome.kind === "forbidden" || outcome.kind === "refused")
        throw new Error(`${object.kind} ${nameOf(object)} can't be applied: ${outcome.reason}`);
      if (outcome.kind !== "done")
        throw new Error(`${object.kind} ${nameOf(object)} can't be applied: ${outcome.kind}`);
    }
  }

  /** What of ours is in the namespace, the guard first. */
  async ours(): Promise<Json[]> {
    const all = await Promise.all(
      EMITTED.map((kind) => this.list(KINDS[kind], this.namespace).catch(noneWhereMissing)),
    );
    return all
      .flat()
      .filter(
        (one) => labelOf(one, "app.kubernetes.io/managed-by") === OURS && labelOf(one, OVERLAY_LABEL) !== undefined,
      );
  }

  async remove(objects: readonly Json[]): Promise<void> {
    for (const object of objects) {
      const outcome = await deleteObject(this.client, collectionOf(String(object.kind)), object);
      if (outcome.kind === "forbidden" || outcome.kind === "refused")
        throw new Error(`${object.kind} ${nameOf(object)} can't be deleted: ${outcome.reason}`);
    }
  }

  /** As `kubectl rollout restart` does. False: it is no workload that can be restarted. */
  async restart(workload: string, now: Date): Promise<boolean> {
    const [kind = "", name = ""] = workload.split("/");
    const plural = RESTARTED[kind];
    if (plural === undefined) return false;
    const annotations = { "kubectl.kubernetes.io/restartedAt": now.toISOString() };
    const body = { spec: { template: { metadata: { annotations } } } };
    await this.write("PATCH", `/apis/apps/v1/namespaces/${this.namespace}/${plural}/${name}`, body, MERGE);
    return true;
  }

  /** What Envoy counts in a pod of the namespace; why it can't be said. */
  async sidecarStats(pod: string): Promise<readonly Sample[] | { readonly problem: string }> {
    const path = `/api/v1/namespaces/${this.namespace}/pods/${pod}:${SIDECAR_STATS}`;
    const { status, body } = await this.client.ask("GET", path);
    if (status === 200 && typeof body === "string") return samplesOf(body);
    return { problem: isMapping(body) ? messageOf(body) : `status ${status}` };
  }

  /** How many configurations proxies refused, by istiod's count; undefined: it can't be asked. */
  async istiodRejects(): Promise<number | undefined> {
    const pods = await look(this.client, KINDS.Pod, [{ namespace: this.mesh.istioNamespace }]);
    if (pods.state !== "known") return undefined;
    const istiods = pods.objects.filter((pod) => labelOf(pod, "app") === "istiod" && isRunning(pod));
    const counts = await Promise.all(
      istiods.map(async (pod) => {
        const path = `/api/v1/namespaces/${namespaceOf(pod)}/pods/${nameOf(pod)}:${ISTIOD_STATS}`;
        const { status, body } = await this.client.ask("GET", path);
        if (status !== 200 || typeof body !== "string") return undefined;
        const rejects = samplesOf(body).filter(({ name }) => name === "pilot_total_xds_rejects");
        return rejects.reduce((sum, { value }) => sum + value, 0);
      }),
    );
    const known = counts.filter((count) => count !== undefined);
    return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
  }

  /** Pods that live, or are about to, and have a network of their own. */
  async pods(): Promise<Json[]> {
    const all = await this.list(KINDS.Pod, this.namespace);
    return all.filter((pod) => isAlive(pod) && at(pod, "spec", "hostNetwork") !== true);
  }

  private async list(kind: Kind | (typeof COLLECTIONS)[number], namespace?: string): Promise<Json[]> {
    const path = "path" in kind ? kind.path : pathOf(kind, namespace === undefined ? {} : { namespace });
    const { objects } = await listWatch(this.client, { kind: kind.kind, apiVersion: kind.apiVersion, path }).list();
    return [...objects];
  }

  private async write(method: string, path: string, body: object, type: string): Promise<void> {
    const reply = await this.client.ask(method, `${path}?fieldManager=sallyport-rollout`, body, type);
    if (reply.status >= 300) throw new Refusal(reply.status, messageOf(reply.body));
  }
}

function collectionOf(name: string) {
  const kind = KINDS[name as KindName];
  return { kind: kind.kind, apiVersion: kind.apiVersion, path: pathOf(kind, {}) };
}

function noneWhereMissing(error: unknown): Json[] {
  if (error instanceof Refusal && error.status === NOT_FOUND) return [];
  throw error;
}

function labelled(namespace: Json, overlay: string): Json {
  const metadata = recordAt(namespace, "metadata");
  return {
    ...namespace,
    metadata: { ...metadata, labels: { ...recordAt(metadata, "labels"), [OVERLAY_LABEL]: overlay } },
  };
}

function isAlive(pod: Json): boolean {
  const hasEnded = ["Succeeded", "Failed"].includes(textAt(pod, "status", "phase") ?? "");
  return !hasEnded && at(pod, "metadata", "deletionTimestamp") === undefined;
}

function isRunning(pod: Json): boolean {
  return isAlive(pod) && listAt(pod, "status", "podIPs").length > 0;
}

/** `metadata.generation`, and that which conditions are about. */
export function generationOf(object: Json | undefined): number {
  return numberAt(object, "metadata", "generation") ?? 0;
}
