import { join } from "node:path";
import { projectFolder } from "../../controller/node/envoy.ts";
import type { Answer, ApiServer } from "./api-server.ts";
import { moduleFolder } from "./go.ts";

export const CRD_FOLDER = join(projectFolder(), "manifests", "crd");

const GROUP = "/apis/sallyport.dev/v1alpha1";
const PLURALS: Readonly<Record<string, string>> = {
  Overlay: "overlays",
  OverlayGateway: "overlaygateways",
  OverlayEndpoint: "overlayendpoints",
  FlowPolicy: "flowpolicies",
};

/** Whether it is one of our kinds. */
export function isOurs(object: unknown): object is { kind: string } {
  return Object.hasOwn(PLURALS, String((object as { kind?: unknown } | null)?.kind));
}

/** Installs all CRDs of a file or folder, and waits until the server serves them. */
export async function installCrds(server: ApiServer, path: string): Promise<void> {
  const applied = await server.kubectl("apply", "--server-side", "-o", "name", "-f", path);
  const names = applied.trim().split("\n");
  await server.kubectl("wait", "--for=condition=Established", "--timeout=30s", ...names);
}

/** The CRD of ClusterNetworkPolicy, as its project publishes it. */
export async function installNetworkPolicyApi(server: ApiServer): Promise<void> {
  const module = "sigs.k8s.io/network-policy-api@v0.2.0";
  const folder = await moduleFolder(module, "h1:W/f0Y9VoeQdOWjX/h2gZyLH6gZ5LLEXmh/9wy9mQWKw=");
  await installCrds(server, join(folder, "config/crd/standard/policy.networking.k8s.io_clusternetworkpolicies.yaml"));
}

/** What the server says to a new object of one of our kinds; with `dryRun` it is only asked. */
export function create(server: ApiServer, object: { kind: string }, query = "dryRun=All"): Promise<Answer> {
  return server.ask("POST", `${pathOf(object)}?fieldManager=test&fieldValidation=Strict&${query}`, object);
}

/** The path of a kind's list, or of one object in it. */
export function pathOf({ kind }: { kind: string }, name?: string): string {
  return [GROUP, PLURALS[kind], ...(name === undefined ? [] : [name])].join("/");
}

/** The fields that a refusal names. Of the strict decoding of unknown ones there is only a sentence. */
export function namedFields({ body }: Answer): string[] {
  const causes: { field?: string }[] = body.details?.causes ?? [];
  const unknown = [...String(body.message).matchAll(/unknown field "([^"]+)"/g)].map((match) => match[1] as string);
  return [...causes.flatMap(({ field }) => (field === undefined ? [] : [field])), ...unknown];
}
