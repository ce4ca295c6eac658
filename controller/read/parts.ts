import { cutItems, parseJson } from "./json.ts";
import { isList, type ListObject, listComplaint } from "./lists.ts";

/** A part of a file that means the same wherever it stands: a document as a rule, or an item of a JSON list. */
export interface Part {
  readonly text: string;
  /** Parts of one key mean the same. */
  readonly key: string;
  /** Of its beginning, from 0. */
  readonly line: number;
  /** JSON or YAML. */
  readonly isJson: boolean;
  /** The value of JSON whose key isn't known. */
  json?: unknown;
  /** The list that it is an item of. */
  readonly list?: ListObject;
}

/** The parts of a file. Those of a key that `isKnown` aren't parsed. */
export function partsOf(text: string, isKnown: (key: string) => boolean): Part[] {
  const parts = /^\s*\{/.test(text) ? jsonParts(text) : [];
  const isJson = parts.every((part) => {
    if (isKnown(part.key)) return true;
    part.json = parseJson(part.text);
    return part.json !== undefined;
  });
  return isJson && parts.length > 0 ? parts : documentsOf(text);
}

/** What it is made of if it is JSON. If it isn't, it may have been cut in the wrong places, and some part isn't either. */
function jsonParts(text: string): Part[] {
  const cut = cutItems(text);
  const list = cut === undefined ? undefined : parseJson(cut.frame);
  if (cut === undefined || !isList(list) || listComplaint(list) !== undefined) {
    const whole = text.trimStart();
    const line = lineFeeds(text.slice(0, text.length - whole.length));
    return [{ text: whole, key: `JSON ${whole}`, line, isJson: true }];
  }
  let line = 0;
  let before = 0;
  return cut.entries.map(([start, end]): Part => {
    const part = text.slice(start, end);
    line += lineFeeds(text.slice(before, start));
    before = start;
    return { text: part, key: `JSON ${list.kind} ${list.apiVersion} ${part}`, line, isJson: true, list };
  });
}

/**
 * A line that begins with `---` ends a document wherever it stands (YAML 1.2.2 section 9.1.2), so the text can be cut
 * there; not if there are %directives, which belong to the document after them.
 */
function documentsOf(text: string): Part[] {
  const texts = /^%/m.test(text) ? [text] : text.split(/(?<=\n)(?=---[ \t\r\n])/);
  let line = 0;
  return texts.map((part) => {
    const at = line;
    line += lineFeeds(part);
    return { text: part, key: `YAML ${part}`, line: at, isJson: false };
  });
}

function lineFeeds(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
