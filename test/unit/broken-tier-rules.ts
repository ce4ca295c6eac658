/** Rules of a ClusterNetworkPolicy with one fault each, without their action; the field is below the rule. */
interface BrokenTierRule {
  readonly name: string;
  readonly rule: Record<string, unknown>;
  readonly field: string;
  readonly message: RegExp;
}

const some = { namespaces: {} };
const blocks = (count: number) => Array.from({ length: count }, (_, i) => `10.0.${i}.0/24`);

const peer = (name: string, peer: unknown, field: string, message: RegExp): BrokenTierRule => {
  return { name, rule: { to: [peer] }, field: `.to[0]${field}`, message };
};
const protocol = (name: string, protocol: unknown, field: string, message: RegExp): BrokenTierRule => {
  return { name, rule: { to: [some], protocols: [protocol] }, field: `.protocols[0]${field}`, message };
};
const port = (name: string, destinationPort: unknown, field: string, message: RegExp) =>
  protocol(name, { tcp: { destinationPort } }, `.tcp.destinationPort${field}`, message);

/** Of `egress`. */
export const brokenTierRules: readonly BrokenTierRule[] = [
  { name: "no peers", rule: {}, field: ".to", message: /^is required: a list$/ },
  { name: "an empty list of peers", rule: { to: [] }, field: ".to", message: /^must have 1 to 25 entries, not 0/ },
  { name: "26 peers", rule: { to: Array(26).fill(some) }, field: ".to", message: /^must have 1 to 25 entries, not 26/ },
  { name: "a million peers", rule: { to: Array(1e6).fill(some) }, field: ".to", message: /^has 1000000 entries/ },
  { name: "ingress peers", rule: { to: [some], from: [some] }, field: ".from", message: /^must be to: egress/ },
  {
    name: "an unknown field",
    rule: { to: [some], protocol: [] },
    field: ".protocol",
    message: /did you mean protocols/,
  },
  { name: "ports", rule: { to: [some], ports: [] }, field: ".ports", message: /^must be protocols$/ },
  {
    name: "a long name",
    rule: { to: [some], name: "x".repeat(101) },
    field: ".name",
    message: /more than 100 letters/,
  },
  peer("an empty peer", {}, "", /^is empty: write namespaces or pods or nodes or networks or domainNames$/),
  peer("a peer of null", { namespaces: null }, "", /^is empty/),
  peer("two peers in one", { namespaces: {}, networks: ["::/0"] }, "", /^has namespaces and networks: write one$/),
  peer("a peer of a future version", { services: {} }, ".services", /^is not a known field/),
  peer("a known and a future peer", { namespaces: {}, services: {} }, ".services", /^is not a known field/),
  peer("a future field of pods", { pods: { podSelector: {}, running: true } }, ".pods.running", /^is not a known/),
  peer("pods without podSelector", { pods: { namespaceSelector: {} } }, ".pods.podSelector", /^is required/),
  peer("a peer of NetworkPolicy", { podSelector: {} }, ".podSelector", /^belongs under pods$/),
  peer("a block of NetworkPolicy", { ipBlock: {} }, ".ipBlock", /^must be networks/),
  peer(
    "an unknown operator",
    { nodes: { matchExpressions: [{ key: "a", operator: "Is" }] } },
    ".nodes.matchExpressions[0].operator",
    /^must be In or NotIn/,
  ),
  peer("no block", { networks: [] }, ".networks", /^must have 1 to 25 entries, not 0: blocks such as 10\.0\.0\.0\/8$/),
  peer("26 blocks", { networks: blocks(26) }, ".networks", /^must have 1 to 25 entries, not 26/),
  peer("a block twice", { networks: ["::/0", "::/0"] }, ".networks[1]", /^repeats "::\/0": remove it$/),
  peer("a bad block", { networks: ["10.0.0.0/33"] }, ".networks[0]", /^"10\.0\.0\.0\/33" is not a block/),
  peer("an address as a block", { networks: ["10.0.0.1"] }, ".networks[0]", /is not a block/),
  peer("IPv4 spelled as IPv6", { networks: ["::ffff:10.0.0.0/104"] }, ".networks[0]", /IPv4 as IPv4$/),
  peer("a name with a partial wildcard", { domainNames: ["a*.io"] }, ".domainNames[0]", /is not a domain name/),
  peer("a name of one label", { domainNames: ["io"] }, ".domainNames[0]", /^"io" is not a domain name/),
  peer("names that differ in case", { domainNames: ["a.io", "A.io."] }, ".domainNames[1]", /^repeats "a\.io"/),
  { ...protocol("no protocol", {}, "", /^must have 1/), rule: { to: [some], protocols: [] }, field: ".protocols" },
  protocol("an empty protocol", {}, "", /^is empty: write tcp or udp or sctp or destinationNamedPort$/),
  protocol("two protocols in one", { tcp: {}, udp: {} }, ".tcp.destinationPort", /^is required/),
  protocol("a protocol of a future version", { gre: {} }, ".gre", /^is not a known field/),
  protocol("a future field of tcp", { tcp: { flags: [] } }, ".tcp.flags", /^is not a known field/),
  protocol("every port, by leaving it out", { tcp: {} }, ".tcp.destinationPort", /^is required/),
  protocol("a field of the past", { portNumber: {} }, ".portNumber", /older version: write tcp: /),
  protocol("a field of a proposal", { namedPort: "a" }, ".namedPort", /^must be destinationNamedPort$/),
  protocol("a number as a name", { destinationNamedPort: "80" }, ".destinationNamedPort", /is a text; write a port/),
  port("an empty port", {}, "", /^is empty: write number or range$/),
  port("a number and a range", { number: 1, range: { start: 1, end: 2 } }, "", /^has number and range: write one$/),
  port("port 0", { number: 0 }, ".number", /from 1 to 65535, not 0$/),
  port("port 65536", { number: 65536 }, ".number", /from 1 to 65535, not 65536$/),
  port("an inverted range", { range: { start: 2, end: 1 } }, ".range.end", /^1 is not more than start 2: swap them$/),
  port("a range of one port", { range: { start: 2, end: 2 } }, ".range.end", /: write number$/),
  port("a range without end", { range: { start: 2 } }, ".range.end", /^is required/),
  ...[{ nodes: {} }, { networks: ["::/0"] }, { domainNames: ["a.io"] }].map((unnamed): BrokenTierRule => {
    const rule = { to: [some, unnamed], protocols: [{ destinationNamedPort: "web" }] };
    const name = `a named port of ${Object.keys(unnamed)}`;
    return { name, rule, field: ".protocols[0]", message: /^is a named port: nodes, networks and domainNames/ };
  }),
];
