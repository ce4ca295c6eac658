import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import { compile } from "../../controller/compile/compile.ts";
import { hexId } from "../../controller/model/hex.ts";
import { decodeWorld } from "../../controller/read/world.ts";

const WORLD = `apiVersion: sallyport.dev/v1alpha1
kind: Overlay
metadata: {name: o}
spec: {id: 1, cidr: [10.0.0.0/8], path: [g]}
---
apiVersion: sallyport.dev/v1alpha1
kind: OverlayEndpoint
metadata: {name: vm}
spec: {overlay: o, namespace: shop, addresses: [10.0.0.9], identity: "spiffe://d/vm"}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {sallyport.dev/overlay: o}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, uid: 5b2d0a6e-57c5-4f0c-9d2c-1f6a3a0c8e11}
spec: {containers: []}
status: {podIPs: [{ip: 10.0.0.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: drawn, namespace: shop}
spec: {containers: []}
status: {podIPs: [{ip: 10.0.0.2}]}
`;
const { world } = decodeWorld([{ file: "w.yaml", text: WORLD }]);

test.each([
  { cluster: undefined, name: "web", text: "Kubernetes/shop/web/5b2d0a6e-57c5-4f0c-9d2c-1f6a3a0c8e11" },
  { cluster: "east", name: "web", text: "east/shop/web/5b2d0a6e-57c5-4f0c-9d2c-1f6a3a0c8e11" },
  { cluster: "east", name: "vm", text: "o/shop/vm/vm" },
  { cluster: "east", name: "drawn", text: "o/shop/drawn/drawn" },
])("knows $name of cluster $cluster by $text", ({ cluster, name, text }) => {
  const { policy } = compile(world, "o", cluster === undefined ? {} : { cluster });
  const found = policy.endpoints.find(({ endpoint }) => endpoint.name === name);
  const want = createHash("sha256").update(text).digest("hex").slice(0, 16);
  expect(hexId(found?.id as Uint8Array)).toBe(want);
});
