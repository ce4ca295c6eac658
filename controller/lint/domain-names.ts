import type { Facts } from "./facts.ts";
import type { Finding } from "./finding.ts";

const MESSAGE =
  "matches nothing: no flow that the overlay carries comes with a name yet; write networks instead, or the rules after it decide";

/** Rules by domain name. */
export function domainNames(facts: Facts): Finding[] {
  return facts.statements.flatMap(({ origin, rules }) =>
    rules.flatMap((rule) =>
      (rule.peers ?? []).flatMap((peer): Finding[] => {
        if (peer.kind !== "names") return [];
        const path = [...peer.path, "domainNames"];
        return [{ code: "domain-names", severity: "warning", origin, path, message: MESSAGE }];
      }),
    ),
  );
}
