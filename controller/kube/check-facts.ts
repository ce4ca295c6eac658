/** Asks an API server for everything that `check` judges. Reads only. */
import { parse } from "yaml";
import { selects } from "../check/controller.ts";
import type { Emitted, Facts, Injector, Listing, Replica } from "../check/facts.ts";
import { at, type Json, labelOf, nameOf, namespaceOf, recordAt, textAt, textsAt, titleOf } from "../check/json.ts";
import { minorVersion } from "../check/version.ts";
import { compile } from "../compile/compile.ts";
import { customResourceDefinitions } from "../crd/definitions.ts";
import type { Mesh } from "../emit/istio/mesh.ts";
import { namespaceResources } from "../emit/istio/namespace.ts";
import { OVERLAY_LABEL } from "../model/labels.ts";
import type { World } from "../model/resources.ts";
import { Draft } from "../read/draft.ts";
import { isMapping } from "../read/schema.ts";
import type { ApiClient } from "./api-client.ts";
import { rawObject } from "./cluster-world.ts";
import { KINDS, type KindName } from "./kinds.ts";
import { Refusal } from "./list-watch.ts";
import { type Kind, look, objectAt, type Where } from "./look.ts";
import { prometheusValue } from "./prometheus.ts";

export interface Scope {
  /** Only this namespace, besides Istio's and the controller's. */
  readonly namespace?: string;
  /** Judge that namespace as if it had this Overlay's label. */
  readonly asIn?: string;
}

/** What makes up the world as far as emission asks. */
const WORLD_KINDS: readonly KindName[] = ["Overlay", "OverlayGateway", "Namespace"];
/** Where each replica of the controller says how it is. */
const REPLICA_PORT = 15046;
const CERTIFICATE_METRIC = "sallyport_certificate_not_after_seconds";

export async function gatherFacts(client: ApiClient, mesh: Mesh, scope: Scope, now: Date): Promise<Facts> {
  const listings = await listingsOf(client, mesh, scope);
  const objects = (kind: string): readonly Json[] => {
    const listing = listings.get(kind);
    return listing?.state === "known" ? listing.objects : [];
  };
  return {
    now,
    ...(scope.namespace !== undefined && { namespace: scope.namespace }),
    mesh,
    serverVersion: await serverVersion(client),
    listings,
    definitions: [...customResourceDefinitions().values()] as Json[],
    injectors: objects("ConfigMap").flatMap(injectorOf),
    emitted: await emittedOf(client, mesh, scope, objects),
    replicas: await replicasOf(client, mesh, objects),
  };
}

async function listingsOf(client: ApiClient, mesh: Mesh, scope: Scope): Promise<Map<string, Listing>> {
  const { istioNamespace, controlNamespace } = mesh;
  const found = new Map<string, Listing>();
  const ask = async (name: KindName, places: readonly Where[]) => {
    found.set(name, await look(client, KINDS[name], distinct(places)));
  };
  const own = scope.namespace === undefined ? [{}] : [{ namespace: scope.namespace }];
  const mesh_ = scope.namespace === undefined ? [{}] : [...own, { namespace: istioNamespace }];
  const crds = [...customResourceDefinitions().values()].map((one) => ({ name: nameOf(one) }));
  await Promise.all([
    ask("CustomResourceDefinition", crds),
    ...(["Overlay", "OverlayGateway", "OverlayEndpoint", "FlowPolicy"] as const).map((kind) => ask(kind, [{}])),
    ask("Namespace", scope.namespace === undefined ? [{}] : [{ name: scope.namespace }]),
    ask("ConfigMap", [{ namespace: istioNamespace }]),
    ask("Deployment", [{ namespace: istioNamespace }, { namespace: controlNamespace }]),
    ask("Lease", [{ namespace: controlNamespace }]),
    ask("MutatingWebhookConfiguration", [{}]),
    ...(["EnvoyFilter", "WasmPlugin", "Sidecar", "PeerAuthentication", "AuthorizationPolicy"] as const).map((kind) =>
      ask(kind, mesh_),
    ),
    ask("NetworkPolicy", own),
  ]);
  if (scope.asIn !== undefined) found.set("Namespace", labelled(found.get("Namespace"), scope.asIn));
  // Gateways say where their pods are.
  const gateways = found.get("OverlayGateway");
  const places = (gateways?.state === "known" ? gateways.objects : []).flatMap((one) => {
    const namespace = textAt(one, "spec", "service", "namespace");
    return namespace === undefined ? [] : [{ namespace }];
  });
  await Promise.all([
    ask("EndpointSlice", [{ namespace: controlNamespace }, ...places]),
    ask("PodDisruptionBudget", places),
    ask("Pod", scope.namespace === undefined ? [{}] : [...own, { namespace: controlNamespace }, ...places]),
  ]);
  return found;
}

function distinct(places: readonly Where[]): Where[] {
  return [...new Map(places.map((where) => [`${where.namespace} ${where.name}`, where])).values()];
}

function labelled(listing: Listing | undefined, overlay: string): Listing {
  if (listing?.state !== "known") return listing ?? { state: "missing" };
  const objects = listing.objects.map((one) => {
    const metadata = recordAt(one, "metadata");
    return { ...one, metadata: { ...metadata, labels: { ...recordAt(metadata, "labels"), [OVERLAY_LABEL]: overlay } } };
  });
  return { state: "known", objects };
}

async function serverVersion(client: ApiClient): Promise<string | undefined> {
  const { status, body } = await client.ask("GET", "/version");
  return status === 200 ? minorVersion(textAt(body, "gitVersion") ?? "") : undefined;
}

/** ConfigMap istio-sidecar-injector, or istio-sidecar-injector-REVISION. */
export function injectorOf(map: Json): Injector[] {
  if (!/^istio-sidecar-injector(-|$)/.test(nameOf(map))) return [];
  const config = yamlOf(textAt(map, "data", "config"));
  const templates = at(config, "templates");
  return [
    {
      object: titleOf(map),
      revision: labelOf(map, "istio.io/rev") ?? "default",
      templates: isMapping(templates) ? Object.keys(templates) : undefined,
      defaultTemplates: textsAt(config, "defaultTemplates"),
      proxy: recordAt(yamlOf(textAt(map, "data", "values")), "global", "proxy"),
    },
  ];
}

function yamlOf(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : parse(text, { maxAliasCount: 100 });
  } catch {
    return undefined;
  }
}

async function emittedOf(
  client: ApiClient,
  mesh: Mesh,
  scope: Scope,
  objects: (kind: string) => readonly Json[],
): Promise<Emitted[]> {
  const wanted = wantedOf(worldOf(WORLD_KINDS.flatMap((kind) => objects(kind))), mesh, scope.namespace);
  return Promise.all(wanted.map(async (one) => ({ wanted: one, found: await emittedObject(client, one) }))).then(
    (all) => all.flatMap(({ wanted, found }) => (found === "unseen" ? [] : [{ wanted, found }])),
  );
}

/** Where one may not look, the check that lists the kind says so. */
async function emittedObject(client: ApiClient, wanted: Json): Promise<Json | undefined | "unseen"> {
  const kind: Kind = KINDS[String(wanted.kind) as KindName];
  try {
    return await objectAt(client, kind, namespaceOf(wanted), nameOf(wanted));
  } catch (error) {
    if (error instanceof Refusal) return "unseen";
    throw error;
  }
}

/** What should be in namespaces whose Overlay is there. */
export function wantedOf(world: World, mesh: Mesh, namespace: string | undefined): Json[] {
  const policies = world.overlays.map(({ name }) => compile(world, name).policy);
  return world.namespaces.flatMap(({ name, labels }) => {
    const policy = policies.find(({ overlay }) => overlay.name === labels[OVERLAY_LABEL]);
    return policy === undefined || (namespace ?? name) !== name ? [] : namespaceResources(policy, name, mesh);
  }) as Json[];
}

export function worldOf(objects: readonly Json[]): World {
  const draft = new Draft();
  for (const object of objects) draft.take(rawObject(object));
  return draft.world();
}

/** How the controller's pods say that they are, where one may ask them. */
async function replicasOf(
  client: ApiClient,
  mesh: Mesh,
  objects: (kind: string) => readonly Json[],
): Promise<Map<string, Replica>> {
  const isOurs = (one: Json) => namespaceOf(one) === mesh.controlNamespace;
  const deployment = objects("Deployment").find((one) => isOurs(one) && nameOf(one) === "sallyport");
  const selector = at(deployment, "spec", "selector");
  const replicas = objects("Pod").filter(
    (pod) => isOurs(pod) && selector !== undefined && selects(selector, recordAt(pod, "metadata", "labels")),
  );
  const answers = await Promise.all(
    replicas.map(async (pod) => [nameOf(pod), await replicaOf(client, mesh.controlNamespace, nameOf(pod))] as const),
  );
  return new Map(answers.flatMap(([name, replica]) => (replica === undefined ? [] : [[name, replica] as const])));
}

async function replicaOf(client: ApiClient, namespace: string, name: string): Promise<Replica | undefined> {
  const path = (of: string) => `/api/v1/namespaces/${namespace}/pods/${name}:${REPLICA_PORT}/proxy/${of}`;
  const ready = await client.ask("GET", path("readyz"));
  // The server's own refusals are objects of its own.
  if (isMapping(ready.body) && ready.body.kind === "Status") return undefined;
  const { status, body } = await client.ask("GET", path("metrics"));
  const ends = status === 200 ? prometheusValue(String(body), CERTIFICATE_METRIC) : undefined;
  return {
    ...(ready.status !== 200 && { notReady: String(ready.body).trim().slice(0, 300) }),
    ...(ends !== undefined && { certificateEnds: new Date(ends * 1000) }),
  };
}
