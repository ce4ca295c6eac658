import type { Origin } from "../model/resources.ts";

/** Orders texts by their code units, whatever the locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** A text by which objects sort as they were written: by file, then line. */
export function placeOf({ origin: { file, line, kind, name } }: { readonly origin: Origin }): string {
  return [file, String(line).padStart(9), kind, name].join("\n");
}
