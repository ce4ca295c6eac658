/** Two endpoints, and a gateway whose replicas only DNS knows. */
import { compile } from "../../../controller/compile/compile.ts";
import { gatewayResources } from "../../../controller/emit/istio/gateway.ts";
import { USUAL_MESH } from "../../../controller/emit/istio/mesh.ts";
import { decodeWorld } from "../../../controller/read/world.ts";

export const identityOf = (gateway: string) => `spiffe://shop.example/gateway/${gateway}`;
export const WEB = "10.77.0.11";
export const API = "10.77.0.12";

const ours = (kind: string, name: string, spec: string) =>
  `apiVersion: sallyport.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: {${spec}}\n`;
const endpoint = (name: string, address: string) =>
  ours(
    "OverlayEndpoint",
    name,
    `overlay: lab, namespace: demo, addresses: [${address}], identity: "spiffe://shop.example/ns/demo/sa/${name}", local: {}`,
  );
const gateway = (name: string) =>
  ours(
    "OverlayGateway",
    name,
    `overlays: [lab], service: {namespace: sp, name: ${name}}, identity: "${identityOf(name)}"`,
  );

/** Flows to api at port 5433 pass both. */
export const VIA_FAR = ours(
  "FlowPolicy",
  "via-far",
  "overlay: lab, priority: 1, subject: {podSelector: {}}, from: [{podSelector: {}}], ports: [{port: 5433}], action: Allow, via: [edge, far]",
);

/** `more`: documents besides. */
export function worldText(gateways: readonly string[] = ["edge"], ...more: readonly string[]): string {
  return [
    ours("Overlay", "lab", "id: 11, cidr: [10.77.0.0/16], path: [edge], isolation: Kubernetes"),
    ...gateways.map(gateway),
    endpoint("web", WEB),
    endpoint("api", API),
    ...more,
  ].join("---\n");
}

/** The ConfigMap's data for that gateway. */
export function gatewayFiles(world: string, name: string): Readonly<Record<string, string>> {
  const { world: read, rejections } = decodeWorld([{ file: "world.yaml", text: world }]);
  const { policy } = compile(read, "lab");
  const group = policy.gateways.find(({ gateway }) => gateway.name === name);
  if (group === undefined || rejections.length > 0)
    throw new Error(`no gateway ${name}: ${JSON.stringify(rejections)}`);
  const mesh = { ...USUAL_MESH, trustDomain: "shop.example", codeDigest: "" };
  const [configMap] = gatewayResources(policy, group, mesh);
  return configMap?.data as unknown as Readonly<Record<string, string>>;
}
