/** Prints, as JSON, how rollouts of a namespace end. Arguments as those of `RolloutStage`. */
import { Claims } from "./claims.ts";
import { SERVICE } from "./overlay-world.ts";
import { RolloutStage } from "./rollout-stage.ts";

const stage = await RolloutStage.open();
const { mesh, gateway } = stage;
const claims = new Claims();
const FIRST = ["--overlay", "shop", "--timeout", "90", "--observe", "3"];

const shop = (jsonpath: string, kind = "namespace") =>
  mesh.api.kubectl("get", kind, "shop", "-o", `jsonpath={${jsonpath}}`);
const state = async () => ({
  label: await shop(".metadata.labels.sallyport\\.dev/overlay"),
  memory: await shop(".metadata.annotations.sallyport\\.dev/rollout"),
  enforcement: await shop(".spec.enforcement", "overlay"),
  objects: (
    await mesh.api.kubectl(
      "-n",
      "shop",
      "get",
      "cm,envoyfilters,wasmplugins,netpol",
      "-o",
      "name",
      "-l",
      "sallyport.dev/overlay",
    )
  )
    .split("\n")
    .filter(Boolean).length,
});
/** The words that begin lines of steps, each once. */
const steps = (out: string) => [...new Set([...out.matchAll(/^(?:ok {2}) {2}(\w+)/gm)].map(([, step]) => step))];
const failure = (out: string) => /^FAIL {2}(.*)$/m.exec(out)?.[1] ?? "";
const log = (name: string, { out, error }: { out: string; error: string }) => {
  if (process.env.VERBOSE) console.error(`--- ${name}\n${out}\n${error}`);
};

const policy = (from: string) => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: calls, namespace: shop}
spec: {podSelector: {}, policyTypes: [Egress], egress: [{}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: server, namespace: shop}
spec:
  podSelector: {matchLabels: {app: server}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: ${from}}}}], ports: [{port: ${SERVICE.http}}]}]
`;

const CLASH = `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: clash, namespace: shop}
spec:
  configPatches:
  - applyTo: LISTENER
    match: {context: SIDECAR_INBOUND}
    patch:
      operation: ADD
      value:
        name: clash
        address: {socket_address: {address: 0.0.0.0, port_value: 15042}}
        filter_chains: [{filters: [{name: t, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, stat_prefix: t, cluster: BlackHoleCluster}}]}]
`;

/** Asks the server as long as the namespace is observed. */
async function busy(line: string): Promise<void> {
  if (!/^ok {4}(programmed|promote)/.test(line)) return;
  for (let i = 0; i < 10; i++) await stage.ask().catch(() => 0);
}

await claims.see("before, the client reaches the server", () => stage.ask());

await claims.see("a rollout whose flows policy would deny goes back", async () => {
  await mesh.apply(policy("somebody-else"));
  const ran = await stage.rollout(["--audit", ...FIRST], busy);
  log("denied", ran);
  return { code: ran.code, steps: steps(ran.out), failure: failure(ran.out).replace(/\d+/g, "N"), ...(await state()) };
});

await claims.see("a rollout whose configuration a proxy refuses goes back", async () => {
  await mesh.apply(policy("client"));
  const ran = await stage.rollout([...FIRST, "--no-controller"], async (line) => {
    // Somebody takes the tunnel's port meanwhile.
    if (/^ok {4}label .*in place/.test(line)) await mesh.apply(CLASH);
  });
  await mesh.api.kubectl("-n", "shop", "delete", "envoyfilter", "clash");
  log("refused", ran);
  return { code: ran.code, steps: steps(ran.out), failure: failure(ran.out).replace(/\d+/g, "N"), ...(await state()) };
});

await claims.see("afterwards, pods that started again, the client reaches the server past the overlay", async () => {
  const before = await gateway.stat("sallyport.gate.allow");
  return [await stage.ask(), (await gateway.stat("sallyport.gate.allow")) - before];
});

await claims.see("a rollout that audits, promotes", async () => {
  const ran = await stage.rollout(["--audit", ...FIRST], busy);
  log("good", ran);
  return { code: ran.code, steps: steps(ran.out), failure: failure(ran.out), ...(await state()) };
});

await claims.see("then the client reaches the server through the SaP", async () => {
  // A connection that is pooled would tell nothing.
  await stage.restart("client");
  const before = await gateway.stat("sallyport.gate.allow");
  const status = await stage.ask();
  return [status, (await gateway.stat("sallyport.gate.allow")) - before];
});

await claims.see("a rollout that was done says so again", async () => {
  const ran = await stage.rollout(["--overlay", "shop", "--timeout", "30", "--observe", "0"]);
  log("again", ran);
  return { code: ran.code, steps: steps(ran.out), ...(await state()) };
});

await claims.see("leaving leaves nothing behind", async () => {
  const ran = await stage.rollout(["--leave", "--timeout", "90"]);
  log("leave", ran);
  return { code: ran.code, steps: steps(ran.out), ...(await state()), reached: await stage.ask() };
});

await stage.close(claims.outcomes);
