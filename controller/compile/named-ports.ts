import type { OverlayEndpoint } from "../model/resources.ts";
import { type Clause, type NamedPortOf, PROTOCOLS, type Statements } from "./statement.ts";

/** What a port name means at each endpoint. Endpoints whose ports no rule can tell apart share a number. */
export class NamedPorts {
  private readonly wanted = new Set<string>();
  private readonly maps: ReadonlyMap<string, number>[] = [new Map()];
  private readonly numbers = new Map([["", 0]]);
  private known = new WeakMap<OverlayEndpoint, number>();

  /** Takes notice of what rules name; whether some of it is new, so that endpoints may have other numbers now. */
  learn(statements: Statements): boolean {
    const before = this.wanted.size;
    for (const side of [statements.ingress, statements.egress])
      for (const { clauses } of side) {
        if (clauses.some(({ named }) => named)) for (const name of portNamesOf(clauses)) this.wanted.add(name);
      }
    if (this.wanted.size === before) return false;
    this.known = new WeakMap();
    return true;
  }

  /** How many numbers there are. */
  get count(): number {
    return this.maps.length;
  }

  /** The number of an endpoint; 0: no port that a rule names. */
  of(endpoint: OverlayEndpoint): number {
    const number = this.known.get(endpoint) ?? this.number(endpoint);
    this.known.set(endpoint, number);
    return number;
  }

  /** For each number of `of` a number that those share who agree in what some `name/protocol` mean. */
  numbersFor(names: readonly string[]): number[] {
    const numbers = new Map<string, number>();
    return this.maps.map((map) => {
      const text = names.map((name) => map.get(name) ?? "").join();
      const number = numbers.get(text) ?? numbers.size;
      numbers.set(text, number);
      return number;
    });
  }

  /** The key `protocol << 16 | port` that a name means for a number of `of`, or undefined. */
  key(number: number, port: NamedPortOf): number | undefined {
    return this.maps[number]?.get(portKey(port));
  }

  private number({ ports }: OverlayEndpoint): number {
    const map = new Map<string, number>();
    for (const { name, protocol, port } of ports) {
      const key = portKey({ name, protocol: PROTOCOLS[protocol] });
      // Kubernetes takes the first container port of that name.
      if (this.wanted.has(key) && !map.has(key)) map.set(key, (PROTOCOLS[protocol] << 16) | port);
    }
    const text = [...map]
      .map(([key, port]) => `${key}=${port}`)
      .sort()
      .join();
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    this.numbers.set(text, this.maps.length);
    return this.maps.push(map) - 1;
  }
}

/** The distinct names of ports in clauses as `name/protocol number`, in order. */
export function portNamesOf(clauses: readonly Clause[]): string[] {
  const names = new Set<string>();
  for (const { ports, named } of clauses) {
    if (named) for (const port of ports ?? []) if ("name" in port) names.add(portKey(port));
  }
  return [...names].sort();
}

function portKey({ name, protocol }: NamedPortOf): string {
  return `${name}/${protocol}`;
}
