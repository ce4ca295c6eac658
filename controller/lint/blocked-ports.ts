import { TUNNEL_PORT } from "../model/ports.ts";
import { IP_PROTOCOLS } from "../model/protocols.ts";
import type { Member } from "../model/resources.ts";
import { listed } from "../offline/listed.ts";
import type { Rule, Statement } from "../offline/statements.ts";
import { type Facts, nameOf } from "./facts.ts";
import type { Finding } from "./finding.ts";

/** Istio's telemetry, health and Prometheus ports. */
const PROBE_PORTS = [15020, 15021, 15090];

/**
 * NetworkPolicies that, where a network plugin enforces them as well, keep pods from their gateways or probes from
 * pods. A rule for the port counts whomever it is for: gateways may be pods, or machines with addresses.
 */
export function blockedPorts(facts: Facts): Finding[] {
  const isOverlay = facts.world.overlays.some(({ path }) => path.length > 0);
  const severity = isOverlay ? "warning" : "info";
  return (["ingress", "egress"] as const).flatMap((direction) =>
    isolatedPods(facts, direction).flatMap(({ statements, pods }): Finding[] => {
      const { origin } = statements[0] as Statement;
      const open = (port: number) =>
        statements.some(({ rules }) => rules.some((rule) => allows(rule, direction, port)));
      const about = { severity, origin, path: ["spec", direction] } as const;
      const closed = direction === "ingress" ? PROBE_PORTS.filter((port) => !open(port)) : [];
      return [
        ...(open(TUNNEL_PORT)
          ? []
          : [{ ...about, code: "blocks-tunnel" as const, message: tunnelText(direction, pods) }]),
        ...(closed.length === 0
          ? []
          : [{ ...about, code: "blocks-probes" as const, message: probeText(closed, pods) }]),
      ];
    }),
  );
}

function tunnelText(direction: "ingress" | "egress", pods: readonly Member[]): string {
  const peers = direction === "ingress" ? "from" : "to";
  const loss = direction === "ingress" ? "no flow of the overlay reaches" : "no flow of the overlay leaves";
  return `closes the tunnel: where the network plugin enforces it, ${loss} ${whom(pods)}; allow TCP ${TUNNEL_PORT} ${peers} the gateways`;
}

function probeText(ports: readonly number[], pods: readonly Member[]): string {
  return `closes the mesh's ports ${ports.join(", ")} of ${whom(pods)}: where the network plugin enforces it, probes and metrics from other nodes fail; allow TCP ${ports.join(", ")} from those who probe`;
}

function whom(pods: readonly Member[]): string {
  return pods.length === 0 ? "the pods that it selects" : listed(pods.map(nameOf));
}

interface Isolated {
  /** The policies that isolate these pods, by name. */
  readonly statements: readonly Statement[];
  readonly pods: readonly Member[];
}

/** Pods by the NetworkPolicies that isolate them; those whose first policy is the same as that of others only once. */
function isolatedPods(facts: Facts, direction: "ingress" | "egress"): Isolated[] {
  const policies = facts.world.policies.map((policy, i) => ({ policy, statement: facts.statements[i] as Statement }));
  const isolating = policies
    .filter(({ policy }) => policy[direction] !== undefined)
    .sort((a, b) => (a.statement.origin.name < b.statement.origin.name ? -1 : 1));
  // Policies alone, without the pods: each is looked at alone.
  if (facts.members.length === 0) return isolating.map(({ statement }) => ({ statements: [statement], pods: [] }));
  const byPod = new Map<Member, Statement[]>();
  for (const { statement } of isolating) {
    for (const member of facts.membersOf(statement.subject)) {
      if (member.origin.kind !== "Pod" || member.addresses.length === 0) continue;
      const known = byPod.get(member);
      if (known === undefined) byPod.set(member, [statement]);
      else known.push(statement);
    }
  }
  return grouped(byPod);
}

function grouped(byPod: ReadonlyMap<Member, Statement[]>): Isolated[] {
  const numbers = new Map<Statement, number>();
  const groups = new Map<string, { statements: Statement[]; pods: Member[] }>();
  for (const [pod, statements] of byPod) {
    for (const statement of statements) if (!numbers.has(statement)) numbers.set(statement, numbers.size);
    const key = statements.map((statement) => numbers.get(statement)).join();
    const group = groups.get(key) ?? { statements, pods: [] };
    groups.set(key, group);
    group.pods.push(pod);
  }
  return [...groups.values()];
}

function allows({ direction, traffic }: Rule, wanted: "ingress" | "egress", port: number): boolean {
  if (direction !== wanted) return false;
  return (
    traffic?.some(
      (one) => !("name" in one) && one.protocol === IP_PROTOCOLS.TCP && one.first <= port && port <= one.last,
    ) ?? true
  );
}
