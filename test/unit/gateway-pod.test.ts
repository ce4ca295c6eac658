import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parseAllDocuments } from "yaml";
import { withFolder } from "../folder.ts";
import { sallyport } from "../sallyport.ts";

/** What the chart makes of a gateway, and what the controller makes for its pods, must fit together. */
// biome-ignore lint/suspicious/noExplicitAny: Kubernetes objects, of which a few fields are looked at
type Loose = any;

const objects = parseAllDocuments(readFileSync("manifests/install/gateway-edge.yaml", "utf8")).map((document) =>
  document.toJS(),
) as Loose[];
const ofKind = (kind: string) => objects.find((object) => object?.kind === kind);
const pod: Loose = ofKind("Deployment").spec.template;
const container = (name: string) => pod.spec.containers.find((one: Loose) => one.name === name);
const { OverlayGateway: gateway } = Object.fromEntries(objects.map((object) => [object?.kind, object]));

function configMap(): Promise<Loose> {
  const overlay = `apiVersion: sallyport.dev/v1alpha1
kind: Overlay
metadata: {name: ${gateway.spec.overlays[0]}}
spec: {id: 1, cidr: [10.0.0.0/8], path: [${gateway.metadata.name}]}
---
`;
  return withFolder(async (folder) => {
    await writeFile(join(folder, "world.yaml"), overlay + JSON.stringify(gateway));
    const { out, error } = await sallyport("render", "-f", folder, "--namespace", gateway.spec.service.namespace);
    expect(error).toBe("");
    return parseAllDocuments(out)[0]?.toJS();
  });
}

describe("a gateway's pod", () => {
  test("is what its Service, its gateway and its budget select", () => {
    const [service, budget] = [ofKind("Service"), ofKind("PodDisruptionBudget")];
    expect(pod.metadata.labels).toMatchObject(service.spec.selector);
    expect(budget.spec.selector.matchLabels).toEqual(service.spec.selector);
    expect(service.spec.selector).toEqual({ "sallyport.dev/gateway": gateway.metadata.name });
    expect(service.spec).toMatchObject({ clusterIP: "None", publishNotReadyAddresses: false });
    expect(gateway.spec.service).toEqual({ namespace: service.metadata.namespace, name: service.metadata.name });
    const { serviceAccountName } = pod.spec;
    expect(gateway.spec.identity).toContain(`/ns/${service.metadata.namespace}/sa/${serviceAccountName}`);
  });

  test("has everything where Envoy's bootstrap looks for it", async () => {
    const { metadata, data } = await configMap();
    const volumes = new Map(pod.spec.volumes.map((volume: Loose) => [volume.name, volume]));
    const mounts: { name: string; mountPath: string; readOnly?: boolean }[] = container("gateway").volumeMounts;
    const at = (path: string) => mounts.find(({ mountPath }) => path.startsWith(`${mountPath}/`));
    const bootstrap = JSON.parse(data["bootstrap.json"]);
    expect(volumes.get(at("/etc/sallyport/bootstrap.json")?.name)).toMatchObject({
      configMap: { name: metadata.name },
    });
    const followed = Object.values(data as Record<string, string>).flatMap((text) => [
      ...text.matchAll(/"path": "\/etc\/sallyport\/(.+)"/g),
    ]);
    const names = new Set(followed.map(([, name]) => name));
    expect([...names].sort()).toEqual(
      Object.keys(data)
        .filter((name) => name !== "bootstrap.json")
        .sort(),
    );
    expect(at(bootstrap.admin.address.pipe.path)?.readOnly).toBeUndefined();
    const certificates = at("/var/run/sallyport/certs/key.pem");
    expect(certificates?.readOnly).toBe(true);
    const agent = container("istio-agent");
    const output = agent.env.find(({ name }: Loose) => name === "OUTPUT_CERTS").value;
    expect(agent.volumeMounts).toContainEqual({ name: certificates?.name, mountPath: output });
    expect(data["sds-certificate.json"]).toContain(`"${output}/key.pem"`);
  });

  test("lives longer than its flows may, and needs no privilege", () => {
    const { env, securityContext, readinessProbe } = container("gateway");
    const drain = Number(env.find(({ name }: Loose) => name === "SALLYPORT_DRAIN").value);
    expect(pod.spec.terminationGracePeriodSeconds).toBeGreaterThan(drain + 5);
    expect(securityContext).toMatchObject({ capabilities: { drop: ["ALL"] }, readOnlyRootFilesystem: true });
    expect(readinessProbe.httpGet).toEqual({ path: "/readyz", port: "health" });
    expect(container("gateway").ports).toContainEqual({ name: "health", containerPort: 15046 });
  });

  test("is known to all before another one goes", () => {
    const { minReadySeconds, strategy } = ofKind("Deployment").spec;
    // Envoys ask every 30 to 35 s; DNS may remember for 30 s.
    expect(minReadySeconds).toBeGreaterThan(65);
    expect(strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
  });
});
