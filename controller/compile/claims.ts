import { NONE } from "../../assembly/wire/image.ts";
import type { NamedPorts } from "./named-ports.ts";
import { type Clause, type Effect, type NumberedPorts, Tier } from "./statement.ts";

/** What one rule says about ports. */
export interface Claim {
  /** Undefined: every key. */
  readonly ports: readonly NumberedPorts[] | undefined;
  readonly effect: Effect;
  readonly tier: Tier;
  /** Left out of what is enforced. */
  readonly audited: boolean;
  /** Index of the rule's name. */
  readonly rule: number;
  /** Index of a path, or NONE. */
  readonly path: number;
}

/** Turns clauses into claims, and numbers the names of rules. */
export class Claims {
  /** Names by number. */
  readonly rules: string[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly clauseRules = new WeakMap<Clause, number>();

  constructor(private readonly ports: NamedPorts) {}

  /** What a clause says where port names mean what they mean for `portsNumber`. */
  of(clause: Clause, portsNumber: number): Claim {
    // Looking names up again for every claim would take longer than all the rest.
    const rule = this.clauseRules.get(clause) ?? this.rule(clause.rule);
    this.clauseRules.set(clause, rule);
    const { effect, tier, audited, path } = clause;
    return { ports: this.numbered(clause, portsNumber), effect, tier, audited, rule, path };
  }

  /** A claim to everything. */
  all(effect: Effect, rule: string, tier = Tier.Default, audited = false): Claim {
    return { ports: undefined, effect, tier, audited, rule: this.rule(rule), path: NONE };
  }

  /** A name that means nothing at the destination opens no port. */
  private numbered({ ports, named }: Clause, portsNumber: number): readonly NumberedPorts[] | undefined {
    if (!named) return ports as readonly NumberedPorts[] | undefined;
    return ports?.flatMap((port): NumberedPorts[] => {
      if (!("name" in port)) return [port];
      const key = this.ports.key(portsNumber, port);
      return key === undefined ? [] : [{ first: key, last: key }];
    });
  }

  private rule(name: string): number {
    const number = this.numbers.get(name) ?? this.rules.push(name) - 1;
    this.numbers.set(name, number);
    return number;
  }
}
