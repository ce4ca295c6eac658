import type { Origin, Rejection } from "../model/resources.ts";
import { type Issue, type Path, rejection } from "./issue.ts";
import { isList, itemOf, listComplaint } from "./lists.ts";
import { type Part, partsOf } from "./parts.ts";
import { isMapping } from "./schema.ts";
import { parseYaml, type SyntaxFault, type YamlValues } from "./yaml.ts";

/** One object of a file, before anything about it is known to be right. */
export interface RawObject {
  readonly object: unknown;
  readonly origin: Origin;
  /** The issue at the line of its field, or of the nearest thing around it that is there. */
  reject(issue: Issue): Rejection;
  /** What `decode` made of this object when first asked: the same in later readings in which its text is unchanged. */
  once<T extends object>(decode: () => T): T;
}

export type Documents =
  | { readonly objects: readonly RawObject[]; readonly rejections: readonly Rejection[] }
  | { readonly unreadable: Rejection };

/** YAML with more list entries, keys and lines is refused unread: each costs about 10 us. */
const ENTRIES_MAX = 1_000_000;

/** Reads documents, and parses only those that weren't in the reading before. */
export class DocumentReader {
  #before: ReadonlyMap<string, Chunk | SyntaxFault> = new Map();
  #now = new Map<string, Chunk | SyntaxFault>();
  /** Faults come in runs for one text. */
  #last: { readonly text: string; readonly yaml: YamlValues | SyntaxFault } | undefined;

  /** The objects of a YAML or JSON text: several documents, and the items of each list of objects. */
  read(file: string, text: string): Documents {
    const parts = partsOf(text, (part) => this.#known(part) !== undefined);
    if (!parts.every(({ isJson }) => isJson) && hasTooMuch(text)) {
      const message = `has more than ${ENTRIES_MAX} lines and entries: split it into several files, or write it as JSON`;
      return { unreadable: fileRejection(file, 1, message) };
    }
    const objects: RawObject[] = [];
    const rejections: Rejection[] = [];
    for (const part of parts) {
      const chunk = this.#chunk(part);
      if ("message" in chunk) return { unreadable: fileRejection(file, 1 + part.line + chunk.line, chunk.message) };
      for (const item of chunk.items) {
        const raw = this.#place(item, part, file);
        const complaint = listComplaint(item.object);
        if (complaint === undefined) objects.push(raw);
        else rejections.push(raw.reject(complaint));
      }
    }
    return { objects, rejections };
  }

  /** Ends a reading: texts that it didn't have are forgotten. */
  finish(): void {
    this.#before = this.#now;
    this.#now = new Map();
    this.#last = undefined;
  }

  #known(key: string): Chunk | SyntaxFault | undefined {
    return this.#now.get(key) ?? this.#before.get(key);
  }

  #chunk(part: Part): Chunk | SyntaxFault {
    const chunk = this.#known(part.key) ?? this.#parse(part);
    this.#now.set(part.key, chunk);
    return chunk;
  }

  #parse({ text, list, isJson, json: value }: Part): Chunk | SyntaxFault {
    if (isJson) return { items: itemsOf(list === undefined ? value : itemOf(list, value), 0, () => 0) };
    const yaml = this.#yaml(text);
    if ("message" in yaml) return yaml;
    return { items: yaml.values.flatMap((value, i) => itemsOf(value, i, (path) => yaml.lineOf(i, path))) };
  }

  #yaml(text: string): YamlValues | SyntaxFault {
    if (this.#last?.text !== text) this.#last = { text, yaml: parseYaml(text) };
    return this.#last.yaml;
  }

  #place(item: Item, { text, line }: Part, file: string): RawObject {
    const origin = { file, line: 1 + line + item.line, ...namesOf(item.object) };
    return {
      object: item.object,
      origin,
      reject: (issue) => {
        const below = this.#lineOf(text, item.document, [...item.prefix, ...issue.path]);
        return rejection({ ...origin, line: 1 + line + below }, issue);
      },
      once: <T extends object>(decode: () => T) => {
        item.decoded ??= decode();
        return item.decoded as T;
      },
    };
  }

  #lineOf(text: string, document: number, path: Path): number {
    // Large JSON isn't read as YAML just to find a line.
    const yaml = hasTooMuch(text) ? undefined : this.#yaml(text);
    return yaml === undefined || "message" in yaml ? 0 : yaml.lineOf(document, path);
  }
}

/** A rejection of a whole file. */
export function fileRejection(file: string, line: number, message: string): Rejection {
  return { origin: { file, line, kind: "", name: "" }, field: "", message };
}

/** What a part holds. */
interface Chunk {
  readonly items: readonly Item[];
}

interface Item {
  readonly object: unknown;
  /** Which document of the chunk, and where in it. */
  readonly document: number;
  readonly prefix: Path;
  /** From 0 within the chunk. */
  readonly line: number;
  decoded: object | undefined;
}

/** A document's object, or the items of a list, and of lists in it. */
function itemsOf(value: unknown, document: number, lineOf: (path: Path) => number, prefix: Path = []): Item[] {
  if (!isList(value) || listComplaint(value) !== undefined)
    return [{ object: value, document, prefix, line: lineOf(prefix), decoded: undefined }];
  const items = (value.items ?? []) as unknown[];
  return items.flatMap((item, i) => itemsOf(itemOf(value, item), document, lineOf, [...prefix, "items", i]));
}

function hasTooMuch(text: string): boolean {
  let entries = 0;
  for (const _ of text.matchAll(/[\n,[{]|- |: /g)) if (++entries > ENTRIES_MAX) return true;
  return false;
}

/** Kind and name as far as they are texts, and no longer than right ones can be. */
function namesOf(object: unknown): { kind: string; name: string } {
  if (!isMapping(object)) return { kind: "", name: "" };
  const metadata = isMapping(object.metadata) ? object.metadata : {};
  const parts = [metadata.namespace, metadata.name].filter((part) => typeof part === "string" && part !== "");
  const kind = typeof object.kind === "string" ? object.kind : "";
  return { kind: kind.slice(0, 63), name: parts.map((part) => String(part).slice(0, 253)).join("/") };
}
