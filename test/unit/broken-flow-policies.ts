import { EVERYBODY, flowPolicy } from "./cluster-policies.ts";

/** FlowPolicies with one fault each. */
interface BrokenFlowPolicy {
  readonly name: string;
  readonly object: unknown;
  readonly field: string;
  readonly message: RegExp;
  /** How what is left differs from a denial of everything in both directions, of WEB in overlay o, priority 10. */
  readonly left?: object;
}

const from = [{ podSelector: {} }];
const ingress = { directions: ["ingress"] };
const fault = (
  name: string,
  spec: object,
  field: string,
  message: RegExp,
  left: object = ingress,
): BrokenFlowPolicy => {
  return { name, object: flowPolicy({ action: "Deny", from, ...spec }), field: `spec.${field}`, message, left };
};
const peer = (name: string, peer: unknown, field: string, message: RegExp) =>
  fault(name, { from: [peer] }, `from[0]${field}`, message);
const protocol = (name: string, protocol: unknown, field: string, message: RegExp) =>
  fault(name, { protocols: [protocol] }, `protocols[0]${field}`, message);
const port = (name: string, port: unknown, field: string, message: RegExp) =>
  fault(name, { ports: [port] }, `ports[0]${field}`, message);

export const brokenFlowPolicies: readonly BrokenFlowPolicy[] = [
  fault("no overlay", { overlay: undefined }, "overlay", /^is required: a text$/, { ...ingress, overlay: undefined }),
  fault("priority -1", { priority: -1 }, "priority", /from 0 to 1000, not -1$/, { ...ingress, priority: -1 }),
  fault("no priority", { priority: null }, "priority", /^is required: a whole number/, { ...ingress, priority: -1 }),
  fault("no subject", { subject: undefined }, "subject", /^is required: a mapping$/, {
    ...ingress,
    subject: EVERYBODY,
  }),
  fault("an empty subject", { subject: {} }, "subject", /^is empty: write podSelector: \{\} for everybody$/, {
    ...ingress,
    subject: EVERYBODY,
  }),
  fault("a subject of ClusterNetworkPolicy", { subject: { pods: {} } }, "subject.pods", /^must be podSelector and/, {
    ...ingress,
    subject: EVERYBODY,
  }),
  fault("labels without a selector", { subject: { matchLabels: {} } }, "subject.matchLabels", /^belongs under pod/, {
    ...ingress,
    subject: EVERYBODY,
  }),
  fault("both directions", { to: from }, "", /^has from and to: write one of them$/, {}),
  fault("no direction", { from: undefined }, "", /^has neither from nor to: write one of them$/, {}),
  fault("no peers", { from: [] }, "from", /^must have 1 to 1000 entries, not 0: podSelector: \{\} stands for all/),
  fault("a million peers", { from: Array(1e6).fill({}) }, "from", /^has 1000000 entries, more than 10000/),
  fault("peers that aren't a list", { from: {} }, "from", /^must be a list, not a mapping$/),
  fault("no action", { action: undefined }, "action", /^is required: Allow or Deny or Pass$/),
  fault("an action of ClusterNetworkPolicy", { action: "Accept" }, "action", /^must be Allow or Deny or Pass/),
  fault("gateways for a Deny", { via: ["a"] }, "via", /^can't follow Deny: only what is allowed goes somewhere$/),
  fault("gateways for a Pass", { action: "Pass", via: ["a"] }, "via", /^can't follow Pass/),
  fault("an unknown enforcement", { enforcement: "audit" }, "enforcement", /did you mean Audit\?$/),
  fault("an unknown field", { action: "Allow", vai: ["a"] }, "vai", /^is not a known field; did you mean via\?$/),
  fault("a field of Overlay", { action: "Allow", path: ["a"] }, "path", /^must be via$/),
  fault("no gateway", { action: "Allow", via: [] }, "via", /^must have 1 to 8 entries, not 0: the gateways to pass/),
  fault("nine gateways", { action: "Allow", via: [..."abcdefghi"] }, "via", /^must have 1 to 8 entries, not 9/),
  fault("a gateway twice", { action: "Allow", via: ["a", "a"] }, "via[1]", /^repeats "a": remove it$/),
  fault("a gateway with capitals", { action: "Allow", via: ["A"] }, "via[0]", /^"A" must be at most 253 lower-case/),
  fault("gateways, and a fault elsewhere", { action: "Allow", via: ["a"], ports: 1 }, "ports", /^must be a list/),
  peer("an empty peer", {}, "", /^is an empty peer: write podSelector: \{\} for all members, or ipBlock/),
  peer("two peers in one", { podSelector: {}, identity: "spiffe://a/b" }, "", /^has more than one of selectors/),
  peer("a block outside of ipBlock", { cidr: "::/0" }, ".cidr", /^belongs under ipBlock$/),
  peer("a peer of ClusterNetworkPolicy", { networks: [] }, ".networks", /^must be ipBlock/),
  peer("a bad block", { ipBlock: { cidr: "10/8" } }, ".ipBlock.cidr", /^"10\/8" is not a block/),
  peer(
    "an exception outside",
    { ipBlock: { cidr: "10.0.0.0/8", except: ["11.0.0.0/9"] } },
    ".ipBlock.except[0]",
    /within cidr 10\.0\.0\.0\/8/,
  ),
  peer("an identity without path", { identity: "spiffe://a" }, ".identity", /^"spiffe:\/\/a" is not a SPIFFE id/),
  peer("a wildcard within a segment", { identity: "spiffe://a/b*" }, ".identity", /is not a SPIFFE id/),
  peer("any trust domain", { identity: "spiffe://*" }, ".identity", /is not a SPIFFE id/),
  fault("no protocol", { protocols: [] }, "protocols", /^must have 1 to 1000 entries, not 0: or remove it for all/),
  protocol("an unknown protocol", "Icmp", ".protocol", /from 0 to 255 or a name such as ICMP.*did you mean ICMP\?$/),
  protocol("protocol 256", 256, ".protocol", /not 256$/),
  protocol("half a protocol", { protocol: 1.5 }, ".protocol", /not 1\.5$/),
  protocol("nothing for a protocol", null, ".protocol", /not null$/),
  protocol("a type of TCP", { protocol: "TCP", type: 8 }, ".type", /^is for ICMP and ICMPv6 only: remove it$/),
  protocol("type 256", { protocol: "ICMP", type: 256 }, ".type", /from 0 to 255, not 256$/),
  protocol("a code alone", { protocol: "ICMP", code: 0 }, ".code", /^needs type/),
  protocol("a port", { protocol: "TCP", port: 80 }, ".port", /^belongs into an entry of ports$/),
  fault("no port", { ports: [] }, "ports", /^must have 1 to 1000 entries, not 0/),
  port("a port of ICMP", { protocol: "ICMP", port: 1 }, ".protocol", /^must be TCP or UDP or SCTP/),
  port("an inverted range", { port: 2, endPort: 1 }, ".endPort", /^1 is less than port 2: swap them$/),
  {
    name: "another version",
    object: flowPolicy({ action: "Pass", from }, { apiVersion: "sallyport.dev/v1" }),
    field: "apiVersion",
    message: /^must be sallyport\.dev\/v1alpha1, not "sallyport\.dev\/v1"$/,
    left: ingress,
  },
  {
    name: "a field beside spec",
    object: flowPolicy({ action: "Allow", from }, { via: ["a"] }),
    field: "via",
    message: /^belongs under spec$/,
    left: ingress,
  },
  {
    name: "no spec",
    object: flowPolicy({}, { spec: null }),
    field: "spec",
    message: /^is required: a mapping$/,
    left: { overlay: undefined, priority: -1, subject: EVERYBODY },
  },
];
