/** The cases of `test/vectors/tiers`; its README says how to read them. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { IP_PROTOCOLS } from "../../controller/model/protocols.ts";
import type { World } from "../../controller/model/resources.ts";
import { decodeWorld } from "../../controller/read/world.ts";
import type { Flow } from "./simple-evaluator.ts";

export interface TierCase {
  readonly name: string;
  readonly world: World;
  /** As many as its policies were rejected for. */
  readonly rejections: readonly string[];
  readonly rejected: boolean;
  readonly flows: readonly { readonly text: string; readonly flow: Flow; readonly want: string }[];
}

interface WrittenCase {
  readonly name: string;
  readonly isolation?: string;
  readonly enforcement?: string;
  readonly rejected?: boolean;
  readonly policies?: readonly Readonly<Record<string, WrittenPolicy>>[];
  readonly flows: Readonly<Record<string, string>>;
}

type WrittenPolicy = { name?: string; namespace?: string; audit?: boolean } & Record<string, unknown>;

const VERSIONS: Readonly<Record<string, string>> = {
  NetworkPolicy: "networking.k8s.io/v1",
  ClusterNetworkPolicy: "policy.networking.k8s.io/v1alpha2",
  FlowPolicy: "sallyport.dev/v1alpha1",
};

const read = (name: string) => readFileSync(new URL(`../vectors/tiers/${name}`, import.meta.url), "utf8");
const cluster = read("cluster.yaml");

export const tierCases: readonly TierCase[] = (parse(read("cases.yaml")) as WrittenCase[]).map(tierCase);

function tierCase({ name, isolation, enforcement, rejected = false, policies = [], flows }: WrittenCase): TierCase {
  const objects = policies.flatMap((one) => Object.entries(one).map(([kind, spec]) => object(kind, spec)));
  const { world, rejections } = decodeWorld([
    { file: "cluster.yaml", text: cluster },
    { file: "case.json", text: JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }) },
  ]);
  const overlays = world.overlays.map((overlay) => ({
    ...overlay,
    ...(isolation && { isolation }),
    ...(enforcement && { enforcement }),
  }));
  const whole = { ...world, overlays } as World;
  return {
    name,
    world: whole,
    rejections: rejections.map(({ origin, field, message }) => `${origin.name} ${field}: ${message}`),
    rejected,
    flows: Object.entries(flows).map(([text, want]) => ({ text, flow: flowOf(whole, text), want })),
  };
}

function object(kind: string, { name = kind.toLowerCase(), namespace, audit, ...spec }: WrittenPolicy): object {
  const annotations = audit ? { annotations: { "sallyport.dev/enforcement": "Audit" } } : {};
  const metadata = { name, ...(namespace && { namespace }), ...annotations };
  return { apiVersion: VERSIONS[kind], kind, metadata, spec: kind === "FlowPolicy" ? { overlay: "o", ...spec } : spec };
}

function flowOf(world: World, text: string): Flow {
  const [from = "", , to = "", traffic = ""] = text.split(" ");
  const [protocol = "", port = "0"] = traffic.split("/");
  const number = (IP_PROTOCOLS as Readonly<Record<string, number>>)[protocol] ?? Number(protocol);
  return { from: addressOf(world, from), to: addressOf(world, to), protocol: number, port: Number(port) };
}

/** `shop/web`, `shop/web/6` for its IPv6 address, or an address. */
function addressOf({ pods }: World, party: string): string {
  const [namespace, name, family] = party.split("/");
  if (name === undefined) return party;
  const pod = pods.find((one) => one.namespace === namespace && one.name === name);
  const address = pod?.addresses.find((one) => one.includes(":") === (family === "6"));
  if (address === undefined) throw new Error(`${party} has no such address`);
  return address;
}
