import { IP_PROTOCOLS } from "../model/protocols.ts";
import type { Member } from "../model/resources.ts";
import type { NamedTraffic } from "../model/tiers.ts";
import { listed } from "../offline/listed.ts";
import type { Rule, Statement } from "../offline/statements.ts";
import { didYouMean } from "../read/closest.ts";
import { type Facts, nameOf } from "./facts.ts";
import type { Finding } from "./finding.ts";

/** Names of ports that no destination has. */
export function unknownPortNames(facts: Facts): Finding[] {
  return facts.statements.flatMap((statement) =>
    statement.rules.flatMap((rule) =>
      (rule.traffic ?? []).flatMap((traffic): Finding[] => {
        if (!("name" in traffic)) return [];
        const message = complaint(traffic, destinations(facts, statement, rule));
        if (message === undefined) return [];
        return [
          { code: "unknown-port-name", severity: "warning", origin: statement.origin, path: traffic.path, message },
        ];
      }),
    ),
  );
}

/** A name means a port of the destination: of the pods selected, or of the peers. */
function destinations(facts: Facts, { subject }: Statement, { direction, peers }: Rule): readonly Member[] {
  if (direction === "ingress") return facts.membersOf(subject);
  if (peers === undefined) return facts.members;
  return peers.flatMap((peer) => {
    if (peer.kind === "pods") return facts.membersOf(peer.pods);
    // Whoever has one of these addresses, or shows this identity: not worth finding out.
    return peer.kind === "addresses" || peer.kind === "identity" ? facts.members : [];
  });
}

function complaint({ name, protocol }: NamedTraffic, members: readonly Member[]): string | undefined {
  if (members.length === 0) return undefined;
  const ports = members.flatMap((member) => member.ports.map((port) => ({ member, port })));
  const same = ports.filter(({ port }) => port.name === name);
  if (same.some(({ port }) => protocol === undefined || IP_PROTOCOLS[port.protocol] === protocol)) return undefined;
  const [other] = same;
  if (other !== undefined)
    return `names port ${name}, which ${nameOf(other.member)} has for ${other.port.protocol}: set protocol: ${other.port.protocol}`;
  const known = new Set(ports.map(({ port }) => port.name).filter((text) => text !== ""));
  const hint = didYouMean(name, known) || "; name a containerPort so, or write its number";
  return `opens nothing: none of its destinations (${listed(members.map(nameOf))}) has a port named ${name}${hint}`;
}
