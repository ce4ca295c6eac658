import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { withFolder } from "../folder.ts";
import { sallyport } from "../sallyport.ts";

const SHOP = "manifests/samples/shop";

const matrix = (...more: string[]) => sallyport("matrix", "-f", SHOP, ...more);
const cells = async (...more: string[]) => JSON.parse((await matrix(...more, "--output", "json")).out).cells;

describe("the shop's matrix", () => {
  test("for people, ports with the same cells in one table", async () => {
    expect(await matrix("--ports", "TCP/5432,TCP/80,UDP/5432")).toEqual({
      code: 0,
      error: "",
      out: `TCP/5432
                   1 2 3 4
1  data/db         . x x x
2  guest/intruder  i . i i
3  shop/api        + x . x
4  shop/web        x x x .

TCP/80, UDP/5432
                   1 2 3 4
1  data/db         . x x x
2  guest/intruder  i . i i
3  shop/api        x x . x
4  shop/web        x x x .

From lines to columns.  + allowed   . itself   e denied by the source's egress   i by the destination's ingress   x by both`,
    });
  });

  test("as markdown", async () => {
    expect((await matrix("--ports", "8080", "-o", "markdown")).out).toBe(`### TCP/8080

| from \\ to | data/db | guest/intruder | shop/api | shop/web |
| --- | :---: | :---: | :---: | :---: |
| **data/db** | · | ❌ both | ❌ both | ❌ both |
| **guest/intruder** | ❌ ingress | · | ❌ ingress | ❌ ingress |
| **shop/api** | ❌ both | ❌ both | · | ❌ both |
| **shop/web** | ❌ both | ❌ both | ✅ | · |

✅ allowed, ❌ denied: by the source's *egress*, by the destination's *ingress*, or by both.`);
  });

  test("as JSON, with fields that stay", async () => {
    const all = await cells("--ports", "tcp/8080, UDP/53");
    expect(all.length).toBe(4 * 4 * 2);
    expect(all.slice(4, 7)).toEqual([
      { ...{ from: "data/db", to: "shop/api", protocol: "TCP", port: 8080 }, ...answers("deny", "deny", "deny") },
      { ...{ from: "data/db", to: "shop/api", protocol: "UDP", port: 53 }, ...answers("deny", "deny", "deny") },
      { ...{ from: "data/db", to: "shop/web", protocol: "TCP", port: 8080 }, ...answers("deny", "deny", "deny") },
    ]);
    expect(all).toContainEqual({
      ...{ from: "guest/intruder", to: "shop/api", protocol: "TCP", port: 8080 },
      ...answers("deny", "allow", "deny"),
    });
    expect(all).toContainEqual({
      ...{ from: "guest/intruder", to: "guest/intruder", protocol: "TCP", port: 8080 },
      ...answers("allow", "allow", "allow"),
    });
  });

  test("at the ports that members declare", async () => {
    const ports = (await cells()).map(
      ({ protocol, port }: { protocol: string; port: number }) => `${protocol}/${port}`,
    );
    expect([...new Set(ports)]).toEqual(["TCP/5432", "TCP/8080"]);
  });

  test("with another isolation", async () => {
    const toIntruder = (all: { from: string; to: string; verdict: string }[]) =>
      all.filter(({ to }) => to === "guest/intruder").map(({ verdict }) => verdict);
    expect(toIntruder(await cells("--ports", "80"))).toEqual(["deny", "allow", "deny", "deny"]);
    expect(await cells("--ports", "80", "--isolation", "kubernetes")).toContainEqual({
      ...{ from: "shop/api", to: "guest/intruder", protocol: "TCP", port: 80 },
      ...answers("allow", "deny", "deny"),
    });
  });

  test("is the same from the compiled code", async () => {
    expect(await cells("--engine", "wasm")).toEqual(await cells("--engine", "node"));
  });
});

const answers = (ingress: string, egress: string, verdict: string) => ({ ingress, egress, verdict });

test("members that no cell tells apart share a line when there are many", () =>
  withFolder(async (folder) => {
    const names = Array.from({ length: 15 }, (_, i) => String(i).padStart(2, "0"));
    const endpoints = ["web", "db"].flatMap((app, a) =>
      names.map((name, i) => ({
        ...{ apiVersion: "sallyport.dev/v1alpha1", kind: "OverlayEndpoint", metadata: { name: `${app}-${name}` } },
        spec: {
          ...{ overlay: "o", namespace: "shop", labels: { app }, addresses: [`10.0.${a}.${i + 1}`] },
          identity: "spiffe://test/x",
        },
      })),
    );
    const policy = {
      ...{ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { namespace: "shop", name: "db" } },
      spec: {
        podSelector: { matchLabels: { app: "db" } },
        ingress: [{ from: [{ podSelector: { matchLabels: { app: "web" } } }] }],
      },
    };
    await writeFile(
      join(folder, "a.json"),
      JSON.stringify({ apiVersion: "v1", kind: "List", items: [...endpoints, policy] }),
    );
    expect((await sallyport("matrix", "-f", folder)).out).toBe(`TCP/80
                               1 2
1  shop/db-00 and 14 like it   i +
2  shop/web-00 and 14 like it  + +

From lines to columns.  + allowed   . itself   e denied by the source's egress   i by the destination's ingress   x by both
Members that no cell tells apart share a line; its own column is for one of them to another.`);
  }));

describe("pods", () => {
  const pod = (name: string, ips: string[], spec: object = {}) => ({
    ...{ apiVersion: "v1", kind: "Pod", metadata: { namespace: "a", name, labels: { app: name } } },
    ...{ spec: { containers: [{ name: "c", ports: [{ containerPort: 53, protocol: "UDP" }] }], ...spec } },
    status: { podIPs: ips.map((ip) => ({ ip })) },
  });
  const policy = {
    ...{ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { namespace: "a", name: "web" } },
    spec: { podSelector: { matchLabels: { app: "web" } }, ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }] },
  };
  const matrixOf = (items: object[], ...more: string[]) =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "pods.json"), JSON.stringify({ apiVersion: "v1", kind: "List", items }));
      return (await sallyport("matrix", "-f", folder, ...more)).out;
    });
  const dual = [pod("web", ["10.0.0.1", "fd00::1"]), pod("db", ["10.0.0.2", "fd00::2"]), policy];

  test("with addresses that policy tells apart", async () => {
    const { cells } = JSON.parse(await matrixOf(dual, "-o", "json"));
    expect(cells).toContainEqual({
      ...{ from: "a/db", to: "a/web", protocol: "UDP", port: 53, ...answers("allow", "allow", "allow") },
      exceptions: [{ from: "fd00::2", to: "fd00::1", ...answers("deny", "allow", "deny") }],
    });
    expect(cells).toContainEqual({
      ...{ from: "a/web", to: "a/db", protocol: "UDP", port: 53 },
      ...answers("allow", "allow", "allow"),
    });
    expect(await matrixOf(dual)).toContain(
      "Between other addresses than the first it is different:\n  a/db fd00::2 -> a/web fd00::1 UDP/53: denied",
    );
  });

  test("without addresses of one family can't meet", async () => {
    const out = await matrixOf([pod("web", ["10.0.0.1"]), pod("db", ["fd00::2"])]);
    expect(out).toContain("1  a/db   . x\n2  a/web  x .");
  });

  test("that are no members are named", async () => {
    const out = await matrixOf([...dual, pod("host", ["192.168.0.1"], { hostNetwork: true }), pod("waits", [])]);
    expect(out).toContain("Left out: a/host use their node's network: policy can't see them.");
    expect(out).toContain("Left out: a/waits have no address: they haven't started, or have ended.");
  });

  test("in no overlay are named", async () => {
    const overlay = {
      ...{ apiVersion: "sallyport.dev/v1alpha1", kind: "Overlay", metadata: { name: "o" } },
      spec: { id: 1, cidr: ["10.0.0.0/8"], path: ["g"] },
    };
    const out = await matrixOf([...dual, overlay]);
    expect(out).toMatch(/^There are no members\.\n\nLeft out: a\/web, a\/db aren't in overlay o/);
  });
});

describe("refuses with what to do", () => {
  const faults: { name: string; args: string[]; says: RegExp }[] = [
    {
      name: "a port that isn't one",
      args: ["--ports", "TCP/80,http"],
      says: /http is not a port: write ports such as/,
    },
    { name: "port 0", args: ["--ports", "TCP/0"], says: /TCP\/0 is not a port/ },
    { name: "port 65536", args: ["--ports", "65536"], says: /65536 is not a port/ },
    { name: "no port", args: ["--ports", "TCP/80,"], says: /an empty text is not a port/ },
    { name: "an engine that isn't one", args: ["--engine", "rust"], says: /Allowed choices are node, wasm/ },
    {
      name: "an isolation that isn't one",
      args: ["--isolation", "none"],
      says: /Allowed choices are kubernetes, default-deny/,
    },
    {
      name: "an overlay that isn't there",
      args: ["--overlay", "shopp"],
      says: /there is no overlay shopp; did you mean shop\?/,
    },
  ];
  test.each(faults)("$name", async ({ args, says }) => {
    expect(await matrix(...args)).toMatchObject({ code: 2, out: "", error: expect.stringMatching(says) });
  });

  test("an Overlay that can't be read, in place of which nothing is implied", () =>
    withFolder(async (folder) => {
      await writeFile(
        join(folder, "a.yaml"),
        "apiVersion: sallyport.dev/v1alpha1\nkind: Overlay\nmetadata: {name: o}\nspec: {}",
      );
      const result = await sallyport("matrix", "-f", folder);
      expect(result).toMatchObject({ code: 2, out: "", error: expect.stringContaining("no Overlay that can be read") });
    }));
});
