import type { OverlayEndpoint } from "../model/resources.ts";
import { type Clause, type NamedPortOf, PROTOCOLS, type Statements } from "./statement.ts";

/** What a port name means at each endpoint. Endpoints whose ports no rule can tell apart share a number. */
export class NamedPorts {
  /** The number of each endpoint; 0: no port that a rule names. */
  readonly of: Int32Array;
  private readonly maps: ReadonlyMap<string, number>[] = [new Map()];

  constructor(endpoints: readonly OverlayEndpoint[], statements: Statements) {
    const wanted = new Set(
      [...statements.ingress, ...statements.egress].flatMap(({ clauses }) => portNamesOf(clauses)),
    );
    const numbers = new Map([["", 0]]);
    this.of = Int32Array.from(endpoints, ({ ports }) => {
      const map = new Map<string, number>();
      for (const { name, protocol, port } of ports) {
        const key = portKey({ name, protocol: PROTOCOLS[protocol] });
        // Kubernetes takes the first container port of that name.
        if (wanted.has(key) && !map.has(key)) map.set(key, (PROTOCOLS[protocol] << 16) | port);
      }
      const text = [...map]
        .map(([key, port]) => `${key}=${port}`)
        .sort()
        .join();
      const known = numbers.get(text);
      if (known !== undefined) return known;
      numbers.set(text, this.maps.length);
      return this.maps.push(map) - 1;
    });
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
