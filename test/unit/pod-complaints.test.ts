import { expect, test } from "@jest/globals";
import { podComplaint } from "../../controller/operator/pod-complaints.ts";

const app = { name: "app" };
const proxy = { name: "istio-proxy" };
const init = { name: "sallyport-init" };
const spec = { containers: [app, proxy], initContainers: [init] };
const excluding = (what: string, value: string) => ({ annotations: { [`traffic.sidecar.istio.io/${what}`]: value } });

const table = [
  { name: "with all that it needs", spec, want: undefined },
  {
    name: "whose sidecar is an init container",
    spec: { containers: [app], initContainers: [init, proxy] },
    want: undefined,
  },
  { name: "that has ended", spec: { containers: [app] }, status: { phase: "Succeeded" }, want: undefined },
  { name: "without a sidecar", spec: { containers: [app], initContainers: [init] }, want: "NoSidecar" },
  { name: "without the init container", spec: { containers: [app, proxy] }, want: "NoInitContainer" },
  { name: "whose init container comes as another", spec: { containers: [app, proxy, init] }, want: "NoInitContainer" },
  { name: "on its node's network", spec: { ...spec, hostNetwork: true }, want: "HostNetwork" },
  { name: "that excludes ports", spec, metadata: excluding("excludeOutboundPorts", "5432"), want: "CaptureExcluded" },
  { name: "that excludes no port", spec, metadata: excluding("excludeOutboundPorts", ""), want: undefined },
  {
    name: "that excludes blocks",
    spec,
    metadata: excluding("excludeOutboundIPRanges", "10.0.0.0/8"),
    want: "CaptureExcluded",
  },
  { name: "that holds nonsense", spec: { containers: "many" }, want: "NoSidecar" },
];

test.each(table)("a pod $name is complained about: $want", ({ spec, metadata = {}, status = {}, want }) => {
  expect(podComplaint({ metadata, spec, status })?.reason).toBe(want);
});
