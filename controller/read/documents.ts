import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
} from "yaml";
import type { Origin, Rejection } from "../model/resources.ts";
import { type Issue, type Path, rejection, shown } from "./issue.ts";
import { isMapping } from "./schema.ts";

/** One object of a file, before anything about it is known to be right. */
export interface RawObject {
  readonly object: unknown;
  readonly origin: Origin;
  /** The issue at the line of its field, or of the nearest thing around it that is there. */
  reject(issue: Issue): Rejection;
}

export type Documents =
  | { readonly objects: readonly RawObject[]; readonly rejections: readonly Rejection[] }
  | { readonly unreadable: Rejection };

/** Aliases (`*name`) may multiply what a file holds by no more than this. */
const ALIAS_MAX = 100;
/** Files with more list entries, keys and lines are refused unread: each costs about 10 us and 1 KiB. */
const ENTRIES_MAX = 1_000_000;

/** The objects of a YAML or JSON text: several documents, and the items of each `kind: List`. */
export function decodeDocuments(file: string, text: string): Documents {
  const lines = new LineCounter();
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line);
  const fail = (line: number, message: string) => ({ unreadable: fileRejection(file, line, message) });
  if (hasTooMuch(text)) return fail(1, `has more than ${ENTRIES_MAX} lines and entries: split it into several files`);
  const objects: RawObject[] = [];
  const rejections: Rejection[] = [];
  try {
    for (const document of parse(text, lines)) {
      const error = document.errors[0] ?? keyError(document);
      if (error !== undefined) return fail(lineAt(error.pos[0]), syntaxMessage(error.message));
      const root = document.contents;
      const value: unknown = document.toJS({ maxAliasCount: ALIAS_MAX });
      if (root === null || value === null) continue;
      const place: Place = { file, lineAt, resolve: (node) => (isAlias(node) ? node.resolve(document) : node) };
      unfold(rawObject(place, root, value), place, root, objects, rejections);
    }
    return { objects, rejections };
  } catch (error) {
    if (error instanceof RangeError) return fail(1, TOO_DEEP);
    if (error instanceof ReferenceError) return fail(1, `has aliases that can't be followed: ${error.message}`);
    throw error;
  }
}

const TOO_DEEP = "is nested too deeply to be read";

/** uniqueKeys would take quadratic time; `keyError` looks for repeated keys instead. */
function parse(text: string, lineCounter: LineCounter): readonly Document.Parsed[] {
  const options = { lineCounter, prettyErrors: false, merge: true, uniqueKeys: false, logLevel: "silent" } as const;
  const documents = parseAllDocuments(text, options);
  return Array.isArray(documents) ? documents : [];
}

function hasTooMuch(text: string): boolean {
  let entries = 0;
  for (const _ of text.matchAll(/[\n,[{]|- |: /g)) if (++entries > ENTRIES_MAX) return true;
  return false;
}

function syntaxMessage(message: string): string {
  return message.includes("call stack") ? TOO_DEEP : `is not valid YAML: ${message}`;
}

/** A key that is there twice, or that isn't a plain one: which of two values is meant nobody knows. */
function keyError(document: Document.Parsed): { message: string; pos: [number, number] } | undefined {
  let found: { message: string; pos: [number, number] } | undefined;
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const text = isScalar(key) && key.value !== null ? String(key.value) : undefined;
        if (text !== undefined && !seen.has(text)) seen.add(text);
        else {
          const message =
            text === undefined ? "a key must be one word" : `the key ${shown(text)} is there twice: remove one`;
          const start = (isNode(key) ? key : map).range?.[0] ?? 0;
          found = { message, pos: [start, start] };
          return visit.BREAK;
        }
      }
      return undefined;
    },
  });
  return found;
}

/** A rejection of a whole file. */
export function fileRejection(file: string, line: number, message: string): Rejection {
  return { origin: { file, line, kind: "", name: "" }, field: "", message };
}

interface Place {
  readonly file: string;
  /** 1-based line of an offset in the text. */
  lineAt(offset: number): number;
  /** What an alias stands for. */
  resolve(node: Node): Node | undefined;
}

function unfold(raw: RawObject, place: Place, node: Node, objects: RawObject[], rejections: Rejection[]): void {
  if (!isMapping(raw.object) || raw.object.kind !== "List") {
    objects.push(raw);
    return;
  }
  const items = raw.object.items;
  if (raw.object.apiVersion !== "v1" || !Array.isArray(items)) {
    rejections.push(raw.reject({ path: ["items"], message: "must be a list of objects, in a List of apiVersion v1" }));
    return;
  }
  for (const [i, item] of items.entries()) {
    objects.push(rawObject(place, step(place, node, "items", i) ?? node, item));
  }
}

function rawObject(place: Place, node: Node, object: unknown): RawObject {
  const origin = { file: place.file, line: lineOf(place, node, []), ...names(object) };
  const reject = (issue: Issue) => rejection({ ...origin, line: lineOf(place, node, issue.path) }, issue);
  return { object, origin, reject };
}

/** Kind and name as far as they are texts, and no longer than right ones can be. */
function names(object: unknown): { kind: string; name: string } {
  if (!isMapping(object)) return { kind: "", name: "" };
  const metadata = isMapping(object.metadata) ? object.metadata : {};
  const parts = [metadata.namespace, metadata.name].filter((part) => typeof part === "string" && part !== "");
  const kind = typeof object.kind === "string" ? object.kind : "";
  return { kind: kind.slice(0, 63), name: parts.map((part) => String(part).slice(0, 253)).join("/") };
}

function lineOf(place: Place, node: Node, path: Path): number {
  let offset = node.range?.[0] ?? 0;
  let current: Node | undefined = node;
  for (const key of path) {
    const next: Child | undefined = current === undefined ? undefined : child(place, current, key);
    if (next === undefined) break;
    offset = next.offset ?? offset;
    current = next.node;
  }
  return place.lineAt(offset);
}

function step(place: Place, node: Node, ...path: Path): Node | undefined {
  return path.reduce<Node | undefined>((at, key) => (at === undefined ? undefined : child(place, at, key)?.node), node);
}

interface Child {
  /** Undefined: an empty value. */
  readonly node: Node | undefined;
  /** Of the key in a mapping, where a person looks for it. */
  readonly offset: number | undefined;
}

function child(place: Place, parent: Node, key: string | number): Child | undefined {
  const node = place.resolve(parent);
  if (isSeq(node) && typeof key === "number") {
    const item = node.items[key];
    return isNode(item) ? { node: item, offset: item.range?.[0] } : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
  if (pair === undefined || !isNode(pair.key)) return undefined;
  return { node: isNode(pair.value) ? pair.value : undefined, offset: pair.key.range?.[0] };
}
