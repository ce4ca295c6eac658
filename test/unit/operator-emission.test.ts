import { describe, expect, test } from "@jest/globals";
import { compile } from "../../controller/compile/compile.ts";
import { USUAL_MESH } from "../../controller/emit/istio/mesh.ts";
import { EMPTY_WORLD, type Rejection, type World } from "../../controller/model/resources.ts";
import { emission } from "../../controller/operator/emission.ts";

const mesh = { ...USUAL_MESH, codeDigest: "0".repeat(64) };
const origin = { file: "cluster", line: 0, kind: "Overlay", name: "shop" };
const namespace = (name: string, overlay?: string) => ({
  name,
  labels: overlay === undefined ? {} : { "sallyport.dev/overlay": overlay },
});
const world: World = {
  ...EMPTY_WORLD,
  overlays: [
    {
      ...{ origin, name: "shop", id: 7, cidr: ["10.0.0.0/8"], path: ["edge"], isolation: "DefaultDeny" as const },
      ...{ enforcement: "Enforce" as const, interception: "Overlay" as const, podOptOut: "Refuse" as const },
      keys: { epochSeconds: 3600, horizon: 6, keyGeneration: 0 },
    },
  ],
  gateways: [
    {
      ...{
        origin: { ...origin, kind: "OverlayGateway", name: "edge" },
        name: "edge",
        overlays: ["shop"],
        addresses: [],
      },
      ...{ service: { namespace: "gates", name: "edge" }, identity: "spiffe://cluster.local/ns/gates/sa/edge" },
    },
  ],
  namespaces: [namespace("in", "shop"), namespace("misspelt", "shpo"), namespace("out"), namespace("gates")],
};
const policy = compile(world, "shop").policy;
const audited = { ...policy, overlay: { ...policy.overlay, enforcement: "Audit" as const } };
const broken: Rejection = { origin: { ...origin, kind: "Namespace", name: "out" }, field: "", message: "" };

function emitted(rejections: readonly Rejection[] = [], policies = [policy]) {
  return emission({ world, policies, rejections, replicas: new Map() }, mesh, new Set(["edge", "unreadable"]));
}

const made = (kind: string, namespace: string, name: string, labels: object = { "sallyport.dev/overlay": "shop" }) => ({
  kind,
  metadata: { namespace, name, labels },
});

describe("what a cluster is given", () => {
  test("is a gateway's file and what opted-in namespaces need, together and in order", () => {
    const names = emitted().groups.map((group) =>
      group.map(({ kind, metadata }) => `${kind} ${(metadata as { namespace: string }).namespace}`),
    );
    expect(names).toEqual([
      ["ConfigMap gates"],
      ["ConfigMap in", "EnvoyFilter in", "NetworkPolicy in", "WasmPlugin in"],
    ]);
  });

  const table = [
    { name: "of a namespace that has left", object: made("EnvoyFilter", "out", "sallyport"), want: true },
    {
      name: "of a namespace that can't be read",
      object: made("EnvoyFilter", "out", "sallyport"),
      rejections: [broken],
      want: false,
    },
    {
      name: "of a namespace whose label names no Overlay",
      object: made("EnvoyFilter", "misspelt", "sallyport"),
      want: false,
    },
    { name: "of an Overlay that is gone", object: made("EnvoyFilter", "in", "sallyport"), policies: [], want: false },
    {
      name: "of an Overlay that audits and has no use for it",
      object: made("NetworkPolicy", "in", "sallyport"),
      policies: [audited],
      want: true,
    },
    { name: "of a namespace that isn't known", object: made("EnvoyFilter", "new", "sallyport"), want: false },
    { name: "of no overlay", object: made("EndpointSlice", "out", "sallyport", {}), want: false },
    { name: "of a gateway that is gone", object: made("ConfigMap", "gates", "sallyport-gateway-gone"), want: true },
    { name: "of a gateway whose pods moved", object: made("ConfigMap", "in", "sallyport-gateway-edge"), want: true },
    {
      name: "of a gateway that can't be read",
      object: made("ConfigMap", "gates", "sallyport-gateway-unreadable"),
      want: false,
    },
  ];
  test.each(table)("loses what is $name: $want", ({ object, rejections = [], policies = [policy], want }) => {
    expect(emitted(rejections, policies).mayPrune(object)).toBe(want);
  });
});
