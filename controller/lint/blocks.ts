import { type AddressRange, addressNumber, blockRanges } from "../compile/ranges.ts";
import { parseAddress } from "../model/address.ts";
import type { Member, Overlay } from "../model/resources.ts";
import { listed } from "../offline/listed.ts";
import type { Rule, Statement } from "../offline/statements.ts";
import { isMapping } from "../read/schema.ts";
import { type Facts, nameOf } from "./facts.ts";
import type { Finding } from "./finding.ts";

type Block = { readonly text: string; readonly ranges: readonly AddressRange[] };

/** Rules by address that match members, or that nothing will ever match in an overlay. */
export function blocks(facts: Facts): Finding[] {
  const members = new MembersByAddress(facts.members);
  const overlays = facts.world.overlays.filter(({ path }) => path.length > 0);
  return facts.statements.flatMap((statement) =>
    statement.rules.flatMap((rule) =>
      (rule.peers ?? []).flatMap((peer): Finding[] => {
        if (peer.kind !== "addresses") return [];
        const { origin } = statement;
        const covered = members.inside(peer.ranges);
        if (covered.length > 0) {
          const message = coversText(peer, covered, rule);
          return [{ code: "block-covers-members", severity: "warning", origin, path: peer.path, message }];
        }
        return blind(statement, rule, peer, overlays).map((finding) => ({ ...finding, path: peer.path }));
      }),
    ),
  );
}

function coversText({ text }: Block, covered: readonly Member[], { action }: Rule): string {
  const who = `${text} covers ${covered.length === 1 ? "a member" : `${covered.length} members`}: ${listed(covered.map(nameOf))}`;
  if (!text.endsWith("/0")) return `${who}; addresses of pods change when they restart: select them by labels`;
  if (action === "Allow") return `${who}; if only outsiders are meant, leave the members' addresses out of it`;
  return `${who}, and denies them too; if only outsiders are meant, allow or pass members in a rule before it`;
}

/** Through an overlay come members only. */
function blind(
  { origin }: Statement,
  { direction, action }: Rule,
  { text, ranges }: Block,
  overlays: readonly Overlay[],
): Finding[] {
  const [overlay] = overlays;
  if (overlay === undefined) return [];
  const inside = overlays.some(({ cidr }) => cidr.some((block) => overlaps(ranges, blockRanges(block) ?? [])));
  if (inside) {
    const message = `${text} lies in the addresses of an overlay, where no member has such an address yet: select members by labels`;
    return [{ code: "block-covers-members", severity: "warning", origin, path: [], message }];
  }
  if (direction === "egress" || action !== "Allow") return [];
  const message = `${text} has outsiders only: they hold no authorization key, so no gateway of overlay ${overlay.name} lets them in by this rule`;
  return [{ code: "blind-block", severity: "warning", origin, path: [], message }];
}

function overlaps(a: readonly AddressRange[], b: readonly AddressRange[]): boolean {
  return a.some((one) => b.some((other) => one.first <= other.last && other.first <= one.last));
}

/** Overlays that don't see what leaves them, though policy says where members may go. */
export function uncheckedEgress({ world }: Facts): Finding[] {
  return world.overlays
    .filter(({ path, interception }) => path.length > 0 && interception === "Overlay")
    .filter(({ name }) => {
      const namespaces = new Set(world.endpoints.filter(({ overlay }) => overlay === name).map((one) => one.namespace));
      return world.policies.some(({ egress, namespace }) => egress !== undefined && namespaces.has(namespace));
    })
    .map(({ origin }) => {
      const message =
        "policies isolate egress of its members, but flows to outsiders leave directly and aren't checked: set interception: All if they shall be";
      return { code: "egress-unchecked", severity: "info", origin, path: ["spec", "interception"], message };
    });
}

/** Istio AuthorizationPolicies by client address: behind an overlay every client is 127.0.0.7. */
export function clientAddresses(objects: readonly Written[]): Finding[] {
  return objects.flatMap(({ object, origin }): Finding[] => {
    if (!isMapping(object) || object.kind !== "AuthorizationPolicy" || !isMapping(object.spec)) return [];
    const { rules } = object.spec;
    if (!Array.isArray(rules)) return [];
    return rules.flatMap((rule, i): Finding[] => {
      if (!namesAddresses(rule)) return [];
      const message =
        "matches addresses of clients, but in an overlay the server sees every client as 127.0.0.7: match principals or namespaces, and addresses in a NetworkPolicy or FlowPolicy";
      return [{ code: "client-address", severity: "warning", origin, path: ["spec", "rules", i], message }];
    });
  });
}

/** An object as it was written. */
export interface Written {
  readonly object: unknown;
  readonly origin: Finding["origin"];
}

const ADDRESS_FIELDS = ["ipBlocks", "notIpBlocks", "remoteIpBlocks", "notRemoteIpBlocks"];
const ADDRESS_KEYS = ["source.ip", "remote.ip"];

function namesAddresses(rule: unknown): boolean {
  if (!isMapping(rule)) return false;
  const from: unknown[] = Array.isArray(rule.from) ? rule.from : [];
  const when: unknown[] = Array.isArray(rule.when) ? rule.when : [];
  const bySource = from.some((one) => {
    const source = isMapping(one) ? one.source : undefined;
    return isMapping(source) && ADDRESS_FIELDS.some((field) => source[field] !== undefined);
  });
  return bySource || when.some((one) => isMapping(one) && ADDRESS_KEYS.includes(String(one.key)));
}

class MembersByAddress {
  private readonly sorted: readonly { readonly address: bigint; readonly member: Member }[];

  constructor(members: readonly Member[]) {
    const all = members.flatMap((member) =>
      member.addresses.flatMap((text) => {
        const bytes = parseAddress(text);
        return bytes === undefined ? [] : [{ address: addressNumber(bytes), member }];
      }),
    );
    this.sorted = all.sort((a, b) => (a.address < b.address ? -1 : 1));
  }

  inside(ranges: readonly AddressRange[]): Member[] {
    const found = new Set<Member>();
    for (const { first, last } of ranges) {
      for (let i = this.from(first); i < this.sorted.length; i++) {
        const one = this.sorted[i] as (typeof this.sorted)[number];
        if (one.address > last) break;
        found.add(one.member);
      }
    }
    return [...found];
  }

  /** Index of the first address that isn't less. */
  private from(address: bigint): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.sorted[middle]?.address ?? 0n) < address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
