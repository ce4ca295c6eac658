import { IP_PROTOCOLS } from "../model/protocols.ts";
import type { Rule } from "../offline/statements.ts";
import type { Facts } from "./facts.ts";
import type { Finding } from "./finding.ts";

/** Rules by domain name, which match only flows that carry one. */
export function domainNames(facts: Facts): Finding[] {
  return facts.statements.flatMap(({ origin, rules }) =>
    rules.flatMap((rule) =>
      (rule.peers ?? []).flatMap((peer): Finding[] => {
        if (peer.kind !== "names") return [];
        const path = [...peer.path, "domainNames"];
        return [{ code: "domain-names", severity: "warning", origin, path, message: message(rule) }];
      }),
    ),
  );
}

function message({ traffic }: Rule): string {
  const carriesNone = traffic?.every(({ protocol }) => protocol !== undefined && protocol !== IP_PROTOCOLS.TCP);
  if (carriesNone) return "never matches: only TLS over TCP carries a name; write networks instead";
  return "matches only flows that carry a name, which is TLS with a server name that leaves through a gateway: others fall to the rules after it; write networks for those";
}
