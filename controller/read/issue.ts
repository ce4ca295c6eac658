import type { Origin, Rejection } from "../model/resources.ts";

/** Where in an object: keys and list indexes from the root. */
export type Path = readonly (string | number)[];

/** Something wrong at one place of one object. */
export interface Issue {
  readonly path: Path;
  /** What is wrong and what to do, without the place. */
  readonly message: string;
}

/** The object's parts that could be taken, and what could not. */
export interface Decoded<T> {
  readonly value: T;
  readonly issues: readonly Issue[];
}

export function rejection(origin: Origin, issue: Issue): Rejection {
  return { origin, field: formatPath(issue.path), message: issue.message };
}

/** `spec.ingress[0].ports[1].endPort`, and `metadata.labels["example.com/app"]` for keys that aren't words. */
export function formatPath(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z_]\w*$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${shown(step)}]`;
  }
  return text;
}

/** `file:line: Kind namespace/name: field: message`, on one line and safe to print whatever the file held. */
export function formatRejection({ origin, field, message }: Rejection): string {
  const object = [origin.kind, origin.name].filter((part) => part !== "").join(" ");
  const place = origin.line > 0 ? `${origin.file}:${origin.line}` : origin.file;
  const parts = [place, object, field, message].filter((part) => part !== "");
  return parts.map(printable).join(": ");
}

/** A value as it may appear in a message: quoted, on one line, shortened. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return printable(text.length > 80 ? `${text.slice(0, 76)}..."` : text);
}

/** Control characters could rewrite what a terminal shows. */
function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
