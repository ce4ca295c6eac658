import { NONE, PATH_MAX_LENGTH } from "../../assembly/wire/image.ts";
import type { CompiledGateway, CompiledPath } from "./compiled.ts";
import { pathId } from "./ids.ts";

/** Why gateways can't be passed as written. */
export interface PathComplaint {
  /** Index of the gateway that it is about; undefined: the whole list. */
  readonly place?: number;
  readonly message: string;
}

/** The distinct paths of an overlay, numbered as they are asked for. */
export class Paths {
  readonly all: CompiledPath[] = [];
  private readonly places: ReadonlyMap<string, number>;
  private readonly known = new Map<string, number | PathComplaint>();

  /** At most 255 gateways. */
  constructor(private readonly gateways: readonly CompiledGateway[]) {
    this.places = new Map(gateways.map(({ gateway }, i) => [gateway.name, i]));
  }

  /** The number of the path that passes gateways by name, in order. */
  index(names: readonly string[]): number | PathComplaint {
    const key = names.join("\n");
    const known = this.known.get(key) ?? this.complaint(names) ?? this.add(names);
    this.known.set(key, known);
    return known;
  }

  private complaint(names: readonly string[]): PathComplaint | undefined {
    if (names.length === 0) return { message: "is empty: name at least one gateway" };
    if (names.length > PATH_MAX_LENGTH) return { message: `names more than ${PATH_MAX_LENGTH} gateways` };
    const repeated = names.findIndex((name, i) => names.indexOf(name) !== i);
    if (repeated >= 0) return { place: repeated, message: `names gateway ${names[repeated]} twice` };
    const unknown = names.findIndex((name) => !this.places.has(name));
    if (unknown < 0) return undefined;
    const message = `names gateway ${names[unknown]}, but no usable OverlayGateway of that name lists this overlay`;
    return { place: unknown, message };
  }

  private add(names: readonly string[]): number | PathComplaint {
    const gateways = names.map((name) => this.places.get(name) as number);
    const id = pathId(gateways.map((g) => (this.gateways[g] as CompiledGateway).id));
    if (id === 0 || id === NONE)
      return { message: "its id, a hash of the gateways' names, is a reserved number; rename a gateway" };
    if (this.all.some((path) => path.id === id))
      return { message: "its id, a hash of the gateways' names, is another path's too; rename a gateway" };
    return this.all.push({ id, gateways }) - 1;
  }
}
