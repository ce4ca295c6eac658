import type { Origin, Rejection } from "../model/resources.ts";
import { type Issue, type Path, rejection } from "./issue.ts";
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

/** Files with more list entries, keys and lines are refused unread: each costs about 10 us. */
const ENTRIES_MAX = 1_000_000;

/** Reads documents, and parses only those that weren't in the reading before. */
export class DocumentReader {
  #before: ReadonlyMap<string, Chunk | SyntaxFault> = new Map();
  #now = new Map<string, Chunk | SyntaxFault>();
  /** Faults come in runs for one text. */
  #last: { readonly text: string; readonly yaml: YamlValues } | undefined;

  /** The objects of a YAML or JSON text: several documents, and the items of each `kind: List`. */
  read(file: string, text: string): Documents {
    if (hasTooMuch(text)) {
      const message = `has more than ${ENTRIES_MAX} lines and entries: split it into several files`;
      return { unreadable: fileRejection(file, 1, message) };
    }
    const objects: RawObject[] = [];
    const rejections: Rejection[] = [];
    let firstLine = 1;
    for (const part of split(text)) {
      const chunk = this.#chunk(part);
      if ("message" in chunk) return { unreadable: fileRejection(file, firstLine + chunk.line, chunk.message) };
      for (const item of chunk.items) {
        const raw = this.#place(item, part, file, firstLine);
        const complaint = listComplaint(item.object);
        if (complaint === undefined) objects.push(raw);
        else rejections.push(raw.reject(complaint));
      }
      firstLine += lineFeeds(part);
    }
    return { objects, rejections };
  }

  /** Ends a reading: texts that it didn't have are forgotten. */
  finish(): void {
    this.#before = this.#now;
    this.#now = new Map();
    this.#last = undefined;
  }

  #chunk(text: string): Chunk | SyntaxFault {
    const known = this.#now.get(text) ?? this.#before.get(text) ?? this.#parse(text);
    this.#now.set(text, known);
    return known;
  }

  #parse(text: string): Chunk | SyntaxFault {
    const yaml = parseYaml(text);
    if ("message" in yaml) return yaml;
    this.#last = { text, yaml };
    return { items: yaml.values.flatMap((value, document) => itemsOf(value, document, yaml)) };
  }

  #place(item: Item, text: string, file: string, firstLine: number): RawObject {
    const origin = { file, line: firstLine + item.line, ...namesOf(item.object) };
    return {
      object: item.object,
      origin,
      reject: (issue) => {
        const line = firstLine + this.#lineOf(text, item.document, [...item.prefix, ...issue.path]);
        return rejection({ ...origin, line }, issue);
      },
      once: <T extends object>(decode: () => T) => {
        item.decoded ??= decode();
        return item.decoded as T;
      },
    };
  }

  #lineOf(text: string, document: number, path: Path): number {
    if (this.#last?.text !== text) this.#parse(text);
    return this.#last?.yaml.lineOf(document, path) ?? 0;
  }
}

/** A rejection of a whole file. */
export function fileRejection(file: string, line: number, message: string): Rejection {
  return { origin: { file, line, kind: "", name: "" }, field: "", message };
}

/** A part of a file that means the same wherever it stands: one document, as a rule. */
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

/** A document's object, or the items of a List. */
function itemsOf(value: unknown, document: number, yaml: YamlValues): Item[] {
  const item = (object: unknown, prefix: Path): Item => {
    return { object, document, prefix, line: yaml.lineOf(document, prefix), decoded: undefined };
  };
  if (!isList(value) || listComplaint(value) !== undefined) return [item(value, [])];
  return ((value.items ?? []) as unknown[]).map((object, i) => item(ofList(value, object), ["items", i]));
}

/** `kind: List`, as kubectl prints it, or a typed one such as PodList, as the API does. */
function isList(object: unknown): object is Record<string, unknown> & { kind: string } {
  return isMapping(object) && typeof object.kind === "string" && object.kind.endsWith("List");
}

/** Items of a typed list leave out what the list says of them. */
function ofList({ kind, apiVersion }: Record<string, unknown> & { kind: string }, object: unknown): unknown {
  if (kind === "List" || !isMapping(object)) return object;
  return { kind: kind.slice(0, -"List".length), apiVersion, ...object };
}

function listComplaint(object: unknown): Issue | undefined {
  if (!isList(object)) return undefined;
  const isKnown = object.kind !== "List" || object.apiVersion === "v1";
  if (isKnown && (Array.isArray(object.items) || object.items === null)) return undefined;
  return { path: ["items"], message: "must be a list of objects, in a List of apiVersion v1" };
}

/**
 * A line that begins with `---` ends a document wherever it stands (YAML 1.2.2 section 9.1.2), so the text can be cut
 * there; not if there are %directives, which belong to the document after them.
 */
function split(text: string): string[] {
  if (/^%/m.test(text)) return [text];
  return text.split(/(?<=\n)(?=---[ \t\r\n])/);
}

function lineFeeds(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
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
