/** Loads a node's guard and reads what it has refused. */
import { GUARD_COUNTERS, type GuardFacts, guardRules } from "../emit/guard.ts";
import type { Lab } from "./namespace.ts";

/** Packets, by what the guard did with them since it was loaded. */
export type GuardCounts = Record<keyof typeof GUARD_COUNTERS, number>;

/** Puts the rules into the node's namespace, replacing those that are there. Before anything starts in it. */
export async function loadGuard(lab: Lab, node: string, facts: GuardFacts): Promise<void> {
  await lab.run(node, ["nft", "-f", "-"], guardRules(facts));
  // Else the tracker takes the first packet that it sees of an older connection for its beginning, and the peer of
  // one that began outside could pass as answering. Best effort: some containers mount /proc/sys read-only.
  await lab.run(node, ["sh", "-c", "echo 0 > /proc/sys/net/netfilter/nf_conntrack_tcp_loose || true"]);
}

export async function guardCounts(lab: Lab, node: string): Promise<GuardCounts> {
  const listing = JSON.parse(await lab.run(node, ["nft", "-j", "list", "counters"])) as CounterListing;
  const packets = new Map(
    listing.nftables.flatMap(({ counter }) => (counter ? [[counter.name, counter.packets]] : [])),
  );
  const entries = Object.entries(GUARD_COUNTERS).map(([key, name]) => [key, packets.get(name) ?? 0]);
  return Object.fromEntries(entries) as GuardCounts;
}

/** What `nft -j list counters` prints, as far as it is used. */
interface CounterListing {
  readonly nftables: readonly { readonly counter?: { readonly name: string; readonly packets: number } }[];
}
