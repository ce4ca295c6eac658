/**
 * Prints, as JSON, what pods become that are created where Istio's injector has Sallyport's template, what their Envoy is
 * told, and what they become when the template is gone. Arguments: kind of lab, folder, MeshTools as JSON, path of Helm.
 */
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { runOrFail, spawnBound } from "../../controller/node/child.ts";
import { currentLab, enterLab } from "../../controller/node/lab-entry.ts";
import type { LabKind } from "../../controller/node/lab-support.ts";
import { withLog } from "../../controller/node/log-file.ts";
import { Lab } from "../../controller/node/namespace.ts";
import { CHART, NAMESPACE } from "../chart/helm.ts";
import { until } from "../until.ts";
import { istiodObjects, type Manifest } from "./injector.ts";
import { CERTIFICATE_FILES } from "./mesh-certificate.ts";
import { MeshPlane } from "./mesh-plane.ts";
import { AT_HOME, createPod } from "./pod-home.ts";
import { Sidecar } from "./sidecar.ts";

const [kind, folder, tools, helm] = process.argv.slice(2) as [LabKind, string, string, string];
if (currentLab() === undefined) process.exit(await enterLab(kind));

const WEBHOOK = ["--set", "istiodRemote.injectionURL=https://localhost:15017/inject"];
const objects = await istiodObjects(helm, folder, [], WEBHOOK);
const config = only(objects, "ConfigMap", "istio-sidecar-injector");
const lab = await Lab.open({ stateFolder: join(folder, "lab") });
const mesh = await MeshPlane.start(JSON.parse(tools), folder, {
  namespaces: ["shop", NAMESPACE],
  objects: stringify(config),
});
await trustIstiod(only(objects, "MutatingWebhookConfiguration", "istio-sidecar-injector"));
await mesh.api.kubectl("label", "namespace", "shop", "istio-injection=enabled");

const usual = await created("usual", {});
const answer = {
  usual: facts(usual),
  out: facts(await created("out", { labels: { "sallyport.dev/overlay": "none" } })),
  asked: facts(await created("asked", { annotations: { "inject.istio.io/templates": "sidecar,sallyport" } })),
  limit: await limitIn(usual, "10.244.1.11"),
  limitBesideAnotherSetting: await limitIn(await annotated("other", { concurrency: 1 }), "10.244.1.13"),
  limitBesideAnotherValue: await limitIn(await annotated("own", { runtimeValues: { a: "1" } }), "10.244.1.14"),
  certificate: await certificateByChart(),
  removed: await removed(),
};
console.log(JSON.stringify(answer));
await mesh.stop();
for (const node of lab.nodes) await lab.removeNode(node);
await lab.close();
process.exit(0);

function only(all: readonly Manifest[], kind: string, name: string): Manifest {
  return all.find((object) => object.kind === kind && object.metadata.name === name);
}

/** In a cluster istiod does this by itself. */
async function trustIstiod(webhooks: Manifest): Promise<void> {
  const root = ["-n", "shop", "get", "configmap", "istio-ca-root-cert", "-o", "jsonpath={.data.root-cert\\.pem}"];
  await until(
    async () => (await mesh.api.tryKubectl(root)).stdout !== "",
    "istiod to publish its root certificate",
    20_000,
  );
  const caBundle = Buffer.from(await mesh.api.kubectl(...root)).toString("base64");
  for (const webhook of webhooks.webhooks) webhook.clientConfig.caBundle = caBundle;
  await mesh.apply(stringify(webhooks));
}

/** What the API server keeps of a pod that is created. */
async function created(name: string, metadata: object): Promise<Manifest> {
  const image = "nothing.invalid/app";
  const spec = {
    serviceAccountName: "default",
    initContainers: [{ name: "migrate", image }],
    containers: [{ name: "app", image }],
  };
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "shop", ...metadata }, spec };
  const { code, stdout, stderr } = await mesh.api.tryKubectl(["create", "-o", "json", "-f", "-"], stringify(pod));
  if (code !== 0) throw new Error(`${name}: ${stderr}`);
  return JSON.parse(stdout);
}

function annotated(name: string, config: object): Promise<Manifest> {
  return created(name, { annotations: { "proxy.istio.io/config": JSON.stringify(config) } });
}

function facts({ spec }: Manifest) {
  const of = (list: { name: string }[]) => list.map(({ name }) => name);
  const rules = spec.volumes.find(({ name }: { name: string }) => name === "sallyport-rules")?.configMap;
  const env = of(proxyOf(spec).env).filter((name) => name.includes("SALLYPORT"));
  return { init: of(spec.initContainers), containers: of(spec.containers), env, optional: rules?.optional ?? null };
}

function proxyOf({ initContainers, containers }: Manifest): Manifest {
  return [...initContainers, ...containers].find(({ name }: { name: string }) => name === "istio-proxy");
}

/** Envoy's limit of early resets in a sidecar that is told what the pod's would be, with the pod's annotations. */
async function limitIn({ metadata, spec }: Manifest, address: string): Promise<unknown> {
  const { value } = proxyOf(spec).env.find(({ name }: { name: string }) => name === "PROXY_CONFIG");
  const name = `web-${metadata.name}`;
  // As the kubelet writes them for the agent.
  const annotations = Object.entries(metadata.annotations).map(([key, text]) => `${key}=${JSON.stringify(text)}\n`);
  const init = async () => {
    const info = join(folder, `pod-${name}`, "etc/istio/pod");
    await mkdir(info, { recursive: true });
    await writeFile(join(info, "annotations"), annotations.join(""));
  };
  // Nothing redirects here: only the agent and its Envoy are started.
  const pod = { namespace: "shop", name, address };
  const sidecar = await Sidecar.start(lab, mesh, pod, { proxyConfig: JSON.parse(value), init });
  const { entries } = JSON.parse(await sidecar.admin("runtime"));
  sidecar.kill();
  return entries["overload.premature_reset_total_stream_count"]?.final_value;
}

/** Whether an istio-agent with the arguments and the environment of the chart's Deployment writes a certificate. */
async function certificateByChart(): Promise<boolean> {
  const shown = ["template", "sallyport", CHART, "-n", NAMESPACE, "--show-only", "templates/deployment.yaml"];
  const { containers } = parse(await runOrFail([helm, ...shown])).spec.template.spec;
  const agent = containers.find(({ name }: { name: string }) => name === "istio-agent");
  const pod = { namespace: NAMESPACE, name: "sallyport", address: "10.244.1.12" };
  const home = join(folder, "chart");
  await createPod(mesh, pod, home);
  const fields: Record<string, string> = {
    "metadata.name": pod.name,
    "metadata.namespace": pod.namespace,
    "status.podIP": pod.address,
    "spec.serviceAccountName": pod.name,
  };
  const env = Object.fromEntries(
    agent.env.map(({ name, value, valueFrom }: Manifest) => [name, value ?? fields[valueFrom.fieldRef.fieldPath]]),
  );
  const certs = join(home, "certs");
  await mkdir(certs);
  const args = agent.args.map((arg: string) => arg.replace("$(POD_NAMESPACE)", NAMESPACE));
  const command = ["unshare", "--mount", "sh", "-c", AT_HOME, home, mesh.tools.agent, ...args];
  const child = withLog(join(folder, "chart.log"), (to) =>
    spawnBound(command, {
      env: { PATH: process.env.PATH, HOME: home, ...env, OUTPUT_CERTS: certs },
      stdio: ["ignore", to, to],
    }),
  );
  try {
    const isThere = async () => CERTIFICATE_FILES.every((file) => existsSync(join(certs, file)));
    await until(isThere, "the chart's istio-agent to write its certificate", 30_000);
    return true;
  } finally {
    child.kill("SIGKILL");
  }
}

/** A pod that is created after Istio was given its own values again. */
async function removed(): Promise<object> {
  const plain = await istiodObjects(helm, folder, undefined, WEBHOOK);
  await mesh.apply(stringify(only(plain, "ConfigMap", "istio-sidecar-injector")));
  let pod: Manifest;
  let count = 0;
  await until(
    async () => {
      pod = await created(`removed-${count++}`, {});
      return !JSON.stringify(pod.spec).includes("sallyport");
    },
    "Istio's injector to forget the template",
    20_000,
  );
  return facts(pod);
}
