/** From a directory to compiled overlays, or to the list of what is wrong with it. */
import { createHash } from "node:crypto";
import { compile } from "../compile/compile.ts";
import type { CompiledPolicy } from "../compile/compiled.ts";
import { strays } from "../compile/strays.ts";
import type { Rejection } from "../model/resources.ts";
import type { WorldReader } from "../read/files.ts";
import { localComplaints } from "./local-nodes.ts";

export type Loaded = { readonly policies: readonly CompiledPolicy[] } | { readonly rejections: readonly Rejection[] };

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

/**
 * Everything or nothing: an operator's typo must not quietly remove half of the access there was. The reader remembers
 * what it parsed, so an edit costs what was edited.
 */
export async function load(reader: WorldReader, folder: string, allowLoopback: boolean): Promise<Loaded> {
  const { world, rejections, unreadable } = await reader.read(folder);
  if (unreadable.length + rejections.length > 0) return { rejections: [...unreadable, ...rejections] };
  const compilations = world.overlays.map(({ name }) => compile(world, name, { allowLoopback }));
  const found = compilations.flatMap((compilation) => compilation.rejections);
  found.push(...strays(world), ...localComplaints(world));
  if (found.length > 0) return { rejections: found };
  if (compilations.length === 0) return { rejections: [nothing(folder)] };
  return { policies: compilations.map(({ policy }) => policy) };
}

function nothing(folder: string): Rejection {
  return {
    origin: { file: folder, line: 1, kind: "Overlay", name: "" },
    field: "",
    message: "there is no Overlay: add one",
  };
}
