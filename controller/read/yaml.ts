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
import { type Path, shown } from "./issue.ts";

/** Aliases (`*name`) may multiply what a text holds by no more than this. */
const ALIAS_MAX = 100;

/** Lines are counted from 0 in the text at hand. */
export interface SyntaxFault {
  readonly line: number;
  readonly message: string;
}

/** The values of a YAML text's documents, the empty ones left out, and how to find a place of one in the text. */
export interface YamlValues {
  readonly values: readonly unknown[];
  /** Line of a field, or of the nearest thing around it that is there. Holds on to 50 times the memory of the text. */
  lineOf(value: number, path: Path): number;
}

/** Reads YAML 1.2, so also JSON. */
export function parseYaml(text: string): YamlValues | SyntaxFault {
  try {
    const tree = parseTree(text);
    const values: unknown[] = [];
    for (const document of tree.documents) {
      const error = document.errors[0] ?? keyError(document);
      if (error !== undefined) return { line: tree.lineAt(error.pos[0]), message: syntaxMessage(error.message) };
      values.push(document.toJS({ maxAliasCount: ALIAS_MAX }));
    }
    return { values, lineOf: (value, path) => lineOf(tree, value, path) };
  } catch (error) {
    if (error instanceof RangeError) return { line: 0, message: TOO_DEEP };
    if (!(error instanceof ReferenceError)) throw error;
    return { line: 0, message: `has aliases that can't be followed: ${error.message}` };
  }
}

const TOO_DEEP = "is nested too deeply to be read";

interface Tree {
  /** Those with contents. */
  readonly documents: readonly Document.Parsed[];
  lineAt(offset: number): number;
}

function parseTree(text: string): Tree {
  const lineCounter = new LineCounter();
  // uniqueKeys would take quadratic time; `keyError` looks for repeated keys instead.
  const options = { lineCounter, prettyErrors: false, merge: true, uniqueKeys: false, logLevel: "silent" } as const;
  const documents = parseAllDocuments(text, options);
  const filled = (Array.isArray(documents) ? documents : []).filter(hasContents);
  return { documents: filled, lineAt: (offset) => Math.max(1, lineCounter.linePos(offset).line) - 1 };
}

function hasContents({ contents, errors }: Document.Parsed): boolean {
  return errors.length > 0 || (contents !== null && !(isScalar(contents) && contents.value === null));
}

function syntaxMessage(message: string): string {
  return message.includes("call stack") ? TOO_DEEP : `is not valid YAML: ${message}`;
}

interface KeyError {
  readonly message: string;
  readonly pos: readonly [number];
}

/** A key that is there twice, or that isn't a plain one: which of two values is meant nobody knows. */
function keyError(document: Document.Parsed): KeyError | undefined {
  let found: KeyError | undefined;
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const text = isScalar(key) && key.value !== null ? String(key.value) : undefined;
        if (text !== undefined && !seen.has(text)) seen.add(text);
        else {
          const twice =
            text === undefined ? "a key must be one word" : `the key ${shown(text)} is there twice: remove one`;
          found = { message: twice, pos: [(isNode(key) ? key : map).range?.[0] ?? 0] };
          return visit.BREAK;
        }
      }
      return undefined;
    },
  });
  return found;
}

function lineOf(tree: Tree, value: number, path: Path): number {
  const document = tree.documents[value];
  const root: Node | null | undefined = document?.contents;
  if (document === undefined || !isNode(root)) return 0;
  let offset = root.range?.[0] ?? 0;
  let current: Node | undefined = root;
  for (const key of path) {
    const node: Node | undefined = isAlias(current) ? current.resolve(document) : current;
    const next: Child | undefined = node === undefined ? undefined : child(node, key);
    if (next === undefined) break;
    offset = next.offset ?? offset;
    current = next.node;
  }
  return tree.lineAt(offset);
}

interface Child {
  /** Undefined: an empty value. */
  readonly node: Node | undefined;
  /** Of the key in a mapping, where a person looks for it. */
  readonly offset: number | undefined;
}

function child(parent: Node, key: string | number): Child | undefined {
  if (isSeq(parent) && typeof key === "number") {
    const item = parent.items[key];
    return isNode(item) ? { node: item, offset: item.range?.[0] } : undefined;
  }
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
  if (pair === undefined || !isNode(pair.key)) return undefined;
  return { node: isNode(pair.value) ? pair.value : undefined, offset: pair.key.range?.[0] };
}
