import type { Rejection, World } from "../model/resources.ts";
import { DocumentReader } from "./documents.ts";
import { Draft } from "./draft.ts";

/** What was read. `rejections` are about objects; files in `unreadable` added nothing to the world. */
export interface Reading {
  readonly world: World;
  readonly rejections: readonly Rejection[];
  readonly unreadable: readonly Rejection[];
}

export interface SourceText {
  /** As messages name it. */
  readonly file: string;
  readonly text: string;
}

/**
 * The world that `sources` describe; their order only decides which of two objects of one name is rejected. A `reader`
 * that is used again spares what is unchanged since.
 */
export function decodeWorld(sources: readonly SourceText[], reader = new DocumentReader()): Reading {
  const draft = new Draft();
  const unreadable: Rejection[] = [];
  for (const { file, text } of sources) {
    const documents = reader.read(file, text);
    if ("unreadable" in documents) {
      unreadable.push(documents.unreadable);
      continue;
    }
    for (const rejection of documents.rejections) draft.rejections.push(rejection);
    for (const raw of documents.objects) draft.take(raw);
  }
  const world = draft.world();
  reader.finish();
  return { world, rejections: draft.rejections, unreadable };
}
