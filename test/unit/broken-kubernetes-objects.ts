/** Pod x/a at 10.0.0.1; fields of `rest` replace these. */
export function pod(rest: object): Record<string, unknown> {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a", namespace: "x" },
    spec: { containers: [] },
    status: { podIPs: [{ ip: "10.0.0.1" }] },
    ...rest,
  };
}

const podStatus = (status: object) => pod({ status });
const containers = (...list: unknown[]) => pod({ spec: { containers: list } });
const port = (port: object) => containers({ ports: [port] });
const node = (metadata: object, addresses: unknown) => {
  return { apiVersion: "v1", kind: "Node", metadata: { name: "n", ...metadata }, status: { addresses } };
};
const endpoint = (spec: object) => {
  const usual = { overlay: "o", namespace: "x", identity: "spiffe://a/b", addresses: ["10.0.0.1"] };
  return {
    apiVersion: "sallyport.dev/v1alpha1",
    kind: "OverlayEndpoint",
    metadata: { name: "a" },
    spec: { ...usual, ...spec },
  };
};
const service = (spec: unknown) => ({ apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec });
const slice = (rest: object) => {
  const usual = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", metadata: { name: "s" } };
  return { ...usual, addressType: "IPv4", ...rest };
};
const closed = ["10.0.0.1"];

/** Objects with one fault, how the message begins, and the addresses that nobody may use. */
export const brokenKubernetesObjects: {
  readonly name: string;
  readonly object: unknown;
  readonly message: RegExp;
  readonly closed?: readonly string[];
}[] = [
  {
    name: "a pod with a bad label",
    object: pod({ metadata: { name: "a", namespace: "x", labels: { app: "-" } } }),
    message: /^a\.json:8: Pod x\/a: metadata\.labels\.app: "-" is not a label value/,
    closed,
  },
  {
    name: "a pod with a number for a label",
    object: pod({ metadata: { name: "a", namespace: "x", labels: { app: 1 } } }),
    message: /metadata\.labels\.app: must be a text, not 1; put it in quotes$/,
    closed,
  },
  {
    name: "a pod of another version",
    object: pod({ apiVersion: "v2" }),
    message: /^a\.json:2: Pod x\/a: apiVersion: must be v1, not "v2"/,
    closed,
  },
  {
    name: "a pod without a name",
    object: pod({ metadata: { namespace: "x" } }),
    message: /: metadata\.name: is required: a text$/,
    closed,
  },
  {
    name: "a pod in a namespace that can't be one",
    object: pod({ metadata: { name: "a", namespace: "X" } }),
    message: /: metadata\.namespace: "X" must be at most 63 lower-case letters/,
    closed,
  },
  {
    name: "a pod with an address that is none",
    object: podStatus({ podIPs: [{ ip: "10.0.0.1" }, { ip: "10.0.0.256" }] }),
    message: /^a\.json:17: Pod x\/a: status\.podIPs\[1\]\.ip: "10\.0\.0\.256" is not an IP address: write 10\.0\.0\.5/,
    closed,
  },
  {
    name: "a pod with a multicast address",
    object: podStatus({ podIP: "224.0.0.1" }),
    message: /: status\.podIP: "224\.0\.0\.1" is not an address of one machine/,
    closed: ["224.0.0.1"],
  },
  {
    name: "a pod with 10,001 addresses",
    object: podStatus({ podIPs: Array(10_001).fill({ ip: "10.0.0.1" }) }),
    message: /: status\.podIPs: has 10001 entries, more than 10000: split it$/,
    closed,
  },
  {
    name: "a pod with addresses that aren't a list",
    object: podStatus({ podIP: "10.0.0.1", podIPs: "10.0.0.2" }),
    message: /: status\.podIPs: must be a list, not "10\.0\.0\.2"$/,
    closed,
  },
  {
    name: "a pod with port 0",
    object: port({ name: "web", containerPort: 0 }),
    message: /: spec\.containers\[0\]\.ports\[0\]\.containerPort: must be a whole number from 1 to 65535, not 0$/,
    closed,
  },
  {
    name: "a pod with a port of another protocol",
    object: port({ name: "web", containerPort: 80, protocol: "tcp" }),
    message: /\.ports\[0\]\.protocol: must be TCP or UDP or SCTP, not "tcp"; did you mean TCP\?$/,
    closed,
  },
  {
    name: "a pod with a port that can't be named so",
    object: port({ name: "Web", containerPort: 80 }),
    message: /\.ports\[0\]\.name: "Web" is not a port name: /,
    closed,
  },
  {
    name: "a pod that may or may not be on the host's network",
    object: pod({ spec: { hostNetwork: "yes" } }),
    message: /: spec\.hostNetwork: must be true or false, not "yes"/,
    closed,
  },
  {
    name: "a broken pod on the host's network, which others use too",
    object: pod({ spec: { hostNetwork: true, containers: 1 } }),
    message: /: spec\.containers: must be a list, not 1$/,
  },
  {
    name: "a broken pod that has ended",
    object: pod({ spec: { containers: 1 }, status: { phase: "Failed", podIP: "10.0.0.1" } }),
    message: /: spec\.containers: must be a list/,
  },
  {
    name: "a node with a bad label",
    object: node({ labels: { "a b": "c" } }, [{ type: "InternalIP", address: "10.0.0.1" }]),
    message: /Node n: metadata\.labels\["a b"\]: "a b" is not a label key/,
    closed,
  },
  {
    name: "a node with an address that is none",
    object: node({}, [
      { type: "InternalIP", address: "n" },
      { type: "ExternalIP", address: "10.0.0.1" },
    ]),
    message: /Node n: status\.addresses\[0\]\.address: "n" is not an IP address/,
    closed,
  },
  {
    name: "an endpoint with a bad port",
    object: endpoint({ ports: [{ name: "a", port: 0 }], addresses: ["10.0.0.1", "FD00::1"] }),
    message: /OverlayEndpoint a: spec\.ports\[0\]\.port: must be a whole number/,
    closed: ["10.0.0.1", "fd00::1"],
  },
  {
    name: "an endpoint without a usable address",
    object: endpoint({ addresses: [7] }),
    message: /OverlayEndpoint a: spec\.addresses\[0\]: must be a text, not 7/,
  },
  {
    name: "a service with a bad port",
    object: service({ ports: [{ port: 80, targetPort: 0 }] }),
    message: /Service s: spec\.ports\[0\]\.targetPort: must be a port from 1 to 65535 or the name of one, not 0$/,
  },
  { name: "a service without spec", object: service(undefined), message: /Service s: spec: is required: a mapping$/ },
  {
    name: "a slice with a bad port",
    object: slice({ ports: [{ port: 65536 }] }),
    message: /EndpointSlice s: ports\[0\]\.port: must be a whole number from 1 to 65535, not 65536$/,
  },
  {
    name: "a slice with endpoints that aren't a list",
    object: slice({ endpoints: {} }),
    message: /EndpointSlice s: endpoints: must be a list, not a mapping$/,
  },
];
