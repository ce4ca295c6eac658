import type { Rejection } from "../model/resources.ts";
import { Differences } from "./differences.ts";
import { Sorted } from "./sorted.ts";
import type { Direction, Statement } from "./statement.ts";

/** What one policy says. */
export interface Saying {
  readonly ingress: Statement | undefined;
  readonly egress: Statement | undefined;
  readonly rejections: readonly Rejection[];
  /** Read as one of several that share a name. */
  readonly isTwin: boolean;
}

/** How policies of one kind are read. */
export interface Reading<T> {
  /** The order in which they are asked. */
  readonly compare: (a: T, b: T) => number;
  readonly statement: (policy: T, direction: Direction, rejections: Rejection[]) => Statement | undefined;
  /** Policies of the same name contradict each other: what is left of each. They are next to each other in the order. */
  readonly twins?: { isTwin(a: T, b: T): boolean; reduced(policy: T, rejections: Rejection[]): T };
}

/** What policies of one kind say, in order; one that was there before isn't read again. */
export class Said<T extends object> {
  private readonly differences = new Differences<T>();
  private readonly sorted: Sorted<T>;
  private readonly known = new Map<T, Saying>();
  private sayings: readonly Saying[] = [];

  constructor(private readonly reading: Reading<T>) {
    this.sorted = new Sorted(reading.compare);
  }

  /** The same list if the policies are the same. */
  by(policies: readonly T[]): readonly Saying[] {
    const difference = this.differences.next(policies);
    if (difference.added.length + difference.removed.length === 0) return this.sayings;
    // What a policy said mustn't be used again once nobody says it: selections that it numbers are forgotten then.
    for (const policy of difference.removed) this.known.delete(policy);
    this.sorted.change(difference);
    this.sayings = this.sorted.all.map((policy, i) => this.saying(this.sorted.all, policy, i));
    return this.sayings;
  }

  private saying(all: readonly T[], policy: T, i: number): Saying {
    const isTwin = this.isTwin(policy, all[i - 1]) || this.isTwin(policy, all[i + 1]);
    const known = this.known.get(policy);
    if (known?.isTwin === isTwin) return known;
    const saying = this.read(policy, isTwin);
    this.known.set(policy, saying);
    return saying;
  }

  private isTwin(policy: T, other: T | undefined): boolean {
    return other !== undefined && this.reading.twins?.isTwin(policy, other) === true;
  }

  private read(policy: T, isTwin: boolean): Saying {
    const rejections: Rejection[] = [];
    const left = isTwin && this.reading.twins ? this.reading.twins.reduced(policy, rejections) : policy;
    const said = (direction: Direction) => this.reading.statement(left, direction, rejections);
    return { ingress: said("ingress"), egress: said("egress"), rejections, isTwin };
  }
}
