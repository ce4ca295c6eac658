import type { Member } from "../model/resources.ts";
import { listed } from "../offline/listed.ts";
import { type Facts, nameOf } from "./facts.ts";
import type { Finding } from "./finding.ts";

/** Members that no policy speaks for in an overlay that leaves those open, by namespace. */
export function unprotectedMembers(facts: Facts): Finding[] {
  const open = new Set(
    facts.world.overlays.filter(({ isolation }) => isolation === "Kubernetes").map(({ name }) => name),
  );
  const candidates = facts.world.endpoints.filter(({ overlay }) => open.has(overlay));
  return [
    ...inDirection(
      facts,
      candidates,
      "ingress",
      "warning",
      "everybody may reach them; select them by a NetworkPolicy, or set isolation: DefaultDeny",
    ),
    ...inDirection(facts, candidates, "egress", "info", "they may call everybody"),
  ];
}

function inDirection(
  facts: Facts,
  members: readonly Member[],
  direction: "ingress" | "egress",
  severity: Finding["severity"],
  advice: string,
): Finding[] {
  const selected = protectedIn(facts, direction);
  const byNamespace = new Map<string, Member[]>();
  for (const member of members) {
    if (selected.has(nameOf(member))) continue;
    const known = byNamespace.get(member.namespace);
    if (known === undefined) byNamespace.set(member.namespace, [member]);
    else known.push(member);
  }
  return [...byNamespace].map(([namespace, open]): Finding => {
    const { origin } = open[0] as Member;
    const message = `no policy isolates ${direction} of ${listed(open.map(({ name }) => name))} in namespace ${namespace}: ${advice}`;
    return { code: "unprotected-members", severity, origin, path: [], message };
  });
}

/** Members that a NetworkPolicy isolates, or for which another policy denies everything that is left. */
function protectedIn(facts: Facts, direction: "ingress" | "egress"): Set<string> {
  const selections = facts.world.policies
    .filter((policy) => policy[direction] !== undefined)
    .map(({ namespace, podSelector }) => ({ namespace, pods: podSelector }));
  const denying = facts.statements
    .filter(({ rules }) => rules.some((rule) => isDenyAll(rule) && rule.direction === direction))
    .map(({ subject }) => subject);
  return new Set([...selections, ...denying].flatMap((pods) => facts.membersOf(pods).map(nameOf)));
}

type Rule = Facts["statements"][number]["rules"][number];

/** Denies members at least: all pods of all namespaces, or everybody. */
function isDenyAll({ action, peers, traffic }: Rule): boolean {
  if (action !== "Deny" || traffic !== undefined) return false;
  if (peers === undefined) return true;
  return peers.some(
    ({ kind, ...peer }) =>
      kind === "pods" &&
      "pods" in peer &&
      "namespaces" in peer.pods &&
      peer.pods.namespaces.requirements.length + peer.pods.pods.requirements.length === 0,
  );
}
