import { isIdentity } from "../model/identity.ts";
import type { Labels, Requirement, Selector } from "../model/resources.ts";
import { selects } from "../model/selectors.ts";
import { listed } from "../offline/listed.ts";
import type { PodsOf, Statement } from "../offline/statements.ts";
import { didYouMean } from "../read/closest.ts";
import type { Path } from "../read/issue.ts";
import { type Facts, nameOf } from "./facts.ts";
import type { Finding } from "./finding.ts";

/** Selectors that match nobody: of subjects, and of peers. */
export function emptySelections(facts: Facts): Finding[] {
  // Policies alone, without the pods: nothing can be said.
  if (facts.members.length + facts.world.pods.length === 0) return [];
  return facts.statements.flatMap((statement) => [
    ...emptySubject(facts, statement),
    ...statement.rules.flatMap(({ peers = [] }) =>
      peers.flatMap((peer) => (peer.kind === "pods" ? emptyPeer(facts, statement, peer.pods, peer.path) : [])),
    ),
    ...emptyIdentities(facts, statement),
  ]);
}

function emptySubject(facts: Facts, { origin, subject, subjectPath }: Statement): Finding[] {
  if (facts.membersOf(subject).length > 0) return [];
  const onHost = facts.hostPodsOf(subject);
  const message =
    onHost.length > 0
      ? `selects only ${listed(onHost.map(nameOf))}, which use their node's network: no policy sees them`
      : `selects nobody, so the policy does nothing: ${reason(facts, subject)}`;
  return [{ code: "selects-nothing", severity: "warning", origin, path: subjectPath, message }];
}

function emptyPeer(facts: Facts, { origin }: Statement, pods: PodsOf, path: Path): Finding[] {
  if (facts.membersOf(pods).length > 0) return [];
  const onHost = facts.hostPodsOf(pods);
  const message =
    onHost.length > 0
      ? `matches only ${listed(onHost.map(nameOf))}, which use their node's network: no policy sees them; write an ipBlock of the nodes`
      : `matches nobody: ${reason(facts, pods)}`;
  return [{ code: "peer-selects-nothing", severity: "warning", origin, path, message }];
}

function emptyIdentities(facts: Facts, { origin, rules }: Statement): Finding[] {
  return rules.flatMap(({ peers = [] }) =>
    peers.flatMap((peer): Finding[] => {
      if (peer.kind !== "identity") return [];
      const { identity, path } = peer;
      if (facts.members.some((member) => isIdentity(identity, member.identity))) return [];
      const known = new Set(facts.members.map((member) => member.identity));
      const message = `is nobody's identity${didYouMean(identity, known) || ": check the trust domain and path"}`;
      return [{ code: "peer-selects-nothing", severity: "warning", origin, path, message }];
    }),
  );
}

/** Why a selection is empty: the first thing that leaves nobody over. */
function reason(facts: Facts, selection: PodsOf): string {
  const { world, members } = facts;
  if ("namespace" in selection) {
    const here = members.filter(({ namespace }) => namespace === selection.namespace);
    if (here.length === 0) return `namespace ${selection.namespace} has no pods or endpoints`;
    const elsewhere = members.filter(({ labels }) => selects(selection.pods, labels));
    const hint = `; ${listed(elsewhere.map(nameOf))} would match in another namespace: add a namespaceSelector if that is meant`;
    return `no pod of namespace ${selection.namespace} has ${missing(selection.pods, here)}${elsewhere.length > 0 ? hint : ""}`;
  }
  const namespaces = facts.namespacesOf(selection.namespaces);
  if (namespaces.length === 0) return `no namespace has ${missing(selection.namespaces, world.namespaces)}`;
  const here = members.filter(({ namespace }) => namespaces.includes(namespace));
  if (here.length === 0) return `namespace ${listed(namespaces)} has no pods or endpoints`;
  return `no pod of namespace ${listed(namespaces)} has ${missing(selection.pods, here)}`;
}

/** The requirement that nothing meets, or all of them if only together nothing meets them; with what was meant. */
function missing({ requirements }: Selector, among: readonly { readonly labels: Labels }[]): string {
  const unmet = requirements.find((one) => !among.some(({ labels }) => selects({ requirements: [one] }, labels)));
  if (unmet === undefined) return requirements.map(requirementText).join(" and ");
  const values = among.flatMap(({ labels }) => (Object.hasOwn(labels, unmet.key) ? [labels[unmet.key] as string] : []));
  if (values.length === 0)
    return requirementText(unmet) + didYouMean(unmet.key, new Set(among.flatMap(({ labels }) => Object.keys(labels))));
  const [value] = unmet.values;
  return requirementText(unmet) + (value === undefined ? "" : didYouMean(value, new Set(values)));
}

function requirementText({ key, operator, values }: Requirement): string {
  if (operator === "Exists") return `label ${key}`;
  if (operator === "DoesNotExist") return `no label ${key}`;
  if (values.length === 1) return `label ${key}${operator === "In" ? "=" : "!="}${values[0]}`;
  return `label ${key} ${operator === "In" ? "in" : "not in"} (${values.join(", ")})`;
}
