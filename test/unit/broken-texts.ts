/** A document of our own kinds; `spec` lines are indented here. */
export function object(kind: string, ...spec: string[]): string {
  return [
    "apiVersion: sallyport.dev/v1alpha1",
    `kind: ${kind}`,
    "metadata:",
    "  name: x",
    "spec:",
    ...spec.map((line) => `  ${line}`),
  ].join("\n");
}

export const overlay = (...more: string[]) => object("Overlay", "id: 7", "cidr: [10.77.0.0/16]", "path: [a]", ...more);
export const gateway = (...more: string[]) =>
  object("OverlayGateway", "overlays: [shop]", "identity: spiffe://shop.example/gateway/a", ...more);
export const endpoint = (...more: string[]) =>
  object(
    "OverlayEndpoint",
    "overlay: shop",
    "namespace: shop",
    "identity: spiffe://shop.example/ns/shop/sa/web",
    ...more,
  );
export const policy = (name: string, spec: string) =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {namespace: shop, name: ${name}}\nspec: ${spec}`;

/** YAML with one fault or two, and what is said of it as a file named a.yaml. */
export const brokenTexts: { name: string; text: string; want: (string | RegExp)[] }[] = [
  { name: "a syntax error", text: "a: 1\nb: [\n", want: [/^a\.yaml:3: is not valid YAML: /] },
  { name: "a tab", text: "a:\n\tb: 1", want: [/^a\.yaml:2: is not valid YAML: Tabs/] },
  {
    name: "a repeated key",
    text: "a: 1\nb:\n  - c: 1\n    c: 2",
    want: ['a.yaml:4: is not valid YAML: the key "c" is there twice: remove one'],
  },
  {
    name: "an error in the second document",
    text: `${overlay()}\n---\na: ]`,
    want: [/^a\.yaml:10: is not valid YAML: /],
  },
  { name: "a key that is a list", text: "? [a]\n: 1", want: ["a.yaml:1: is not valid YAML: a key must be one word"] },
  { name: "an unknown alias", text: "a: *b", want: [/^a\.yaml:1: has aliases that can't be followed: /] },
  {
    name: "too many aliases",
    text: `a: &a [x]\nb: [${"*a,".repeat(101)}]`,
    want: [/^a\.yaml:1: has aliases that can't be followed: /],
  },
  { name: "deep nesting", text: "[".repeat(20_000), want: ["a.yaml:1: is nested too deeply to be read"] },
  {
    name: "a million lines",
    text: "\n".repeat(1_000_001),
    want: [/^a\.yaml:1: has more than 1000000 lines and entries/],
  },
  {
    name: "text",
    text: "hello",
    want: ['a.yaml:1: must be an object with apiVersion, kind and metadata, not "hello"'],
  },
  {
    name: "a list",
    text: "- 1",
    want: ["a.yaml:1: must be an object with apiVersion, kind and metadata, not a list"],
  },
  {
    name: "no kind",
    text: "\nmetadata: {name: x}",
    want: [/^a\.yaml:2: x: kind: is required: Overlay, .*, EndpointSlice or List$/],
  },
  {
    name: "a misspelled kind",
    text: "kind: NetworkPolcy",
    want: ['a.yaml:1: NetworkPolcy: kind: "NetworkPolcy" is not a kind that is read here; did you mean NetworkPolicy?'],
  },
  {
    name: "another kind",
    text: "kind: Deployment",
    want: [/"Deployment" is not a kind that is read here: remove it, or use Overlay, /],
  },
  {
    name: "a List without items",
    text: "apiVersion: v1\nkind: List",
    want: ["a.yaml:1: List: items: must be a list of objects, in a List of apiVersion v1"],
  },
  {
    name: "an item of a List",
    text: "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata:\n    name: A\n",
    want: [/^a\.yaml:7: Namespace A: metadata\.name: "A" must be at most 63 lower-case letters/],
  },
  {
    name: "a wrong apiVersion",
    text: overlay().replace("v1alpha1", "v1"),
    want: ['a.yaml:1: Overlay x: apiVersion: must be sallyport.dev/v1alpha1, not "sallyport.dev/v1"'],
  },
  {
    name: "no metadata",
    text: "apiVersion: v1\nkind: Namespace",
    want: ["a.yaml:1: Namespace: metadata: is required: a mapping"],
  },
  {
    name: "a name with capitals",
    text: overlay().replace("name: x", "name: Shop"),
    want: [/^a\.yaml:4: Overlay Shop: metadata\.name: "Shop" must be at most 253 /],
  },
  {
    name: "a number for a name",
    text: overlay().replace("name: x", "name: 7"),
    want: ["a.yaml:4: Overlay: metadata.name: must be a text, not 7; put it in quotes"],
  },
  {
    name: "a namespace for a cluster-scoped kind",
    text: overlay().replace("name: x", "name: x\n  namespace: y"),
    want: ["a.yaml:5: Overlay y/x: metadata.namespace: must be removed: objects of this kind belong to no namespace"],
  },
  {
    name: "an unknown field",
    text: overlay("isolatoin: DefaultDeny"),
    want: ["a.yaml:9: Overlay x: spec.isolatoin: is not a known field; did you mean isolation?"],
  },
  {
    name: "two unknown fields",
    text: overlay("a: 1", "b: 1"),
    want: [/a\.yaml:9: .*spec\.a: is not a known field/, /a\.yaml:10: .*spec\.b: /],
  },
  {
    name: "a missing field",
    text: object("Overlay", "id: 7", "path: [a]"),
    want: ["a.yaml:5: Overlay x: spec.cidr: is required: a list"],
  },
  {
    name: "id 0",
    text: overlay().replace("id: 7", "id: 0"),
    want: ["a.yaml:6: Overlay x: spec.id: must be a whole number from 1 to 16777215, not 0"],
  },
  {
    name: "id 2^24",
    text: overlay().replace("id: 7", "id: 16777216"),
    want: [/spec\.id: must be a whole number from 1 to 16777215, not 16777216/],
  },
  {
    name: "an id in quotes",
    text: overlay().replace("id: 7", 'id: "7"'),
    want: [/spec\.id: must be a whole number from 1 to 16777215, not "7"/],
  },
  {
    name: "a cidr that is text",
    text: overlay().replace("[10.77.0.0/16]", "10.77.0.0/16"),
    want: ['a.yaml:7: Overlay x: spec.cidr: must be a list, not "10.77.0.0/16"'],
  },
  {
    name: "a cidr with host bits",
    text: overlay().replace("77.0.0/16", "77.0.1/16"),
    want: ['a.yaml:7: Overlay x: spec.cidr[0]: "10.77.0.1/16" has bits set after the prefix: write 10.77.0.0/16'],
  },
  {
    name: "an empty path",
    text: overlay().replace("[a]", "[]"),
    want: [
      "a.yaml:8: Overlay x: spec.path: must have 1 to 8 entries, not 0: the gateways that a flow passes, in order",
    ],
  },
  {
    name: "nine gateways",
    text: overlay().replace("[a]", "[a, b, c, d, e, f, g, h, i]"),
    want: [/spec\.path: must have 1 to 8 entries, not 9/],
  },
  {
    name: "a gateway twice",
    text: overlay().replace("[a]", "\n  - a\n  - a"),
    want: ['a.yaml:10: Overlay x: spec.path[1]: repeats "a": remove it'],
  },
  {
    name: "an isolation that isn't one",
    text: overlay("isolation: kubernetes"),
    want: [
      'a.yaml:9: Overlay x: spec.isolation: must be DefaultDeny or Kubernetes, not "kubernetes"; did you mean Kubernetes?',
    ],
  },
  {
    name: "epochs of 4 s",
    text: overlay("keys: {epochSeconds: 4}"),
    want: ["a.yaml:9: Overlay x: spec.keys.epochSeconds: must be a whole number from 5 to 604800, not 4"],
  },
  {
    name: "a horizon of 0 and of 49",
    text: `${overlay("keys: {horizon: 0}")}\n---\n${overlay("keys: {horizon: 49}")}`,
    want: [/from 1 to 48, not 0/, /from 1 to 48, not 49/],
  },
  {
    name: "key generation 256",
    text: overlay("keys: {keyGeneration: 256}"),
    want: [/keyGeneration: must be a whole number from 0 to 255/],
  },
  {
    name: "a replica without port",
    text: gateway("addresses:", "- 10.0.0.1:1", "- 10.0.0.1"),
    want: [
      'a.yaml:10: OverlayGateway x: spec.addresses[1]: "10.0.0.1" is not an address with a port: write 10.0.0.5:15042 or [2001:db8::5]:15042',
    ],
  },
  {
    name: "a replica with a name",
    text: gateway("addresses: ['edge:15042']"),
    want: [/"edge:15042" is not an address with a port/],
  },
  {
    name: "a replica at port 65536",
    text: gateway("addresses: ['10.0.0.1:65536']"),
    want: [/has no port from 1 to 65535/],
  },
  {
    name: "a gateway nowhere",
    text: gateway(),
    want: ["a.yaml:5: OverlayGateway x: spec: has neither addresses nor service: write one of them"],
  },
  {
    name: "a gateway in two places",
    text: gateway("addresses: ['10.0.0.1:1']", "service: {namespace: a, name: b}"),
    want: ["a.yaml:5: OverlayGateway x: spec: has addresses and service: write one of them"],
  },
  {
    name: "pods on the controller's machine",
    text: gateway("service: {namespace: a, name: b}", "local: {}"),
    want: [/^a\.yaml:9: OverlayGateway x: spec\.local: can't be where there is a service: .*; write addresses$/],
  },
  {
    name: "pods of two overlays",
    text: gateway("service: {namespace: a, name: b}").replace("[shop]", "[shop, lab]"),
    want: [/^a\.yaml:6: OverlayGateway x: spec\.overlays: must have one entry where there is a service: /],
  },
  {
    name: "a service's name as no Service has it",
    text: gateway("service: {namespace: a, name: 1b}"),
    want: [/^a\.yaml:8: OverlayGateway x: spec\.service\.name: "1b" must be at most 63 .* begin with a letter/],
  },
  {
    name: "a service without namespace",
    text: gateway("service: {name: b}"),
    want: ["a.yaml:8: OverlayGateway x: spec.service.namespace: is required: a text"],
  },
  {
    name: "pods that a label can't name",
    text: gateway("service: {namespace: a, name: b}").replace("name: x", `name: ${"x".repeat(64)}`),
    want: [/: metadata\.name: must be at most 63 characters where there is a service/],
  },
  {
    name: "IPv6 without brackets",
    text: gateway("addresses: ['2001:db8::5:15042']"),
    want: [/is not an address with a port/],
  },
  {
    name: "an identity without path",
    text: gateway("addresses: ['10.0.0.1:1']").replace("/gateway/a", ""),
    want: [/^a\.yaml:7: OverlayGateway x: spec\.identity: "spiffe:\/\/shop\.example" is not a SPIFFE id/],
  },
  {
    name: "an identity with dots",
    text: gateway("addresses: ['10.0.0.1:1']").replace("/gateway/a", "/../a"),
    want: [/is not a SPIFFE id/],
  },
  {
    name: "no thread",
    text: gateway("addresses: ['10.0.0.1:1']", "local: {concurrency: 0}"),
    want: ["a.yaml:9: OverlayGateway x: spec.local.concurrency: must be a whole number from 1 to 128, not 0"],
  },
  {
    name: "no address",
    text: endpoint("addresses: []"),
    want: ["a.yaml:9: OverlayEndpoint x: spec.addresses: must have 1 to 64 entries, not 0: its IP addresses"],
  },
  {
    name: "an address with a prefix",
    text: endpoint("addresses: [10.0.0.1/32]"),
    want: [/spec\.addresses\[0\]: "10\.0\.0\.1\/32" is not an IP address/],
  },
  {
    name: "the unspecified address",
    text: endpoint("addresses: ['::']"),
    want: [/is not an address of one machine/],
  },
  {
    name: "a multicast address",
    text: endpoint("addresses: [224.0.0.1]"),
    want: [/is not an address of one machine/],
  },
  {
    name: "one address written twice",
    text: endpoint("addresses: ['2001:db8::1', '2001:DB8:0::1']"),
    want: [/spec\.addresses\[1\]: repeats "2001:db8::1"/],
  },
  {
    name: "a label that isn't text",
    text: endpoint("addresses: [10.0.0.1]", "labels: {app: yes, v: 1}"),
    want: [/^a\.yaml:10: OverlayEndpoint x: spec\.labels\.v: must be a text, not 1; put it in quotes/],
  },
  {
    name: "a port without number",
    text: endpoint("addresses: [10.0.0.1]", "ports: [{name: http}]"),
    want: [/spec\.ports\[0\]\.port: is required: a whole number from 1 to 65535/],
  },
  {
    name: "one port name twice",
    text: endpoint("addresses: [10.0.0.1]", "ports:", "- {name: a, port: 1}", "- {name: a, port: 2}"),
    want: ['a.yaml:12: OverlayEndpoint x: spec.ports[1]: repeats "a": remove it'],
  },
  {
    name: "an unknown field of a policy's rule",
    text: policy("web", "{\n  ingress: [\n    {form: []}]}"),
    want: ["a.yaml:6: NetworkPolicy shop/web: spec.ingress[0].form: is not a known field; did you mean from?"],
  },
  {
    name: "terminal escapes",
    text: 'kind: "\\e[2Jx\\nb"',
    want: [/^a\.yaml:1: \\u001b\[2Jx\\u000ab: kind: "\\u001b\[2Jx\\nb" is not/],
  },
];
