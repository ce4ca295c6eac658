import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { withFolder } from "../folder.ts";
import { sallyport } from "../sallyport.ts";

const SHOP = "manifests/samples/shop";

const ask = (from: string, to: string, port: string, ...more: string[]) =>
  sallyport("explain", "-f", SHOP, "--from", from, "--to", to, "--port", port, ...more);
const askJson = async (...args: Parameters<typeof ask>) => JSON.parse((await ask(...args, "-o", "json")).out);

describe("the shop's matrix", () => {
  const hosts = ["shop/web", "shop/api", "data/db", "guest/intruder"];
  const open = new Set(["shop/web shop/api 8080", "shop/api data/db 5432"]);
  const cases = hosts.flatMap((from) =>
    hosts.flatMap((to) => ["8080", "5432", "80"].map((port) => ({ from, to, port }))),
  );

  test.each(cases)("$from to $to port $port", async ({ from, to, port }) => {
    const isOpen = from === to || open.has(`${from} ${to} ${port}`);
    expect(await ask(from, to, port)).toMatchObject({ code: isOpen ? 0 : 3, error: "" });
  });
});

const OVERLAY = {
  ...{ kind: "Overlay", name: "shop", file: `${SHOP}/overlay.yaml`, line: 3 },
  ...{ rule: "", says: "deny", role: "would" },
};

describe("explains", () => {
  test("an allowed flow by rule and way", async () => {
    expect((await ask("shop/api", "data/db", "pg")).out).toBe(
      `ALLOWED  shop/api (10.77.0.12) -> data/db (10.77.0.13) port 5432/TCP
  Both sides allow it.

  egress of shop/api  allowed by NetworkPolicy shop/api egress[0]  (${SHOP}/policy-shop.yaml:25)
  ingress of data/db  allowed by NetworkPolicy data/db ingress[0]  (${SHOP}/policy-data.yaml:2)
  way                 shop/api -> edge-a -> edge-b -> data/db`,
    );
  });

  test("a denied flow by what would have to change", async () => {
    expect((await ask("shop/web", "data/db", "pg")).out).toBe(
      `DENIED  shop/web (10.77.0.11) -> data/db (10.77.0.13) port 5432/TCP
  The egress policy of shop/web denies it.

  egress of shop/web  denied: NetworkPolicy shop/web isolates it and has no rule for this flow  (${SHOP}/policy-shop.yaml:7)
  ingress of data/db  denied: NetworkPolicy data/db isolates it and has no rule for this flow  (${SHOP}/policy-data.yaml:2)
  way                 shop/web (refuses: policy-egress)

What would have to change:
  egress of shop/web: one rule that allows this destination and port, in any of
    NetworkPolicy shop/web  (${SHOP}/policy-shop.yaml:7)
      egress[0] allows only app=api in shop; only 8080/TCP
  ingress of data/db: one rule that allows this source and port, in any of
    NetworkPolicy data/db  (${SHOP}/policy-data.yaml:2)
      ingress[0] allows only app=api in namespaces with kubernetes.io/metadata.name=shop`,
    );
  });

  test("the way through gateways whose addresses only DNS knows", async () => {
    await withFolder(async (folder) => {
      await cp(SHOP, folder, { recursive: true });
      const file = join(folder, "gateways.yaml");
      const text = await readFile(file, "utf8");
      const pods = text.replaceAll(/ {2}addresses:(\n {4}.*)+/g, "  service: { namespace: sp, name: edge }");
      await writeFile(file, pods.replaceAll("  local: {}\n", ""));
      const { code, out } = await sallyport(
        "explain",
        "-f",
        folder,
        ..."--from shop/api --to data/db --port pg".split(" "),
      );
      expect([code, out]).toEqual([0, expect.stringContaining("shop/api -> edge-a -> edge-b -> data/db")]);
    });
  });

  test("as JSON, with fields that stay", async () => {
    expect(await askJson("guest/intruder", "shop/api", "http")).toEqual({
      from: { kind: "endpoint", name: "guest/intruder", address: "10.77.0.66" },
      to: { kind: "endpoint", name: "shop/api", address: "10.77.0.12" },
      ...{ protocol: "TCP", port: 8080, overlay: "shop", verdict: "denied", reason: "policy-ingress" },
      egress: {
        ...{ verdict: "allowed", rule: "NetworkPolicy guest/send-anywhere egress[0]" },
        policy: { name: "guest/send-anywhere", file: `${SHOP}/policy-guest.yaml`, line: 2 },
      },
      ingress: {
        ...{ verdict: "denied", rule: "NetworkPolicy shop/api" },
        policy: { name: "shop/api", file: `${SHOP}/policy-shop.yaml`, line: 25 },
      },
      hops: [
        { node: "guest/intruder", role: "endpoint", verdict: "allow" },
        { node: "edge-a", role: "gateway", verdict: "policy-ingress" },
      ],
      changes: [
        {
          ...{ direction: "ingress", subject: "shop/api", denials: [], isDefault: false },
          obstacles: [
            {
              policy: "shop/api",
              file: `${SHOP}/policy-shop.yaml`,
              line: 25,
              rules: [{ rule: "ingress[0]", peer: "app=web in shop" }],
            },
          ],
        },
      ],
      policies: {
        egress: [
          {
            ...{ kind: "NetworkPolicy", name: "guest/send-anywhere", file: `${SHOP}/policy-guest.yaml`, line: 2 },
            ...{ rule: "egress[0]", says: "allow", role: "decides" },
          },
          OVERLAY,
        ],
        ingress: [
          {
            ...{ kind: "NetworkPolicy", name: "shop/api", file: `${SHOP}/policy-shop.yaml`, line: 25 },
            ...{ rule: "", says: "deny", role: "decides" },
          },
          OVERLAY,
        ],
      },
      rejections: [],
    });
  });

  const reasons: { name: string; flow: [string, string, string]; code: number; reason: string; says: RegExp }[] = [
    {
      name: "traffic to oneself",
      flow: ["web", "10.77.0.11", "1"],
      code: 0,
      reason: "self",
      says: /always reaches itself/,
    },
    {
      name: "an outsider who calls",
      flow: ["8.8.8.8", "web", "1"],
      code: 3,
      reason: "unknown-source",
      says: /holds no authorization key/,
    },
    {
      name: "a call to an outsider",
      flow: ["web", "8.8.8.8", "1"],
      code: 0,
      reason: "direct",
      says: /neither carries nor checks it/,
    },
    { name: "UDP", flow: ["web", "api", "8080/udp"], code: 3, reason: "not-carried", says: /carries TCP only/ },
    {
      name: "UDP to an address of the overlay that nobody has",
      flow: ["web", "10.77.9.9", "53/udp"],
      code: 3,
      reason: "not-carried",
      says: /carries TCP only/,
    },
    {
      name: "UDP to an outsider",
      flow: ["web", "8.8.8.8", "53/udp"],
      code: 0,
      reason: "direct",
      says: /neither carries nor checks it/,
    },
    {
      name: "a port of the proxies",
      flow: ["web", "api", "15042"],
      code: 3,
      reason: "destination-forbidden",
      says: /the proxies' own/,
    },
    {
      name: "an address of a member",
      flow: ["10.77.0.11", "10.77.0.12", "tcp/8080"],
      code: 0,
      reason: "allow",
      says: /shop\/web \(10\.77\.0\.11\)/,
    },
    {
      name: "a port by name and protocol",
      flow: ["web", "api", "http/TCP"],
      code: 0,
      reason: "allow",
      says: /8080\/TCP/,
    },
  ];
  test.each(reasons)("$name", async ({ flow, code, reason, says }) => {
    expect(await askJson(...flow)).toMatchObject({ reason });
    expect(await ask(...flow)).toMatchObject({ code, out: expect.stringMatching(says) });
  });
});

describe("refuses with what to do", () => {
  const faults: { name: string; args: string[]; says: RegExp }[] = [
    {
      name: "a misspelled endpoint",
      args: ["shop/wep", "api", "1"],
      says: /there is no endpoint shop\/wep; did you mean shop\/web\?/,
    },
    { name: "a misspelled bare name", args: ["web", "apo", "1"], says: /there is no endpoint apo; did you mean api\?/ },
    {
      name: "a strange name",
      args: ["web", "somebody", "1"],
      says: /write namespace\/name of a pod or an OverlayEndpoint, or an IP address/,
    },
    {
      name: "two outsiders",
      args: ["1.1.1.1", "8.8.8.8", "1"],
      says: /neither 1\.1\.1\.1 nor 8\.8\.8\.8 is an endpoint/,
    },
    { name: "addresses of two families", args: ["web", "2001:db8::1", "1"], says: /no addresses of one family/ },
    { name: "port 0", args: ["web", "api", "0"], says: /ports are 1 to 65535/ },
    { name: "port 65536", args: ["web", "api", "65536"], says: /ports are 1 to 65535/ },
    {
      name: "an unknown protocol",
      args: ["web", "api", "8080/tpc"],
      says: /8080\/tpc is not a port: write 8080, 8080\/tcp/,
    },
    {
      name: "a protocol that is no answer's",
      args: ["web", "api", "8080/icmp"],
      says: /icmp can't be asked about, only TCP, UDP and SCTP/,
    },
    { name: "no port", args: ["web", "api", "tcp"], says: /tcp is not a port/ },
    {
      name: "a misspelled port",
      args: ["web", "api", "htp"],
      says: /shop\/api has no port named htp; did you mean http\?/,
    },
    { name: "a port name of an outsider", args: ["web", "8.8.8.8", "http"], says: /8\.8\.8\.8 has no port named http/ },
    {
      name: "an output that isn't one",
      args: ["web", "api", "1", "-o", "yaml"],
      says: /Allowed choices are text, json/,
    },
  ];
  test.each(faults)("$name", async ({ args: [from = "", to = "", port = "", ...more], says }) => {
    expect(await ask(from, to, port, ...more)).toMatchObject({ code: 2, out: "", error: expect.stringMatching(says) });
  });

  const uses: { name: string; args: string[]; says: RegExp }[] = [
    { name: "an unknown command", args: ["explian"], says: /unknown command 'explian'.*Did you mean explain/s },
    {
      name: "an unknown option",
      args: ["explain", "-f", SHOP, "--from", "a", "--to", "b", "--port", "1", "--form", "a"],
      says: /unknown option '--form'.*Did you mean --from/s,
    },
    { name: "a missing option", args: ["explain", "-f", SHOP], says: /required option '--from <party>' not specified/ },
    {
      name: "a path that isn't there",
      args: ["explain", "-f", "nowhere", "--from", "a", "--to", "b", "--port", "1"],
      says: /nowhere: does not exist/,
    },
  ];
  test.each(uses)("$name", async ({ args, says }) => {
    expect(await sallyport(...args)).toMatchObject({ code: 2, out: "", error: expect.stringMatching(says) });
  });

  test("an Overlay that can't be read", () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "a.yaml"), "apiVersion: sallyport.dev/v1alpha1\nkind: Overlay\nmetadata: {name: a}");
      const result = await sallyport("explain", "-f", folder, "--from", "a", "--to", "b", "--port", "1");
      expect(result).toMatchObject({ code: 2, error: expect.stringContaining("has no Overlay that can be read") });
    }));
});

test("answers for what is left when something is rejected, and says so", () =>
  withFolder(async (folder) => {
    const file = join(folder, "broken.yaml");
    const metadata = "metadata: {namespace: shop, name: extra}";
    await writeFile(
      file,
      `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n${metadata}\nspec: {podSelector: {}, ingres: []}`,
    );
    const result = await sallyport(
      "explain",
      "-f",
      SHOP,
      file,
      "--from",
      "web",
      "--to",
      "api",
      "--port",
      "http",
      "-o",
      "json",
    );
    expect(result.code).toBe(0);
    expect(result.error).toContain(
      `rejected: ${file}:4: NetworkPolicy shop/extra: spec.ingres: is not a known field; did you mean ingress?`,
    );
    expect(JSON.parse(result.out)).toMatchObject({
      verdict: "allowed",
      rejections: [expect.stringContaining("spec.ingres")],
    });
  }));

describe("without an Overlay", () => {
  const objects = `
apiVersion: v1
kind: Pod
metadata: {namespace: a, name: web, labels: {app: web}}
spec: {containers: [{name: c}]}
status: {podIPs: [{ip: 10.0.0.1}]}
---
apiVersion: v1
kind: Pod
metadata: {namespace: a, name: db, labels: {app: db}}
spec: {containers: [{name: c, ports: [{name: dns, containerPort: 53, protocol: UDP}]}]}
status: {podIPs: [{ip: 10.0.0.2}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: a, name: db}
spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: a, name: db-closed}
spec: {podSelector: {matchLabels: {app: db}}}
`;
  const askPods = (...args: string[]) =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "pods.yaml"), objects);
      const { code, out } = await sallyport("explain", "-f", folder, "--from", "web", "--to", "db", ...args);
      return { code, out: out.replaceAll(`${folder}/`, "") };
    });

  test("answers by policy alone, as Kubernetes would", async () => {
    expect(await askPods("--port", "80")).toEqual({
      code: 0,
      out: `ALLOWED  a/web (10.0.0.1) -> a/db (10.0.0.2) port 80/TCP
  Both sides allow it.

  egress of a/web  allowed: no policy selects it, and the overlay allows by default
  ingress of a/db  allowed by NetworkPolicy a/db ingress[0]  (pods.yaml:14)

  Policies about ingress of a/db, in the order they are asked:
    NetworkPolicy a/db ingress[0]  decides: allows  (pods.yaml:14)
    NetworkPolicy a/db-closed      no rule for this flow  (pods.yaml:19)
    the overlay's default          would have allowed`,
    });
  });

  test("of every protocol", async () => {
    const { code, out } = await askPods("--port", "dns");
    expect(code).toBe(3);
    expect(out).toContain("denied: NetworkPolicy a/db isolates it and has no rule for this flow");
    expect(out).toContain("NetworkPolicy a/db-closed  denies too  (pods.yaml:19)");
  });

  test("with the isolation that is asked for", async () => {
    const { code, out } = await askPods("--port", "80", "--isolation", "default-deny");
    expect(code).toBe(3);
    expect(out).toContain("egress of a/web: a NetworkPolicy that selects it and allows this destination and port");
  });
});

describe("the program", () => {
  test("prints help with examples", async () => {
    const { code, out } = await sallyport("--help");
    expect([code, out]).toEqual([0, expect.stringMatching(/Usage: sallyport.*explain.*Examples:.*Exit codes/s)]);
  });

  test("prints help of a command with its exit codes", async () => {
    expect(await sallyport("explain", "--help")).toMatchObject({
      code: 0,
      out: expect.stringContaining("Exit codes: 0 allowed, 3 denied, 2 error."),
    });
  });

  test("prints its version", async () => {
    expect(await sallyport("--version")).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  });
});
