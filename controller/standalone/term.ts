/** The leadership term of this run: one more than the last run's, so that generations never run backwards. */
import { join } from "node:path";
import { readPrivate, writePrivate } from "../serve/private-file.ts";

const MAX_TERM = 0xffffffff;

/** Reads, raises and stores the term. A file that can't be understood is an error: guessing could go backwards. */
export async function nextTerm(stateFolder: string): Promise<number> {
  const file = join(stateFolder, "term");
  const stored = (await readPrivate(file))?.toString() ?? "0";
  const term = /^[0-9]{1,10}$/.test(stored) ? Number(stored) + 1 : Number.NaN;
  if (!(term <= MAX_TERM)) throw new Error(`${file} does not hold a term; remove the state folder to begin anew`);
  await writePrivate(file, String(term));
  return term;
}
