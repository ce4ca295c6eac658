/** CustomResourceDefinitions of our kinds. */
import type { z } from "zod";
import { flowPolicySpec } from "../read/flow-policy.ts";
import { API_VERSION, endpointSpec, gatewaySpec, overlaySpec } from "../read/overlay-kinds.ts";
import { openApiOf } from "./open-api.ts";
import { status } from "./status.ts";

const [GROUP, VERSION] = API_VERSION.split("/") as [string, string];

interface Column {
  readonly name: string;
  readonly jsonPath: string;
  readonly type: "date" | "integer" | "string";
  /** Above 0: with `-o wide` only. */
  readonly priority?: number;
}

interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly description: string;
  readonly spec: z.ZodType;
  readonly columns: readonly Column[];
}

const column = (name: string, jsonPath: string, type: Column["type"] = "string"): Column => ({ name, jsonPath, type });
const wide = (name: string, jsonPath: string): Column => ({ ...column(name, jsonPath), priority: 1 });
const condition = (type: string) => column(type, `.status.conditions[?(@.type=="${type}")].status`);
const reason = wide("Message", `.status.conditions[?(@.type=="Accepted")].message`);
const nodes = wide("Nodes", `.status.conditions[?(@.type=="Programmed")].message`);
const age = column("Age", ".metadata.creationTimestamp", "date");

const KINDS: readonly Kind[] = [
  {
    kind: "Overlay",
    plural: "overlays",
    shortNames: ["ov"],
    description:
      "A layer-3 network beneath the mesh, with its own authorization keys. A Namespace joins by the label sallyport.dev/overlay with the Overlay's name.",
    spec: overlaySpec,
    columns: [
      column("ID", ".spec.id", "integer"),
      column("CIDR", ".spec.cidr"),
      column("Path", ".spec.path"),
      column("Enforcement", ".spec.enforcement"),
      wide("Isolation", ".spec.isolation"),
      wide("Interception", ".spec.interception"),
      condition("Accepted"),
      condition("Programmed"),
      reason,
      nodes,
      age,
    ],
  },
  {
    kind: "OverlayGateway",
    plural: "overlaygateways",
    shortNames: ["ovgw"],
    description: "A group of stand-alone proxies (SaPs) that flows pass. Its replicas share one identity.",
    spec: gatewaySpec,
    columns: [
      column("Overlays", ".spec.overlays"),
      column("Addresses", ".spec.addresses"),
      column("Service", ".spec.service.name"),
      wide("Identity", ".spec.identity"),
      condition("Accepted"),
      condition("Programmed"),
      reason,
      nodes,
      age,
    ],
  },
  {
    kind: "OverlayEndpoint",
    plural: "overlayendpoints",
    shortNames: ["ovep"],
    description:
      "A member of an overlay that isn't a pod: a virtual machine, a bare-metal server, a pod of another cluster.",
    spec: endpointSpec,
    columns: [
      column("Overlay", ".spec.overlay"),
      column("Namespace", ".spec.namespace"),
      column("Addresses", ".spec.addresses"),
      wide("Identity", ".spec.identity"),
      condition("Accepted"),
      condition("Programmed"),
      reason,
      nodes,
      age,
    ],
  },
  {
    kind: "FlowPolicy",
    plural: "flowpolicies",
    shortNames: ["flowpol"],
    description:
      "What NetworkPolicy can't say: gateways that a flow must pass, any IP protocol, denials, priorities. Asked before NetworkPolicies.",
    spec: flowPolicySpec,
    columns: [
      column("Overlay", ".spec.overlay"),
      column("Priority", ".spec.priority", "integer"),
      column("Action", ".spec.action"),
      column("Via", ".spec.via"),
      column("Enforcement", ".spec.enforcement"),
      condition("Accepted"),
      condition("Programmed"),
      reason,
      nodes,
      age,
    ],
  },
];

/** By the name of the file in `manifests/crd` that each belongs into. */
export function customResourceDefinitions(): ReadonlyMap<string, object> {
  return new Map(KINDS.map((kind) => [`${GROUP}_${kind.plural}.yaml`, definition(kind)]));
}

function definition({ kind, plural, shortNames, description, spec, columns }: Kind): object {
  const singular = kind.toLowerCase();
  const names = { kind, listKind: `${kind}List`, plural, singular, shortNames, categories: ["sallyport"] };
  const openAPIV3Schema = {
    type: "object",
    description,
    required: ["spec"],
    properties: {
      apiVersion: { type: "string", description: API_VERSION },
      kind: { type: "string", description: kind },
      metadata: { type: "object" },
      spec: { ...openApiOf(spec), description: "What is wanted." },
      status,
    },
  };
  const version = {
    name: VERSION,
    served: true,
    storage: true,
    additionalPrinterColumns: columns,
    subresources: { status: {} },
    schema: { openAPIV3Schema },
  };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${GROUP}` },
    spec: { group: GROUP, scope: "Cluster", names, versions: [version] },
  };
}
