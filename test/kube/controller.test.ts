import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { CODE_PORT, HEALTH_PORT } from "../../controller/model/ports.ts";
import { projectFolder } from "../../controller/node/envoy.ts";
import { until } from "../until.ts";
import { create } from "./crds.ts";
import type { Replica } from "./replica.ts";
import { INJECTED, installIstioKinds, MERGE, ShopCluster } from "./shop-cluster.ts";
import { describeWithApiServer } from "./with-api-server.ts";

const FILTERS = "/apis/networking.istio.io/v1alpha3/namespaces/shop/envoyfilters";
const PLUGINS = "/apis/extensions.istio.io/v1alpha1/namespaces/shop/wasmplugins";
const POLICIES = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies";

describeWithApiServer("the controller", (server) => {
  let cluster: ShopCluster;
  let replica: Replica;
  let web: string;

  beforeAll(async () => {
    cluster = await ShopCluster.open(server());
    web = await cluster.makePod("web-1", "127.9.0.1");
    await cluster.makePod("web-2", "127.9.0.2");
    replica = await cluster.startReplica();
    await cluster.untilLed(replica);
  }, 60_000);
  afterAll(() => cluster?.close());

  const exists = async (path: string) => (await server().ask("GET", path)).status === 200;
  const page = async (path: string) => {
    const response = await fetch(`http://${replica.host}:${HEALTH_PORT}${path}`);
    return `${response.status} ${await response.text()}`;
  };

  test("serves a pod its image, and nobody else", async () => {
    const own = await cluster.image(replica, web, "127.9.0.1");
    expect([own.status, own.body.length > 100]).toEqual([200, true]);
    const strangers = [
      await cluster.image(replica, web, "127.9.0.1", { identity: "spiffe://cluster.local/ns/shop/sa/db" }),
      await cluster.image(replica, web, "127.9.0.2"),
      await cluster.image(replica, "0123456789abcdef", "127.9.0.1"),
    ];
    expect(strangers.map(({ status }) => status)).toEqual([403, 403, 404]);
    await until(() => replica.lines.some((line) => line.includes("reason=other-address")), "the refusal to be said");
  });

  test("serves a pod that alone has its service account at its own address only", async () => {
    const spec = { ...INJECTED, serviceAccountName: "alone" };
    const identity = "spiffe://cluster.local/ns/shop/sa/alone";
    const alone = await cluster.makePod("alone", "127.9.0.20", { spec });
    await until(
      async () => (await cluster.image(replica, alone, "127.9.0.20", { identity })).status === 200,
      "an image",
    );
    expect((await cluster.image(replica, alone, "127.9.0.21", { identity })).status).toBe(403);
    await server().ask("DELETE", "/api/v1/namespaces/shop/pods/alone", { gracePeriodSeconds: 0 });
    await until(
      async () => (await cluster.image(replica, alone, "127.9.0.20", { identity })).status === 404,
      "its end",
    );
  });

  test("serves the filters' code by its digest", async () => {
    const code = readFileSync(join(projectFolder(), "build/wasm/endpoint.wasm"));
    const digest = createHash("sha256").update(code).digest("hex");
    const response = await fetch(`http://${replica.host}:${CODE_PORT}/filters/${digest}/endpoint.wasm`);
    expect(Buffer.from(await response.arrayBuffer()).equals(code)).toBe(true);
  });

  test("tells probes and Prometheus how it is", async () => {
    expect([await page("/healthz"), await page("/readyz")]).toEqual(["200 ok\n", "200 ready\n"]);
    const metrics = await page("/metrics");
    for (const line of [
      "sallyport_leader 1",
      'sallyport_nodes{overlay="shop"} 3',
      'sallyport_image_refusals_total{reason="other-node"} 1',
      'sallyport_reflector_state{kind="Pod",state="watching"} 1',
      'sallyport_reflector_state{kind="own EnvoyFilter",state="missing"} 1',
      'sallyport_reflector_objects{kind="Pod"} 2',
      'sallyport_compile_seconds_count{overlay="shop"}',
      'sallyport_apply_failures_total{kind="EnvoyFilter",reason="missing"}',
      "sallyport_certificate_not_after_seconds",
    ])
      expect(metrics).toContain(line);
  });

  test("says that Istio is missing, and goes on by itself when it is there", async () => {
    const said =
      "False NotApplied: EnvoyFilter shop/sallyport can't be applied: the API server doesn't know EnvoyFilter";
    await until(async () => (await cluster.condition("overlays", "shop", "Programmed")).startsWith(said), said);
    await until(
      async () => (await cluster.events("shop")).some((event) => event.startsWith("NotApplied Namespace/shop")),
      "the Event",
    );
    // What pins pods to a tunnel must not come before the tunnel.
    expect(await exists(`${POLICIES}/sallyport`)).toBe(false);
    await installIstioKinds(server());
    await until(() => exists(`${PLUGINS}/sallyport-guard`), "the objects to be applied", 20_000);
    expect([await exists(`${FILTERS}/sallyport`), await exists(`${POLICIES}/sallyport`)]).toEqual([true, true]);
  });

  test("says in conditions how many nodes run their image", async () => {
    const condition = () => cluster.condition("overlays", "shop", "Programmed");
    await until(async () => /^False Programming: 0 of 3 nodes run generation/.test(await condition()), "no node");
    const client = await cluster.client(replica.host, "spiffe://cluster.local/ns/shop/sa/web", "127.9.0.1");
    const first = await client?.get(`/v1/nodes/${web}/image?have=0&worker=1`);
    void client?.get(`/v1/nodes/${web}/image?have=${first?.generation}&worker=1`);
    await until(async () => /^False Programming: 1 of 3 nodes/.test(await condition()), "one node");
    client?.close();
    await until(async () => /^False Programming: 0 of 3 nodes/.test(await condition()), "its end");
    expect(await cluster.condition("overlays", "shop", "Accepted")).toBe("True Accepted: in use");
    expect(await cluster.condition("overlaygateways", "edge", "Programmed")).toMatch(/0 of 1 nodes/);
  });

  describe("that has applied its objects", () => {
    const edits = [
      {
        name: "a selector that takes pods out",
        path: `${FILTERS}/sallyport`,
        patch: { spec: { workloadSelector: { labels: { a: "b" } } } },
      },
      { name: "a rule that lets others in", path: `${POLICIES}/sallyport`, patch: { spec: { ingress: [{}] } } },
      {
        name: "a guard that fails open",
        path: `${PLUGINS}/sallyport-guard`,
        patch: { spec: { failStrategy: "FAIL_OPEN" } },
      },
      {
        name: "a label by which istiod passes it over",
        path: `${PLUGINS}/sallyport-guard`,
        patch: { metadata: { labels: { "istio.io/rev": "none" } } },
      },
      {
        name: "a label that hides it",
        path: `${PLUGINS}/sallyport-guard`,
        patch: { metadata: { labels: { "app.kubernetes.io/managed-by": "me" } } },
      },
    ];
    test.each(edits)("repairs $name", async ({ path, patch }) => {
      const before = (await server().ask("GET", path)).body;
      const { status } = await server().ask("PATCH", path, patch, MERGE);
      expect(status).toBe(200);
      const isAsBefore = async () => {
        const { body } = await server().ask("GET", path);
        return (
          JSON.stringify([body.spec, body.metadata.labels]) === JSON.stringify([before.spec, before.metadata.labels])
        );
      };
      await until(isAsBefore, "the repair", 10_000);
    });

    test("makes again what somebody deletes", async () => {
      await server().ask("DELETE", `${FILTERS}/sallyport`);
      await until(() => exists(`${FILTERS}/sallyport`), "the EnvoyFilter", 10_000);
    });

    test("writes nothing when nothing has to change", async () => {
      const before = await page("/metrics");
      await server().ask("PATCH", "/api/v1/namespaces/shop/pods/web-2", { metadata: { labels: { tier: "x" } } }, MERGE);
      const counted = (text: string) => /sallyport_compile_seconds_count.* (\d+)/.exec(text)?.[1];
      await until(async () => counted(await page("/metrics")) !== counted(before), "the change to be decided");
      const written = (text: string) => text.match(/^sallyport_objects_.*$/gm);
      expect(written(await page("/metrics"))).toEqual(written(before));
    });

    test("takes the NetworkPolicy away while the Overlay audits, and no more", async () => {
      const overlay = "/apis/sallyport.dev/v1alpha1/overlays/shop";
      await server().ask("PATCH", overlay, { spec: { enforcement: "Audit" } }, MERGE);
      await until(async () => !(await exists(`${POLICIES}/sallyport`)), "it to go", 10_000);
      expect([await exists(`${FILTERS}/sallyport`), await exists(`${PLUGINS}/sallyport-guard`)]).toEqual([true, true]);
      await server().ask("PATCH", overlay, { spec: { enforcement: "Enforce" } }, MERGE);
      await until(() => exists(`${POLICIES}/sallyport`), "it to come back", 10_000);
    });

    test("keeps them while the label names no Overlay, and says so", async () => {
      await cluster.label("shop", "shpo");
      const said = (event: string) =>
        event.startsWith("UnknownOverlay Namespace/shop: the label") && event.includes("shpo");
      await until(async () => (await cluster.events("shop")).some(said), "the Event");
      expect(await exists(`${FILTERS}/sallyport`)).toBe(true);
    });

    test("takes them away when the label goes, and brings them with it", async () => {
      await cluster.label("shop", null);
      await until(async () => !(await exists(`${FILTERS}/sallyport`)), "the objects to go");
      expect([await exists(`${PLUGINS}/sallyport-guard`), await exists(`${POLICIES}/sallyport`)]).toEqual([
        false,
        false,
      ]);
      expect((await cluster.image(replica, web, "127.9.0.1")).status).toBe(404);
      await cluster.label("shop", "shop");
      await until(() => exists(`${PLUGINS}/sallyport-guard`), "the objects to come");
    });
  });

  test("gives the nodes that it concerns a newer image when policy changes", async () => {
    await until(async () => (await cluster.image(replica, web, "127.9.0.1")).status === 200, "an image");
    const { generation = "" } = await cluster.image(replica, web, "127.9.0.1");
    const waiting = cluster.image(replica, web, "127.9.0.1", { have: generation });
    const spec = { podSelector: { matchLabels: { app: "web-1" } }, ingress: [{ ports: [{ port: 80 }] }] };
    const began = Date.now();
    await server().ask("POST", POLICIES, { metadata: { name: "web" }, spec });
    const answer = await waiting;
    expect([answer.status, BigInt(answer.generation as string) > BigInt(generation)]).toEqual([200, true]);
    expect(Date.now() - began).toBeLessThan(2000);
  });

  test("says in a condition and an Event what is wrong with an object", async () => {
    const spec = { overlay: "shop", namespace: "shop", addresses: ["fd00::1", "FD00::1"], identity: "spiffe://c.l/x" };
    const vm = { apiVersion: "sallyport.dev/v1alpha1", kind: "OverlayEndpoint", metadata: { name: "vm" }, spec };
    expect((await create(server(), vm, "")).status).toBe(201);
    const wrong = 'spec.addresses[1] repeats "fd00::1": remove it';
    await until(
      async () => (await cluster.condition("overlayendpoints", "vm", "Accepted")) === `False Invalid: ${wrong}`,
      "the condition",
    );
    await until(
      async () => (await cluster.events("default")).includes(`Invalid OverlayEndpoint/vm: ${wrong}`),
      "the Event",
    );
  });

  test("says which pods stay aside, and why", async () => {
    const app = { containers: [{ name: "app", image: "i" }] };
    const proxied = { containers: [...app.containers, { name: "istio-proxy", image: "i" }] };
    await cluster.makePod("bare", "127.9.0.3", { spec: app });
    await cluster.makePod("half", "127.9.0.4", { spec: proxied });
    await cluster.makePod("host", "127.9.0.5", { spec: { ...app, hostNetwork: true } });
    const early = await cluster.makePod("early", "127.9.0.6", { says: "no rules: this namespace isn't opted in\n" });
    const reasons = ["HostNetwork", "NoInitContainer", "NoRules", "NoSidecar"];
    const said = async () => (await cluster.events("shop")).map((event) => event.split(" ")[0] as string);
    await until(
      async () => (await said()).filter((reason) => reasons.includes(reason)).join() === reasons.join(),
      "Events",
    );
    expect((await cluster.image(replica, early, "127.9.0.6")).status).toBe(404);
  });

  test("is not disturbed by a namespace that is being deleted", async () => {
    await cluster.makeNamespace("brief", {});
    await server().ask("DELETE", "/api/v1/namespaces/brief");
    const failures = /^sallyport_apply_failures_total.*$/gm;
    const before = (await page("/metrics")).match(failures);
    await cluster.label("brief", "shop");
    const decided = (text: string) => Number(/sallyport_compile_seconds_count.* (\d+)/.exec(text)?.[1]);
    const then = decided(await page("/metrics"));
    await cluster.label("brief", "shop2");
    await until(async () => decided(await page("/metrics")) > then, "it to be seen");
    expect((await page("/metrics")).match(failures)).toEqual(before);
  });

  test("names both of two Overlays that have one id, and goes on when one is gone", async () => {
    const twin = {
      apiVersion: "sallyport.dev/v1alpha1",
      kind: "Overlay",
      metadata: { name: "twin" },
      spec: { id: 7, cidr: ["127.64.0.0/10"], path: ["edge"] },
    };
    expect((await create(server(), twin, "")).status).toBe(201);
    const accepted = (name: string) => cluster.condition("overlays", name, "Accepted");
    await until(async () => (await accepted("shop")).includes("7 is the id of overlay twin too"), "the first");
    await until(async () => (await accepted("twin")).includes("7 is the id of overlay shop too"), "the second");
    expect(await exists(`${FILTERS}/sallyport`)).toBe(true);
    await server().ask("DELETE", "/apis/sallyport.dev/v1alpha1/overlays/twin");
    await until(async () => (await accepted("shop")) === "True Accepted: in use", "the first alone");
    await until(async () => (await cluster.image(replica, web, "127.9.0.1")).status === 200, "its images");
  });

  test("slows down when somebody undoes its work again and again", async () => {
    const path = `${PLUGINS}/sallyport-guard`;
    const repairs = async () => {
      const found = /sallyport_objects_repaired_total\{kind="WasmPlugin"\} (\d+)/.exec(await page("/metrics"));
      return Number(found?.[1] ?? 0);
    };
    const before = await repairs();
    const end = Date.now() + 4000;
    const undo = async () => {
      await server().ask("PATCH", path, { spec: { failStrategy: "FAIL_OPEN" } }, MERGE);
      return Date.now() > end;
    };
    await until(undo, "the quarrel to end", 6000);
    expect((await repairs()) - before).toBeLessThan(10);
    const isRepaired = async () => (await server().ask("GET", path)).body.spec.failStrategy === "FAIL_CLOSE";
    await until(isRepaired, "the last repair", 15_000);
  }, 30_000);

  test("shows nobody a master key", async () => {
    const secret = await server().ask("GET", "/api/v1/namespaces/sallyport-system/secrets/sallyport-shop");
    const key = Buffer.from(secret.body.data["master.key"], "base64");
    expect(key).toHaveLength(32);
    const kinds = "sallyport,events,configmaps,envoyfilters,wasmplugins,networkpolicies,leases,endpointslices";
    const objects = await server().kubectl("get", kinds, "-A", "-o", "yaml");
    const shown = [objects, await page("/metrics"), ...replica.lines].join("\n");
    expect(shown).toContain("sallyport-guard");
    for (const encoding of ["hex", "base64", "base64url"] as const)
      expect(shown.includes(key.toString(encoding).replace(/=+$/, ""))).toBe(false);
  });

  test("leaves when it is told to, and lets others lead at once", async () => {
    const waiting = cluster.image(replica, web, "127.9.0.1", { have: "18446744073709551615" });
    await until(async () => /sallyport_polls_waiting 1/.test(await page("/metrics")), "the poll to wait");
    const began = Date.now();
    expect(await replica.end()).toBe(0);
    expect((await waiting).status).toBe(0);
    expect(Date.now() - began).toBeLessThan(3000);
    const lease = "/apis/coordination.k8s.io/v1/namespaces/sallyport-system/leases/sallyport";
    expect((await server().ask("GET", lease)).body.spec.holderIdentity ?? "").toBe("");
    expect(replica.lines.filter((line) => /error|undefined|\[object/i.test(line))).toEqual([]);
  });
});
