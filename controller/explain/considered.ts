import { addressNumber } from "../compile/ranges.ts";
import { parseAddress } from "../model/address.ts";
import { isIdentity } from "../model/identity.ts";
import { IP_PROTOCOLS } from "../model/protocols.ts";
import type { Member, World } from "../model/resources.ts";
import { selects } from "../model/selectors.ts";
import type { Traffic } from "../model/tiers.ts";
import type { Direction, PodsOf, Rule, RulePeer, Statement } from "../offline/statements.ts";
import { statementsOf } from "../offline/statements.ts";
import { formatPath } from "../read/issue.ts";
import type { FlowPort, Party, Question } from "./question.ts";

/** A policy that selects the subject of one side, and its part in the answer. */
export interface ConsideredPolicy {
  readonly kind: string;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** The first rule that covers the flow, such as `ingress[0]`; empty: the policy as a whole. */
  readonly rule: string;
  readonly says: "allow" | "deny" | "pass" | "nothing";
  /**
   * `decides`: it has the last word. `agrees`: it says the same, in the same tier. `passed`: it handed the flow on.
   * `skipped`: another policy of its tier handed the flow on before it was asked. `would`: it would have decided, had
   * nothing before it. `audit`: it isn't enforced. `silent`: no rule covers the flow.
   */
  readonly role: "decides" | "agrees" | "passed" | "skipped" | "would" | "audit" | "silent";
}

const TIERS = ["Admin", "FlowPolicy", "NetworkPolicy", "Baseline"] as const;

/**
 * For people only, and computed apart from the verdict: all policies that select the subject of one side, in the order
 * in which they are asked, then the overlay's default. Empty for an outsider: no policy selects it.
 */
export function considered(world: World, question: Question, direction: Direction): ConsideredPolicy[] {
  const { overlay } = question.policy;
  const flow = new Flow(world, question, direction);
  if (flow.subject === undefined) return [];
  const said = statementsOf(world)
    .filter((one) => one.overlay === undefined || one.overlay === overlay.name)
    .flatMap((statement) => flow.heard(statement));
  const isAudited = overlay.enforcement === "Audit";
  const asked = new Asked(isAudited, flow.isClosed);
  for (const tier of TIERS) {
    const heard = said.filter(({ statement }) => statement.tier === tier).sort(byRank);
    if (tier === "NetworkPolicy") asked.together(heard);
    else asked.inTurn(heard);
  }
  const { file, line, name } = overlay.origin;
  const says = overlay.isolation === "Kubernetes" || isAudited ? "allow" : "deny";
  const role = asked.isDecided ? "would" : "decides";
  return [...asked.policies, { kind: "Overlay", name, file, line, rule: "", says, role }];
}

/** What a statement says to the flow. */
interface Heard {
  readonly statement: Statement;
  readonly rule: Rule | undefined;
  readonly says: ConsideredPolicy["says"];
}

/** Lower priorities first, then names. */
function byRank(a: Heard, b: Heard): number {
  return a.statement.priority - b.statement.priority || (a.statement.name < b.statement.name ? -1 : 1);
}

/** Gives policies their roles, tier by tier. */
class Asked {
  readonly policies: ConsideredPolicy[] = [];

  /** `isDecided`: something that is no policy has decided, and policies only would. */
  constructor(
    private readonly isAudited: boolean,
    public isDecided: boolean,
  ) {}

  /** The first that covers the flow decides, or passes it on to the next tier. */
  inTurn(heard: readonly Heard[]): void {
    let isPassed = false;
    for (const one of heard) {
      const role: ConsideredPolicy["role"] = isPassed && one.says !== "nothing" ? "skipped" : this.roleInTurn(one);
      this.policies.push(policyOf(one, role));
      isPassed ||= role === "passed";
      this.isDecided ||= role === "decides";
    }
  }

  private roleInTurn(one: Heard): ConsideredPolicy["role"] {
    if (one.says === "nothing") return "silent";
    if (this.isAudit(one)) return "audit";
    if (this.isDecided) return "would";
    return one.says === "pass" ? "passed" : "decides";
  }

  /** One that allows is enough; with none, each of them denies. */
  together(heard: readonly Heard[]): void {
    const enforced = heard.filter((one) => !this.isAudit(one));
    const isOpen = enforced.some(({ says }) => says === "allow");
    const first = enforced.find(({ says }) => says === (isOpen ? "allow" : "deny"));
    for (const one of heard) {
      const counts = one.says === (isOpen ? "allow" : "deny");
      // That others allow the flow makes its denial the silence of one who has no rule for it.
      const said: Heard = counts || this.isAudit(one) ? one : { ...one, says: "nothing" };
      const agrees = one === first ? "decides" : "agrees";
      const role = this.isAudit(one) ? "audit" : !counts ? "silent" : this.isDecided ? "would" : agrees;
      this.policies.push(policyOf(said, role));
    }
    this.isDecided ||= first !== undefined;
  }

  /** By itself, or with all others of its overlay. */
  private isAudit({ statement }: Heard): boolean {
    return this.isAudited || statement.enforcement === "Audit";
  }
}

function policyOf({ statement, rule, says }: Heard, role: ConsideredPolicy["role"]): ConsideredPolicy {
  const { origin, name } = statement;
  const place = rule === undefined ? "" : formatPath(rule.path.slice(1));
  return { kind: origin.kind, name, file: origin.file, line: origin.line, rule: place, says, role };
}

/** One side of a flow, matched as the documentation of the policies says. */
class Flow {
  readonly subject: Member | undefined;
  /** One of its addresses is that of an object which can't be read: nothing passes, whatever policies say. */
  readonly isClosed: boolean;
  private readonly paths: readonly string[];
  private readonly peer: Party;
  private readonly destination: Party;
  private readonly port: FlowPort;
  private readonly labels: ReadonlyMap<string, Readonly<Record<string, string>>>;

  constructor(
    private readonly world: World,
    { policy, from, to, port }: Question,
    private readonly direction: Direction,
  ) {
    const names = policy.gateways.map(({ gateway }) => gateway.name);
    this.paths = policy.paths.map(({ gateways }) => gateways.map((g) => names[g]).join());
    this.isClosed = world.closed.includes(from.address) || world.closed.includes(to.address);
    this.subject = (direction === "egress" ? from : to).member?.endpoint;
    this.peer = direction === "egress" ? to : from;
    this.destination = to;
    this.port = port;
    this.labels = new Map(world.namespaces.map(({ name, labels }) => [name, labels]));
  }

  /** Nothing, if the statement isn't about this subject and direction. */
  heard(statement: Statement): Heard[] {
    const rules = statement.rules.filter(({ direction }) => direction === this.direction);
    const isolates = statement.isolates.includes(this.direction);
    if ((rules.length === 0 && !isolates) || !this.isAmong(this.subject as Member, statement.subject)) return [];
    const rule = rules.find((one) => this.covers(one));
    if (rule !== undefined) return [{ statement, rule, says: this.isPassable(rule) ? SAYS[rule.action] : "deny" }];
    return [{ statement, rule, says: isolates ? "deny" : "nothing" }];
  }

  /** What has to pass gateways that can't be passed is denied. */
  private isPassable({ via }: Rule): boolean {
    return via === undefined || this.paths.includes(via.join());
  }

  private covers({ peers, traffic }: Rule): boolean {
    const isPeer = peers === undefined || peers.some((peer) => this.isPeer(peer));
    return isPeer && (traffic === undefined || traffic.some((one) => this.isTraffic(one)));
  }

  private isPeer(peer: RulePeer): boolean {
    const { member, address } = this.peer;
    if (peer.kind === "pods") return member !== undefined && this.isAmong(member.endpoint, peer.pods);
    if (peer.kind === "identity") return member !== undefined && isIdentity(peer.identity, member.endpoint.identity);
    if (peer.kind === "addresses") {
      const number = addressNumber(parseAddress(address) as Uint8Array);
      return peer.ranges.some(({ first, last }) => first <= number && number <= last);
    }
    const isNode = ({ labels, addresses }: World["nodes"][number]) =>
      addresses.includes(address) && "selector" in peer && selects(peer.selector, labels);
    // Offline no flow carries a name.
    return peer.kind === "nodes" && this.world.nodes.some(isNode);
  }

  private isAmong({ namespace, labels }: Member, selection: PodsOf): boolean {
    if (!selects(selection.pods, labels)) return false;
    return "namespace" in selection
      ? selection.namespace === namespace
      : selects(selection.namespaces, this.labels.get(namespace) ?? {});
  }

  private isTraffic(traffic: Traffic): boolean {
    const protocol = IP_PROTOCOLS[this.port.protocol];
    if (traffic.protocol !== undefined && traffic.protocol !== protocol) return false;
    if (!("name" in traffic)) return traffic.first <= this.port.number && this.port.number <= traffic.last;
    const ports = this.destination.member?.endpoint.ports ?? [];
    const named = ports.find((one) => one.name === traffic.name && one.protocol === this.port.protocol);
    return named?.port === this.port.number;
  }
}

const SAYS = { Allow: "allow", Deny: "deny", Pass: "pass" } as const;

/** What stands between the flow and its admission, one thing behind the other. */
export interface Denials {
  /** Rules of cluster-wide policies that deny the flow, in the order in which they would be asked. */
  readonly denials: readonly ConsideredPolicy[];
  /** NetworkPolicies isolate the subject and none allows the flow. */
  readonly isIsolated: boolean;
  /** With the denials gone no policy would decide, and the overlay's default is to deny. */
  readonly isDefault: boolean;
}

/** What a denied side would still meet if each denial were taken away, up to the first policy that allows. */
export function denialsOf(policies: readonly ConsideredPolicy[]): Denials {
  const denials: ConsideredPolicy[] = [];
  for (const policy of policies) {
    if (!["decides", "agrees", "would"].includes(policy.role)) continue;
    if (policy.says === "allow") break;
    if (policy.says !== "deny") continue;
    if (policy.kind === "NetworkPolicy") return { denials, isIsolated: true, isDefault: false };
    if (policy.kind === "Overlay") return { denials, isIsolated: false, isDefault: true };
    denials.push(policy);
  }
  return { denials, isIsolated: false, isDefault: false };
}
