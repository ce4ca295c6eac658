import type { CompiledPolicy } from "../compile/compiled.ts";
import { type Found, findParty, type Problem, type Suggest } from "../explain/question.ts";

/**
 * Whom patterns mean: `shop/web`, `web`, an IP address, `shop/*`, `*` (all members), and `!shop/web` for all that come
 * before but this one.
 */
export class Parties {
  private readonly members: readonly Found[];

  constructor(
    private readonly policies: readonly CompiledPolicy[],
    private readonly suggest: Suggest,
  ) {
    this.members = policies.flatMap((policy) =>
      policy.endpoints.map((member) => {
        const { namespace, name, addresses } = member.endpoint;
        return { name: `${namespace}/${name}`, addresses, policy, member };
      }),
    );
  }

  matching(patterns: readonly string[]): readonly Found[] | Problem {
    const found = new Map<string, Found>();
    for (const pattern of patterns) {
      const isExcluded = pattern.startsWith("!");
      const matches = this.one(isExcluded ? pattern.slice(1) : pattern);
      if ("problem" in matches) return matches;
      for (const match of matches) {
        if (isExcluded) found.delete(match.name);
        else found.set(match.name, match);
      }
    }
    return found.size > 0 ? [...found.values()] : { problem: `${patterns.join(", ")} leaves nobody` };
  }

  private one(pattern: string): readonly Found[] | Problem {
    if (!pattern.includes("*")) {
      const found = findParty(pattern, this.policies, this.suggest);
      return "problem" in found ? found : [found];
    }
    const parts = pattern.split("*").map((part) => part.replace(/[^\w-]/g, "\\$&"));
    // A `*` alone means everybody, otherwise it stays within a namespace or a name.
    const expression = new RegExp(pattern === "*" ? "" : `^${parts.join("[^/]*")}$`);
    const matches = this.members.filter(({ name }) => expression.test(name));
    return matches.length > 0 ? matches : { problem: `${pattern} matches no member` };
  }
}
