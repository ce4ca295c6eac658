import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { parseAllDocuments } from "yaml";
import { HEALTH_PORT } from "../../controller/model/ports.ts";
import { projectFolder } from "../../controller/node/envoy.ts";
import { until } from "../until.ts";
import { Audit, rightsUsed } from "./audit.ts";
import { create, installNetworkPolicyApi } from "./crds.ts";
import type { Replica } from "./replica.ts";
import { installIstioKinds, MERGE, ShopCluster } from "./shop-cluster.ts";
import { describeWithApiServer } from "./with-api-server.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const USER = "system:serviceaccount:sallyport-system:sallyport";
const API = { apiVersion: "sallyport.dev/v1alpha1" };

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** What is shipped, for this ServiceAccount. */
const shipped = parseAllDocuments(readFileSync(join(projectFolder(), "manifests/install/controller.yaml"), "utf8"))
  .map((document) => document.toJS())
  .filter(({ kind }) => /^(Cluster)?Role(Binding)?$/.test(kind));

const audit = new Audit();

describeWithApiServer(
  "the shipped roles",
  (server) => {
    let cluster: ShopCluster;
    let replica: Replica;

    beforeAll(async () => {
      cluster = await ShopCluster.open(server());
      await installNetworkPolicyApi(server());
      await installIstioKinds(server());
      replica = await cluster.startReplica(await credentials(cluster));
      await cluster.untilLed(replica);
    }, 120_000);
    afterAll(async () => {
      await cluster?.close();
      await rm(audit.folder, { recursive: true, force: true });
    });

    const exists = async (path: string) => (await server().ask("GET", path)).status === 200;

    test("are enough for all that the controller does, and hold nothing that it doesn't use", async () => {
      for (const object of broken) expect((await create(server(), object, "")).status).toBe(201);
      const guard = "/apis/extensions.istio.io/v1alpha1/namespaces/shop/wasmplugins/sallyport-guard";
      await until(() => exists(guard), "the objects to be applied", 30_000);
      for (const [plural, name] of [
        ["flowpolicies", "lost"],
        ["overlayendpoints", "lost"],
        ["overlaygateways", "edge"],
      ] as const)
        await until(async () => (await cluster.condition(plural, name, "Accepted")) !== "", `the status of ${plural}`);
      const filter = "/apis/networking.istio.io/v1alpha3/namespaces/shop/envoyfilters/sallyport";
      await server().ask("PATCH", filter, { spec: { priority: 7 } }, MERGE);
      await until(
        async () => (await server().ask("GET", filter)).body.spec.priority === undefined,
        "the repair",
        20_000,
      );
      await cluster.label("shop", null);
      await until(async () => !(await exists(guard)), "the objects to go", 20_000);
      const rules = "/api/v1/namespaces/shop/configmaps/sallyport-rules";
      await until(async () => !(await exists(rules)), "the last of them to go", 20_000);
      // Streams are in the log when they have ended.
      await replica.end();
      const entries = audit.of(USER);
      expect(entries.filter(({ responseStatus }) => responseStatus?.code === 403)).toEqual([]);
      const granted = shipped.flatMap(({ rules }: { rules?: Rule[] }) => (rules ?? []).flatMap(rightsOf));
      expect(rightsUsed(entries)).toEqual([...new Set(granted)].sort());
    }, 90_000);

    test("let it write no objects of others", async () => {
      const may = async (verb: string, what: string) =>
        (await server().tryKubectl(["auth", "can-i", verb, what, "-n", "shop", "--as", USER])).stdout.trim();
      const asked = ["envoyfilters/sallyport", "envoyfilters/other", "wasmplugins/other", "networkpolicies/other"];
      const answers = await Promise.all(asked.map((what) => may("patch", what)));
      expect([...answers, await may("create", "networkpolicies"), await may("delete", "envoyfilters")]).toEqual([
        "yes",
        "no",
        "no",
        "no",
        "no",
        "no",
      ]);
    }, 30_000);

    test("name what is missing when somebody takes a part away", async () => {
      const role = shipped.find(({ kind }) => kind === "ClusterRole") as { rules: Rule[] };
      const rules = role.rules.map((rule) =>
        rule.resources.includes("envoyfilters") ? { ...rule, verbs: ["list", "watch"] } : rule,
      );
      await server().ask("PATCH", `${RBAC}/clusterroles/sallyport`, { rules }, MERGE);
      await cluster.label("shop", "shop");
      replica = await cluster.startReplica(await credentials(cluster));
      await cluster.untilLed(replica);
      const said = `grant ${USER} the verb patch on envoyfilters.networking.istio.io`;
      const programmed = () => cluster.condition("overlays", "shop", "Programmed");
      await until(async () => (await programmed()).includes(said), "the condition", 20_000);
      expect(await programmed()).toMatch(/^False NotApplied: EnvoyFilter shop\/sallyport can't be applied: /);
      const metrics = await (await fetch(`http://${replica.host}:${HEALTH_PORT}/metrics`)).text();
      expect(metrics).toContain('sallyport_apply_failures_total{kind="EnvoyFilter",reason="forbidden"}');
      await server().ask("PATCH", `${RBAC}/clusterroles/sallyport`, { rules: role.rules }, MERGE);
      await until(async () => /Programming|NoNodes/.test(await programmed()), "it to go on by itself", 30_000);
    }, 90_000);
  },
  audit.flags,
);

const broken = [
  {
    ...API,
    kind: "FlowPolicy",
    metadata: { name: "lost" },
    spec: { overlay: "no", priority: 1, subject: { podSelector: {} }, to: [{ podSelector: {} }], action: "Deny" },
  },
  {
    ...API,
    kind: "OverlayEndpoint",
    metadata: { name: "lost" },
    spec: { overlay: "no", namespace: "shop", addresses: ["127.9.0.9"], identity: "spiffe://cluster.local/x" },
  },
];

/** `VERB RESOURCE.GROUP` for each that the rule grants. */
function rightsOf({ apiGroups, resources, verbs }: Rule): string[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${[resource, group].filter(Boolean).join(".")}`)),
  );
}

/** A kubeconfig of the ServiceAccount, which may do what is shipped. */
async function credentials({ server, folder }: ShopCluster): Promise<string> {
  for (const object of shipped) {
    const plural = `${object.kind.toLowerCase()}s`;
    const place = object.metadata.namespace === undefined ? "" : `/namespaces/${object.metadata.namespace}`;
    const { status } = await server.ask("POST", `${RBAC}${place}/${plural}`, object);
    expect([201, 409]).toContain(status);
  }
  const accounts = "/api/v1/namespaces/sallyport-system/serviceaccounts";
  await server.ask("POST", accounts, { metadata: { name: "sallyport" } });
  const { body } = await server.ask("POST", `${accounts}/sallyport/token`, { spec: { expirationSeconds: 3600 } });
  const ca = join(server.kubeconfig, "..", "ca.crt");
  const config = {
    clusters: [{ name: "c", cluster: { server: `https://127.0.0.1:${server.port}`, "certificate-authority": ca } }],
    users: [{ name: "u", user: { token: body.status.token } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  const file = join(folder, "kubeconfig");
  await writeFile(file, JSON.stringify(config));
  return file;
}
