import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { parse, stringify } from "yaml";
import { runToEnd } from "../../controller/node/child.ts";
import { ensureHelm } from "../chart/helm.ts";
import { withFolder } from "../folder.ts";
import { BUILD_MS } from "../kube/go-build.ts";
import { injectorArguments, injectorFiles, istiodObjects } from "./injector.ts";
import { ensureTool } from "./tools.ts";
import { describeWithIstio, say } from "./with-istio.ts";

// biome-ignore lint/suspicious/noExplicitAny: Kubernetes' objects, of which a few fields are looked at
type Pod = any;

interface Setting {
  readonly ours?: readonly string[];
  readonly theirs?: readonly string[];
  readonly revision?: string;
  readonly native?: boolean;
}

const TEMPLATES = { "inject.istio.io/templates": "sidecar,sallyport" };
const PREMATURE = "overload.premature_reset_total_stream_count";

function pod(metadata: object = {}, spec: object = {}): Pod {
  return {
    metadata: { labels: { app: "web" }, annotations: TEMPLATES, ...metadata },
    spec: {
      initContainers: [
        { name: "migrate", image: "nothing.invalid/app" },
        { name: "warm", image: "nothing.invalid/app" },
      ],
      containers: [{ name: "app", image: "nothing.invalid/app" }],
      ...spec,
    },
  };
}

const metadata = { name: "web", namespace: "shop" };
const selector = { matchLabels: { app: "web" } };
const KINDS: Readonly<Record<string, (template: Pod) => object>> = {
  Deployment: (template) => ({ apiVersion: "apps/v1", spec: { selector, template } }),
  StatefulSet: (template) => ({ apiVersion: "apps/v1", spec: { serviceName: "web", selector, template } }),
  DaemonSet: (template) => ({ apiVersion: "apps/v1", spec: { selector, template } }),
  // Here istioctl takes annotations from the job, the injector itself from its pods.
  CronJob: (template) => ({
    apiVersion: "batch/v1",
    spec: { schedule: "* * * * *", jobTemplate: { metadata: template.metadata, spec: { template } } },
  }),
};

describeWithIstio("istioctl kube-inject, with the template as the chart prints it,", () => {
  let helm = "";
  let istioctl = "";
  beforeAll(async () => {
    helm = await ensureHelm(say);
    istioctl = await ensureTool("istioctl", say);
  }, BUILD_MS);

  async function injected(object: object, { ours = [], theirs = [], revision, native }: Setting = {}): Promise<Pod> {
    return withFolder(async (folder) => {
      const revised = revision === undefined ? [] : ["--set", `revision=${revision}`];
      const objects = await istiodObjects(helm, folder, ours, [...theirs, ...revised]);
      const offline = await injectorArguments(injectorFiles(objects), folder);
      const input = join(folder, "input.yaml");
      await writeFile(input, stringify(object));
      // Without a revision it would ask a cluster which is the default.
      const argv = [istioctl, "kube-inject", "--revision", revision ?? "default", ...offline, "-f", input];
      const env = { ...process.env, ENABLE_NATIVE_SIDECARS: String(native ?? false) };
      const { code, stdout, stderr } = await runToEnd(argv, "", { env, timeout: 30_000 });
      expect({ code, stderr: stderr.match(/error/i) }).toEqual({ code: 0, stderr: null });
      return parse(stdout.replace(/---\n$/, ""));
    });
  }

  function injectedPod(template: Pod, setting?: Setting): Promise<Pod> {
    const named = { ...metadata, ...template.metadata };
    return injected({ apiVersion: "v1", kind: "Pod", metadata: named, spec: template.spec }, setting);
  }

  const ORDER = [
    { native: false, init: ["sallyport-init", "migrate", "warm", "istio-init"], containers: ["app", "istio-proxy"] },
    { native: true, init: ["istio-init", "istio-proxy", "sallyport-init", "migrate", "warm"], containers: ["app"] },
  ];
  describe.each(ORDER)("native sidecars $native,", ({ native, init, containers }) => {
    test.each(Object.keys(KINDS))("loads the rules of a %s before its own containers run", async (kind) => {
      const { spec } = await injected({ kind, metadata, ...KINDS[kind]?.(pod()) }, { native });
      const podSpec = (spec.jobTemplate?.spec ?? spec).template.spec;
      expect(names(podSpec)).toEqual({ init, containers });
      expect(proxyFacts(podSpec)).toEqual({ uid: "metadata.uid", runtime: { [PREMATURE]: "4000000000" } });
      expect(rulesVolume(podSpec)).toEqual({ name: "sallyport-rules", optional: false });
    });
  });

  test("gives its container what nft needs, and no more", async () => {
    const ours = ["--set", "image.repository=registry.invalid/sp,image.tag=v1,image.pullPolicy=Always"];
    const { spec } = await injectedPod(pod(), { ours });
    const { image, imagePullPolicy, securityContext, resources, volumeMounts } = spec.initContainers[0];
    expect({ image, imagePullPolicy }).toEqual({ image: "registry.invalid/sp:v1", imagePullPolicy: "Always" });
    expect(securityContext).toEqual({
      runAsUser: 0,
      runAsGroup: 0,
      runAsNonRoot: false,
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"], add: ["NET_ADMIN"] },
    });
    expect(resources.limits).toEqual({ memory: "64Mi" });
    expect(volumeMounts).toEqual([{ name: "sallyport-rules", mountPath: "/etc/sallyport", readOnly: true }]);
  });

  test("knows the mesh of a revision", async () => {
    const { metadata, spec } = await injectedPod(pod({ labels: { "istio.io/rev": "1-31" } }), { revision: "1-31" });
    expect(metadata.annotations["istio.io/rev"]).toBe("1-31");
    expect(names(spec).init).toContain("sallyport-init");
    expect(proxyFacts(spec).uid).toBe("metadata.uid");
  });

  test("follows a pod that wants its sidecar otherwise than the mesh", async () => {
    const annotations = { ...TEMPLATES, "sidecar.istio.io/nativeSidecar": "true" };
    const { spec } = await injectedPod(pod({ annotations }));
    expect(names(spec)).toEqual({ init: ORDER[1]?.init, containers: ["app"] });
    expect(proxyFacts(spec).uid).toBe("metadata.uid");
  });

  test("keeps what a pod and the mesh say of Envoy", async () => {
    const config = JSON.stringify({ concurrency: 3, runtimeValues: { "re2.max_program_size.warn_level": "7" } });
    const annotations = { ...TEMPLATES, "proxy.istio.io/config": config };
    const theirs = ["--set", "meshConfig.defaultConfig.tracing.sampling=5"];
    const { spec } = await injectedPod(pod({ annotations }), { theirs });
    expect(JSON.parse(environment(spec, "PROXY_CONFIG").value)).toEqual({
      concurrency: 3,
      tracing: { sampling: 5 },
      runtimeValues: { [PREMATURE]: "4000000000", "re2.max_program_size.warn_level": "7" },
    });
  });

  test("gives a pod that stays out no rules", async () => {
    const { spec } = await injectedPod(pod({ labels: { app: "web", "sallyport.dev/overlay": "none" } }));
    expect(names(spec)).toEqual({ init: ["migrate", "warm", "istio-init"], containers: ["app", "istio-proxy"] });
    expect(rulesVolume(spec)).toBeUndefined();
    // It is told so by its image.
    expect(proxyFacts(spec).uid).toBe("metadata.uid");
  });

  const UNTOUCHED = [
    { name: "a pod in the host's network", template: pod({}, { hostNetwork: true }), injects: false },
    {
      name: "a pod without a sidecar",
      template: pod({ labels: { "sidecar.istio.io/inject": "false" } }),
      injects: false,
    },
    { name: "a pod without the template", template: pod({ annotations: {} }), injects: true },
    {
      name: "a pod of a namespace that the chart leaves out",
      template: pod(),
      injects: true,
      ours: ["--set", "injection.namespaces={pay,guest}"],
    },
  ];
  test.each(UNTOUCHED)("puts nothing into $name", async ({ template, injects, ours = [] }) => {
    const { spec } = await injectedPod(template, { ours });
    expect(names(spec).containers.includes("istio-proxy")).toBe(injects);
    expect(JSON.stringify(spec)).not.toMatch(/sallyport/i);
    expect(JSON.stringify(spec)).not.toContain(PREMATURE);
  });

  test("puts it into a pod of a namespace that the chart names", async () => {
    const { spec } = await injectedPod(pod(), { ours: ["--set", "injection.namespaces={pay,shop}"] });
    expect(names(spec).init).toContain("sallyport-init");
  });
});

function names({ initContainers = [], containers }: Pod) {
  const of = (list: { name: string }[]) => list.map(({ name }) => name);
  return { init: of(initContainers), containers: of(containers) };
}

function proxy({ initContainers = [], containers }: Pod): Pod {
  return [...initContainers, ...containers].find(({ name }) => name === "istio-proxy");
}

function environment(spec: Pod, wanted: string): Pod {
  return proxy(spec).env.find(({ name }: { name: string }) => name === wanted);
}

/** The field that the uid comes from, and Envoy's runtime values. */
function proxyFacts(spec: Pod) {
  return {
    uid: environment(spec, "ISTIO_META_SALLYPORT_POD_UID")?.valueFrom.fieldRef.fieldPath,
    runtime: JSON.parse(environment(spec, "PROXY_CONFIG").value).runtimeValues,
  };
}

function rulesVolume({ volumes = [] }: Pod) {
  return volumes.find(({ name }: { name: string }) => name === "sallyport-rules")?.configMap;
}
