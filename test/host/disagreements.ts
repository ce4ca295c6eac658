/** Worlds in which two answers once differed, `test/vectors/disagreements/NAME.json`. The name says what was wrong. */
import { readdirSync, readFileSync } from "node:fs";
import { EMPTY_WORLD, type World } from "../../controller/model/resources.ts";
import { answerOn, type LaidOut } from "./agreement.ts";
import type { Flow } from "./simple-evaluator.ts";
import { origin } from "./vocabulary.ts";

export interface KnownDisagreement extends LaidOut {
  readonly name: string;
  readonly flow: Flow;
  /** What a gateway has to answer. */
  readonly want: string;
}

const folder = new URL("../vectors/disagreements/", import.meta.url);

export function knownDisagreements(): KnownDisagreement[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return files.sort().map((file) => {
    const { world, ...rest } = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
    return { name: file.slice(0, -".json".length).replaceAll("-", " "), world: restored(world), ...rest };
  });
}

/** The text of a file for it: without the empty lists of its world, and without origins. */
export function disagreementText({ world, exceptions }: LaidOut, flow: Flow): string {
  const lists = Object.entries(world).filter(([, list]) => list.length > 0);
  const withoutOrigin = (key: string, value: unknown) => (key === "origin" ? undefined : value);
  return `${JSON.stringify({ flow, want: answerOn(world, flow), exceptions, world: Object.fromEntries(lists) }, withoutOrigin, 1)}\n`;
}

type Named = { name: string; namespace?: string };

function restored(lists: Record<string, Named[]>): World {
  const placed = Object.entries(lists).map(([list, objects]) => {
    if (list === "namespaces" || list === "closed") return [list, objects];
    return [list, objects.map((one) => ({ origin: origin(list, `${one.namespace ?? ""}/${one.name}`), ...one }))];
  });
  return { ...EMPTY_WORLD, ...Object.fromEntries(placed) };
}
