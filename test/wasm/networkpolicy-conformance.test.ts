import { describe, expect, test } from "@jest/globals";
import { Side } from "../../assembly/decide/image.ts";
import { Verdict } from "../../assembly/decide/verdict.ts";
import { PROTOCOLS } from "../../controller/compile/statement.ts";
import { parseAddress } from "../../controller/model/address.ts";
import { EMPTY_WORLD, type NamedPort, type Protocol, type World } from "../../controller/model/resources.ts";
import { decodeNetworkPolicy } from "../../controller/read/network-policy.ts";
import { openGatewayImage } from "../host/decisions.ts";
import { bothRuntimes, type Portable } from "../host/portable.ts";
import { type Step, truthTables } from "../host/truth-tables.ts";

describe.each(await bothRuntimes())("agrees with the NetworkPolicy truth tables in $name", ({ portable }) => {
  test.each(truthTables.map((one) => [`${one.case} ${one.description}`, one] as const))("%s", (_, { steps }) => {
    for (const step of steps) expect(tables(step, portable)).toEqual(step.expected);
  });
});

test("reads all 115 cases", () => expect(truthTables.length).toBe(115));

function tables(step: Step, portable: Portable): Step["expected"] {
  openGatewayImage(portable, worldOf(step));
  const classes = step.order.map((name) => {
    const pod = step.pods.find((one) => `${one.namespace}/${one.name}` === name) as Step["pods"][number];
    return portable.imageClassOf(parseAddress(pod.ip) as Uint8Array);
  });
  const cell = (i: number, j: number, key: number, side: Side) => {
    if (i === j) return ".";
    return portable.imageDecide(classes[i] as number, classes[j] as number, key, side) === Verdict.Allow ? "1" : "0";
  };
  const table = (key: number, side: Side) =>
    classes.map((_, i) => classes.map((_, j) => cell(i, j, key, side)).join(""));
  const entries = Object.keys(step.expected).map((text) => {
    const key = keyOf(text);
    return [
      text,
      { ingress: table(key, Side.Ingress), egress: table(key, Side.Egress), combined: table(key, Side.Both) },
    ] as const;
  });
  return Object.fromEntries(entries);
}

/** `TCP/80` or `TCP/serve-80-tcp`. */
function keyOf(text: string): number {
  const [protocol, port] = text.split("/") as [Protocol, string];
  return (PROTOCOLS[protocol] << 16) | Number(/\d+/.exec(port)?.[0]);
}

function worldOf({ namespaces, pods, podPorts, policies }: Step): World {
  const origin = { file: "cases.json", line: 1, kind: "", name: "" };
  const ports = Object.entries(podPorts).map(([text, name]): NamedPort => {
    const [protocol, port] = text.split("/") as [Protocol, string];
    return { name, protocol, port: Number(port) };
  });
  const identity = "spiffe://test/member";
  const keys = { epochSeconds: 3600, horizon: 6, keyGeneration: 0 };
  return {
    ...EMPTY_WORLD,
    overlays: [
      {
        origin,
        name: "o",
        id: 1,
        cidr: ["192.168.0.0/16"],
        path: ["g"],
        isolation: "Kubernetes",
        enforcement: "Enforce",
        interception: "Overlay",
        podOptOut: "Refuse",
        keys,
      },
    ],
    gateways: [{ origin, name: "g", overlays: ["o"], addresses: ["10.0.0.1:15042"], identity: "spiffe://test/g" }],
    endpoints: pods.map(({ namespace, name, ip, labels }) => ({
      origin,
      name,
      overlay: "o",
      namespace,
      labels,
      addresses: [ip],
      ports,
      identity,
    })),
    namespaces: Object.entries(namespaces).map(([name, labels]) => ({ name, labels })),
    policies: policies.map((policy) => {
      const raw = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", ...policy };
      const { policy: decoded, rejections } = decodeNetworkPolicy(raw, origin);
      expect(rejections).toEqual([]);
      return decoded;
    }),
  };
}
