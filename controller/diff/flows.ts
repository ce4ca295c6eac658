import { type Image, Side } from "../../assembly/decide/image.ts";
import { Verdict } from "../../assembly/decide/verdict.ts";
import type { CompiledPolicy } from "../compile/compiled.ts";
import { listOf, startsOf } from "../compile/table-lists.ts";
import { gatewayImage } from "../offline/decider.ts";

/** Flows that are allowed and take one way: keys `protocol << 16 | port`, both included. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
  /** Gateways in the order they are passed; empty in an overlay without gateways. */
  readonly way: string;
}

/** The greatest key: protocol 255, port 65535. */
export const LAST_KEY = 0xffffff;

/** Lists of stretches, numbered so that equal ones have one number. 0 is the empty list. */
export class StretchLists {
  private readonly lists: (readonly Stretch[])[] = [[]];
  private readonly numbers = new Map([["", 0]]);

  number(list: readonly Stretch[]): number {
    const text = list.map(({ first, last, way }) => `${first}-${last} ${way}`).join();
    const known = this.numbers.get(text) ?? this.lists.push(list) - 1;
    this.numbers.set(text, known);
    return known;
  }

  list(number: number): readonly Stretch[] {
    return this.lists[number] as readonly Stretch[];
  }
}

/** All flows that a policy allows, by class of source and destination. */
export class Flows {
  private readonly image: Image;
  private readonly ways: readonly string[];
  private readonly known = new Map<number, number>();

  constructor(
    private readonly policy: CompiledPolicy,
    private readonly stretches: StretchLists,
  ) {
    this.image = gatewayImage(policy);
    const names = policy.gateways.map(({ gateway }) => gateway.name);
    this.ways = policy.paths.map(({ gateways }) => gateways.map((index) => names[index]).join(", "));
  }

  /** Number of the list of what is allowed. */
  between(source: number, destination: number): number {
    const { table } = this.policy;
    const egress = listOf(table, source, "egress", destination);
    const ingress = listOf(table, destination, "ingress", source);
    // The answer depends on nothing but the two lists.
    const key = egress * table.lists.length + ingress;
    const known = this.known.get(key) ?? this.decide(source, destination, egress, ingress);
    this.known.set(key, known);
    return known;
  }

  private decide(source: number, destination: number, egress: number, ingress: number): number {
    const { table } = this.policy;
    const bounds = new Set([...startsOf(table, egress), ...startsOf(table, ingress)]);
    const starts = [...bounds].sort((a, b) => a - b);
    const allowed: { first: number; last: number; way: string }[] = [];
    starts.forEach((first, i) => {
      if (this.image.decide(source, destination, first, Side.Both) !== Verdict.Allow) return;
      const stretch = { first, last: (starts[i + 1] ?? LAST_KEY + 1) - 1, way: this.ways[this.image.path] ?? "" };
      const before = allowed.at(-1);
      if (before !== undefined && before.last + 1 === first && before.way === stretch.way) before.last = stretch.last;
      else allowed.push(stretch);
    });
    return this.stretches.number(allowed);
  }
}
