import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { withFolder } from "../folder.ts";
import { type Step, truthTables } from "../host/truth-tables.ts";
import { sallyport } from "../sallyport.ts";

interface Cell {
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  readonly port: number;
  readonly ingress: "allow" | "deny";
  readonly egress: "allow" | "deny";
  readonly verdict: "allow" | "deny";
}

describe.each(["node", "wasm"])(
  "`sallyport matrix --engine %s` agrees with the NetworkPolicy truth tables",
  (engine) => {
    test.each(truthTables.map((one) => [`${one.case} ${one.description}`, one] as const))(
      "%s",
      async (_, { steps }) => {
        for (const step of steps) expect(tablesOf(step, await cellsOf(step, engine))).toEqual(step.expected);
      },
    );
  },
);

test("the tables hold 131 worlds of 115 cases", () => {
  expect([truthTables.length, truthTables.flatMap(({ steps }) => steps).length]).toEqual([115, 131]);
});

function cellsOf(step: Step, engine: string): Promise<Cell[]> {
  return withFolder(async (folder) => {
    const file = join(folder, "world.json");
    await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objectsOf(step) }));
    const ports = Object.keys(step.expected).join(",");
    const options = ["--isolation", "kubernetes", "--engine", engine, "--ports", ports, "--output", "json"];
    const { code, out, error } = await sallyport("matrix", "-f", file, ...options);
    expect([code, error]).toEqual([0, ""]);
    return (JSON.parse(out) as { cells: Cell[] }).cells;
  });
}

function tablesOf({ order, expected }: Step, cells: readonly Cell[]): Step["expected"] {
  const known = new Map(cells.map((cell) => [`${cell.protocol}/${cell.port} ${cell.from} ${cell.to}`, cell]));
  expect([cells.length, known.size]).toEqual(Array(2).fill(order.length ** 2 * Object.keys(expected).length));
  const table = (port: string, side: "ingress" | "egress" | "verdict") =>
    order.map((from) =>
      order.map((to) => (from === to ? "." : bit(known.get(`${port} ${from} ${to}`)?.[side]))).join(""),
    );
  return Object.fromEntries(
    Object.keys(expected).map((port) => {
      return [
        port,
        { ingress: table(port, "ingress"), egress: table(port, "egress"), combined: table(port, "verdict") },
      ];
    }),
  );
}

const bit = (answer: string | undefined) => (answer === "allow" ? "1" : answer === "deny" ? "0" : "missing");

function objectsOf({ namespaces, pods, podPorts, policies }: Step): object[] {
  const ports = Object.entries(podPorts).map(([text, name]) => {
    const [protocol, port] = text.split("/");
    return { name, protocol, containerPort: Number(port) };
  });
  return [
    ...Object.entries(namespaces).map(([name, labels]) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels },
    })),
    ...pods.map(({ namespace, name, ip, labels }) => ({
      ...{ apiVersion: "v1", kind: "Pod", metadata: { namespace, name, labels } },
      ...{ spec: { containers: [{ name: "serve", image: "serve", ports }] }, status: { podIPs: [{ ip }] } },
    })),
    ...policies.map((policy) => ({ ...policy, apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" })),
  ];
}
