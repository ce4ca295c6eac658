import type { Rule, Statement } from "../offline/statements.ts";
import { formatPath } from "../read/issue.ts";
import { coversPods, coversRule } from "./coverage.ts";
import type { Facts } from "./facts.ts";
import type { Finding } from "./finding.ts";

/** Comparing every policy with every other takes too long in larger groups. */
const GROUP_MAX = 400;

/** Rules that change nothing, because another one covers all that they match. */
export function shadowedRules(facts: Facts): Finding[] {
  return groupsOf(facts.statements).flatMap((group) => {
    const isSmall = group.length <= GROUP_MAX;
    return group.flatMap((statement, s) =>
      statement.rules.flatMap((rule, r) => {
        const own = shadowInside(facts, statement, r);
        if (own !== undefined) return [finding("warning", statement, rule, `${formatPath(own.path)} of this policy`)];
        const other = isSmall ? shadowOutside(facts, group, s, rule) : undefined;
        if (other === undefined) return [];
        const { origin } = other.statement;
        const name = `${formatPath(other.rule.path)} of ${origin.kind} ${origin.name} (${origin.file}:${origin.line})`;
        return [finding(statement.tier === "NetworkPolicy" ? "info" : "warning", statement, rule, name)];
      }),
    );
  });
}

function finding(severity: "info" | "warning", { origin, tier }: Statement, { path }: Rule, by: string): Finding {
  const effect = tier === "NetworkPolicy" ? "adds nothing" : "is never reached";
  const message = `${effect}: ${by} matches all that it matches; remove it, or narrow that one`;
  return { code: "shadowed-rule", severity, origin, path, message };
}

/** Statements that can shadow each other, in the order in which they are asked. */
function groupsOf(statements: readonly Statement[]): Statement[][] {
  const groups = new Map<string, Statement[]>();
  for (const statement of statements) {
    const key = `${statement.tier} ${statement.namespace ?? ""}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [statement]);
    else known.push(statement);
  }
  for (const group of groups.values()) {
    group.sort((a, b) => a.priority - b.priority || (a.origin.name < b.origin.name ? -1 : 1));
  }
  return [...groups.values()];
}

/** Rules of NetworkPolicy only add; of two that match the same the later one is told. Those of tiers are asked in order. */
function shadowInside(facts: Facts, { rules, tier }: Statement, r: number): Rule | undefined {
  const rule = rules[r] as Rule;
  return rules.find((other, o) => {
    if (other === rule || !coversRule(facts, other, rule)) return false;
    return o < r || (tier === "NetworkPolicy" && !coversRule(facts, rule, other));
  });
}

function shadowOutside(
  facts: Facts,
  group: readonly Statement[],
  s: number,
  rule: Rule,
): { statement: Statement; rule: Rule } | undefined {
  const own = group[s] as Statement;
  for (const [o, other] of group.entries()) {
    if (o === s || (o > s && own.tier !== "NetworkPolicy") || !coversPods(facts, other.subject, own.subject)) continue;
    const found = other.rules.find((candidate) => {
      if (!coversRule(facts, candidate, rule)) return false;
      return o < s || !(coversPods(facts, own.subject, other.subject) && coversRule(facts, rule, candidate));
    });
    if (found !== undefined) return { statement: other, rule: found };
  }
  return undefined;
}
