import { describe, expect, test } from "@jest/globals";
import type { Origin, OverlayEndpoint, OverlayGateway } from "../../controller/model/resources.ts";
import { localComplaints } from "../../controller/standalone/local-nodes.ts";

const origin = (kind: string, name: string): Origin => ({ file: "lab.yaml", line: 1, kind, name });
const LOCAL = { local: { concurrency: 1 } };

function gateway(name: string, more: Partial<OverlayGateway> = LOCAL): OverlayGateway {
  const addresses = ["10.91.0.2:15042", "[2001:db8::3]:15042"];
  return {
    origin: origin("OverlayGateway", name),
    name,
    overlays: ["lab"],
    addresses,
    identity: "spiffe://a/b",
    ...more,
  };
}

function endpoint(name: string, more: Partial<OverlayEndpoint> = LOCAL): OverlayEndpoint {
  const base = { origin: origin("OverlayEndpoint", name), name, overlay: "lab", namespace: "demo", labels: {} };
  return { ...base, addresses: [], ports: [], identity: "spiffe://a/c", ...more };
}

describe("local nodes", () => {
  test.each([
    { name: "an endpoint and a gateway", gateways: [gateway("gate")], endpoints: [endpoint("web")], want: [] },
    {
      name: "an endpoint called as a replica",
      gateways: [gateway("gate")],
      endpoints: [endpoint("gate-1")],
      want: ["gate metadata.name"],
    },
    {
      name: "an endpoint called as a replica there isn't",
      gateways: [gateway("gate")],
      endpoints: [endpoint("gate-2")],
      want: [],
    },
    {
      name: "an endpoint called as a replica, elsewhere",
      gateways: [gateway("gate", {})],
      endpoints: [endpoint("gate-1")],
      want: [],
    },
    {
      name: "a gateway at another port",
      gateways: [gateway("gate", { ...LOCAL, addresses: ["10.91.0.2:15042", "10.91.0.3:1502"] })],
      endpoints: [],
      want: ["gate spec.addresses[1]"],
    },
    {
      name: "a gateway at another port, elsewhere",
      gateways: [gateway("gate", { addresses: ["10.91.0.3:443"] })],
      endpoints: [],
      want: [],
    },
    {
      name: "a gateway of two overlays",
      gateways: [gateway("gate", { ...LOCAL, overlays: ["lab", "shop"] })],
      endpoints: [],
      want: ["gate spec.overlays"],
    },
  ])("with $name: complains about $want", ({ gateways, endpoints, want }) => {
    const complaints = localComplaints({ gateways, endpoints });
    expect(complaints.map(({ origin, field }) => `${origin.name} ${field}`)).toEqual(want);
  });
});
