import { expect, test } from "@jest/globals";
import { EMPTY_WORLD, type World } from "../../controller/model/resources.ts";
import { gatewayReplicas } from "../../controller/operator/gateway-replicas.ts";

const origin = { file: "cluster", line: 0, kind: "", name: "" };
const gateway = { origin, overlays: ["shop"], identity: "spiffe://cluster.local/gateway" };
const pod = (name: string, namespace: string, label: string | undefined, ...addresses: string[]) => ({
  ...{
    origin,
    name,
    namespace,
    addresses,
    ports: [],
    identity: "spiffe://cluster.local/x",
    hostNetwork: false,
    hasRules: false,
  },
  labels: label === undefined ? {} : { "sallyport.dev/gateway": label },
});

test("a gateway's replicas are the addresses that are written, or the pods of its Service's namespace with its label", () => {
  const world: World = {
    ...EMPTY_WORLD,
    gateways: [
      { ...gateway, name: "written", addresses: ["10.0.0.1:15042", "[fd00::1]:15042"] },
      { ...gateway, name: "pods", addresses: [], service: { namespace: "gates", name: "pods" } },
    ],
    pods: [
      pod("a", "gates", "pods", "10.1.0.1", "fd00::2"),
      pod("b", "gates", "pods", "10.1.0.2"),
      pod("elsewhere", "shop", "pods", "10.1.0.3"),
      pod("other", "gates", "written", "10.1.0.4"),
      pod("plain", "gates", undefined, "10.1.0.5"),
    ],
  };
  expect([...gatewayReplicas(world)]).toEqual([
    ["written", ["10.0.0.1", "fd00::1"]],
    ["pods", ["10.1.0.1", "fd00::2", "10.1.0.2"]],
  ]);
});
