import type { Origin } from "../model/resources.ts";
import { isMapping } from "../read/schema.ts";
import type { Facts } from "./facts.ts";
import type { Finding } from "./finding.ts";

const DIRECTIONS = [
  { direction: "ingress", list: "from", type: "Ingress" },
  { direction: "egress", list: "to", type: "Egress" },
] as const;

/** NetworkPolicies that allow more than they seem to say, or less. These are told from the text as it is written. */
export function accidents(facts: Facts): Finding[] {
  return facts.world.policies.flatMap(({ origin }) => {
    const object = facts.written(origin);
    const spec = isMapping(object) && isMapping(object.spec) ? object.spec : {};
    return DIRECTIONS.flatMap(({ direction, list, type }) => {
      const rules: unknown = spec[direction];
      if (!Array.isArray(rules)) return [];
      return [
        ...ignored(origin, spec, direction, type, rules),
        ...rules.flatMap((rule, index) => ruleAccidents(origin, rule, direction, index, list)),
      ];
    });
  });
}

/** `policyTypes` that leaves out a direction for which there are rules. */
function ignored(
  origin: Origin,
  { policyTypes }: Record<string, unknown>,
  direction: string,
  type: string,
  rules: readonly unknown[],
): Finding[] {
  const isIgnored = Array.isArray(policyTypes) && policyTypes.length > 0 && !policyTypes.includes(type);
  if (!isIgnored || rules.length === 0) return [];
  const message = `is ignored, because policyTypes doesn't have ${type}: the pods stay open in this direction; add ${type}, or remove the rules`;
  return [{ code: "ignored-rules", severity: "warning", origin, path: ["spec", direction], message }];
}

function ruleAccidents(origin: Origin, rule: unknown, direction: string, index: number, list: string): Finding[] {
  if (!isMapping(rule)) return [];
  const path = ["spec", direction, index];
  const who = direction === "ingress" ? "from everybody" : "to everybody";
  const all = (severity: "warning" | "info", at: string[], message: string): Finding => {
    return { code: "allows-all", severity, origin, path: [...path, ...at], message };
  };
  const findings: Finding[] = [];
  const peers: unknown = rule[list];
  if (Array.isArray(peers) && peers.length === 0)
    findings.push(
      all(
        "warning",
        [list],
        `an empty list allows traffic ${who}, outsiders too: list peers, or remove the rule to allow nobody`,
      ),
    );
  if (Array.isArray(rule.ports) && rule.ports.length === 0)
    findings.push(
      all(
        "warning",
        ["ports"],
        "an empty list allows every port of every protocol: list ports, or remove the field if that is meant",
      ),
    );
  if (Object.keys(rule).length === 0)
    findings.push(all("info", [], `an empty rule allows everything ${who}, outsiders too`));
  if (Array.isArray(peers) && isApart(peers)) {
    const message =
      "has a namespaceSelector and a podSelector as two entries: either is enough; write them as one entry if both have to match";
    findings.push({ code: "separate-selectors", severity: "warning", origin, path: [...path, list], message });
  }
  return findings;
}

/** An entry with only a namespaceSelector right before one with only a podSelector: a dash too many, as a rule. */
function isApart(peers: readonly unknown[]): boolean {
  const keys = peers.map((peer) => (isMapping(peer) ? Object.keys(peer).join() : ""));
  return keys.some((key, i) => key === "namespaceSelector" && keys[i + 1] === "podSelector");
}
