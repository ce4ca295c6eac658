import { COUNTER, Status } from "./abi.ts";

/** Counters and gauges by name. As in Envoy, each definition gets an id of its own, also of a name that is known. */
export class Metrics {
  private readonly values = new Map<string, bigint>();
  private readonly names = new Map<number, string>();
  private definitions = 0;

  define(type: number, name: string): number {
    const id = (++this.definitions << 2) | type;
    this.names.set(id, name);
    if (!this.values.has(name)) this.values.set(name, 0n);
    return id;
  }

  increment(id: number, by: bigint): Status {
    const name = this.names.get(id);
    if (name === undefined) return Status.NotFound;
    if ((id & 3) === COUNTER && by <= 0n) return Status.BadArgument;
    this.values.set(name, this.value(name) + by);
    return Status.Ok;
  }

  record(id: number, value: bigint): Status {
    const name = this.names.get(id);
    if (name === undefined) return Status.NotFound;
    this.values.set(name, (id & 3) === COUNTER ? this.value(name) + value : value);
    return Status.Ok;
  }

  value(name: string): bigint {
    return this.values.get(name) ?? 0n;
  }

  /** Those that aren't zero. */
  snapshot(): Map<string, bigint> {
    return new Map([...this.values].filter(([, value]) => value !== 0n));
  }
}
