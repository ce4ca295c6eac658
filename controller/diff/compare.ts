import type { CompiledPolicy } from "../compile/compiled.ts";
import type { Family } from "../model/address.ts";
import { type Delta, deltas } from "./delta.ts";
import { Flows, StretchLists } from "./flows.ts";
import { type Alike, alikeParties } from "./parties.ts";

/** A change of the flows from each of some parties to each of some others. */
export interface Difference extends Delta {
  readonly family: Family;
  readonly from: readonly Alike[];
  readonly to: readonly Alike[];
}

/** Which flows open, close, or take another way between two states of an overlay, every port and outsiders included. */
export function differences(old: CompiledPolicy, now: CompiledPolicy): Difference[] {
  const stretches = new StretchLists();
  const [before, after] = [new Flows(old, stretches), new Flows(now, stretches)];
  const parties = alikeParties(old, now);
  const changed = new Changed(stretches);
  for (const from of parties) {
    for (const to of parties) {
      if (from.family !== to.family || !canMeet(from, to)) continue;
      const was = from.old === undefined || to.old === undefined ? 0 : before.between(from.old, to.old);
      const becomes = from.now === undefined || to.now === undefined ? 0 : after.between(from.now, to.now);
      if (was !== becomes) changed.add(was, becomes, from, to);
    }
  }
  return changed.grouped();
}

/** Nobody decides for two outsiders, and a member always reaches itself. */
function canMeet(from: Alike, to: Alike): boolean {
  if (from.members.length === 0 && to.members.length === 0) return false;
  return from !== to || from.members.some((name) => name !== from.members[0]);
}

class Changed {
  private readonly deltas = new Map<string, readonly Delta[]>();
  private readonly changes = new Map<string, { delta: Delta; family: Family; to: Map<Alike, Alike[]> }>();

  constructor(private readonly stretches: StretchLists) {}

  add(was: number, becomes: number, from: Alike, to: Alike): void {
    const pair = `${was} ${becomes}`;
    const found = this.deltas.get(pair) ?? deltas(this.stretches.list(was), this.stretches.list(becomes));
    this.deltas.set(pair, found);
    for (const delta of found) {
      const key = `${from.family} ${JSON.stringify(delta)}`;
      const change = this.changes.get(key) ?? { delta, family: from.family, to: new Map<Alike, Alike[]>() };
      this.changes.set(key, change);
      const known = change.to.get(from);
      if (known === undefined) change.to.set(from, [to]);
      else known.push(to);
    }
  }

  /** Sources to which the same happens towards the same destinations are one difference. */
  grouped(): Difference[] {
    const differences: Difference[] = [];
    const numbers = new Map<Alike, number>();
    const numberOf = (alike: Alike) => {
      const known = numbers.get(alike) ?? numbers.size;
      numbers.set(alike, known);
      return known;
    };
    for (const { delta, family, to: destinations } of this.changes.values()) {
      const groups = new Map<string, { from: Alike[]; to: readonly Alike[] }>();
      for (const [from, to] of destinations) {
        const key = to.map(numberOf).join();
        const group = groups.get(key);
        if (group === undefined) groups.set(key, { from: [from], to });
        else group.from.push(from);
      }
      for (const group of groups.values()) differences.push({ ...delta, family, ...group });
    }
    return differences;
  }
}
