/** From a directory to compiled overlays, or to the list of what is wrong with it. */
import { Compiler } from "../compile/compile.ts";
import type { CompiledPolicy } from "../compile/compiled.ts";
import { strays } from "../compile/strays.ts";
import type { Overlay, Rejection } from "../model/resources.ts";
import type { WorldReader } from "../read/files.ts";
import { holdImmutable } from "./immutable.ts";
import { localComplaints } from "./local-nodes.ts";

export type Loaded =
  | {
      readonly policies: readonly CompiledPolicy[];
      /** Edits of single fields that were not taken. */
      readonly held: readonly Rejection[];
    }
  | { readonly rejections: readonly Rejection[] };

/** By name of the overlay; what they remember makes edits cheap. */
export type Compilers = Map<string, Compiler>;

export interface LoadOptions {
  /** Members may live on loopback addresses. */
  readonly allowLoopback: boolean;
  /** The overlays that run now; some of their fields can't change. */
  readonly inForce: readonly Overlay[];
}

/**
 * Everything or nothing: an operator's typo must not quietly remove half of the access there was. The reader remembers
 * what it parsed and the compilers what they decided, so an edit costs what was edited.
 */
export async function load(
  reader: WorldReader,
  compilers: Compilers,
  folder: string,
  { allowLoopback, inForce }: LoadOptions,
): Promise<Loaded> {
  const { world: written, rejections, unreadable } = await reader.read(folder);
  if (unreadable.length + rejections.length > 0) return { rejections: [...unreadable, ...rejections] };
  const { world, rejections: held, conflicts } = holdImmutable(written, inForce);
  const compilations = world.overlays.map(({ name }) => {
    const compiler = compilers.get(name) ?? new Compiler(name, { allowLoopback });
    compilers.set(name, compiler);
    return compiler.update(world);
  });
  for (const name of compilers.keys())
    if (!world.overlays.some((overlay) => overlay.name === name)) compilers.delete(name);
  const found = compilations.flatMap((compilation) => compilation.rejections);
  found.push(...strays(world), ...localComplaints(world), ...conflicts);
  if (found.length > 0) return { rejections: [...found, ...held] };
  if (compilations.length === 0) return { rejections: [nothing(folder)] };
  return { policies: compilations.map(({ policy }) => policy), held };
}

function nothing(folder: string): Rejection {
  return {
    origin: { file: folder, line: 1, kind: "Overlay", name: "" },
    field: "",
    message: "there is no Overlay: add one",
  };
}
