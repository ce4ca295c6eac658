/** JSON as `kubectl -o json` prints it, read a hundred times faster than as YAML. */

/**
 * The value of a JSON text. Undefined if it is none, is nested too deeply, or has a key twice: read it as YAML then,
 * which says where.
 */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return countKeys(value) === countWrittenKeys(text) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A JSON list cut into its entries. */
export interface CutList {
  /** The text with an empty list in place of `items`. */
  readonly frame: string;
  /** Where each entry begins and ends in the text, the end excluded. */
  readonly entries: readonly (readonly [number, number])[];
}

/** The entries of the list `items` of the outermost mapping, or undefined. Of what isn't JSON some entry isn't either. */
export function cutItems(text: string): CutList | undefined {
  const opening = itemsOpening(text);
  if (opening === undefined) return undefined;
  const entries: [number, number][] = [];
  let start = opening + 1;
  let depth = 0;
  for (let at = opening; at < text.length; at++) {
    const sign = text.charCodeAt(at);
    if (sign === QUOTE) at = closingQuote(text, at);
    else if (sign === OPENING_BRACE || sign === OPENING_BRACKET) depth++;
    else if (sign === CLOSING_BRACE || sign === CLOSING_BRACKET) depth--;
    const isEntryEnd = (depth === 1 && sign === COMMA) || depth === 0;
    if (isEntryEnd && text.slice(start, at).trim() !== "") entries.push(trimmed(text, start, at));
    else if (isEntryEnd && (entries.length > 0 || depth === 1)) return undefined;
    if (isEntryEnd) start = at + 1;
    if (depth === 0) return { frame: `${text.slice(0, opening)}[]${text.slice(at + 1)}`, entries };
  }
  return undefined;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** Where the list begins that is the value of the outermost mapping's `items`. */
function itemsOpening(text: string): number | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at);
    if (sign === OPENING_BRACE || sign === OPENING_BRACKET) depth++;
    else if (sign === CLOSING_BRACE || sign === CLOSING_BRACKET) depth--;
    else if (sign === QUOTE) {
      const end = closingQuote(text, at);
      const opening =
        depth === 1 && text.slice(at, end + 1) === '"items"' ? /^\s*:\s*\[/.exec(text.slice(end + 1, end + 100)) : null;
      if (opening !== null) return end + opening[0].length;
      at = end;
    }
  }
  return undefined;
}

/** Where the text ends that begins at `quote`. */
function closingQuote(text: string, quote: number): number {
  for (let at = text.indexOf('"', quote + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return at;
  }
  return text.length;
}

function trimmed(text: string, start: number, end: number): [number, number] {
  const whole = text.slice(start, end);
  return [start + whole.length - whole.trimStart().length, start + whole.trimEnd().length];
}

function countKeys(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const inner = Object.values(value);
  let count = Array.isArray(value) ? 0 : inner.length;
  for (const one of inner) count += countKeys(one);
  return count;
}

function countWrittenKeys(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    at = closingQuote(text, at) + 1;
    while (/\s/.test(text[at] ?? "")) at++;
    if (text[at] === ":") count++;
  }
  return count;
}
