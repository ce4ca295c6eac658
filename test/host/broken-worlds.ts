/** Worlds as people write them, with garbage anywhere in one of their objects. */
import fc from "fast-check";
import type { World } from "../../controller/model/resources.ts";
import { decodeWorld } from "../../controller/read/world.ts";
import { flowsIn } from "./arbitrary-flows.ts";
import { writableWorlds } from "./arbitrary-worlds.ts";
import type { Flow } from "./simple-evaluator.ts";
import { mayPass } from "./tier-evaluator.ts";
import { type Json, objectsOf } from "./world-objects.ts";

type Path = readonly (string | number)[];

export interface BrokenCase {
  readonly world: World;
  /** Number of the place, among all in the world's objects. */
  readonly place: number;
  readonly garbage: Garbage;
  /** Of the flows. */
  readonly seed: number;
}

interface Garbage {
  /** Something else in its place, a list around it, or a field too many. */
  readonly how: "instead" | "list" | "beside";
  readonly key: string;
  readonly value: Json;
}

/** What came of it: whether the reader complained, and how flows changed. */
export interface Broken {
  readonly noticed: boolean;
  readonly opened: readonly Flow[];
  readonly closed: number;
}

const FLOWS = 150;

const garbage: fc.Arbitrary<Garbage> = fc.record({
  how: fc.constantFrom("instead", "instead", "list", "beside"),
  key: fc.string(),
  value: fc.oneof(
    fc.constantFrom<Json[]>(null, {}, [], "", "*", -1, 65536, "10.0.0.0/8", { matchLabels: { a: "b" } }),
    fc.jsonValue({ maxDepth: 2 }).map((value) => value as Json),
  ),
});

export const brokenCases: fc.Arbitrary<BrokenCase> = fc.record({
  world: writableWorlds,
  place: fc.nat(),
  garbage,
  seed: fc.noShrink(fc.nat()),
});

export function breakWorld({ world, place, garbage, seed }: BrokenCase): Broken {
  const objects = objectsOf(world);
  const before = read(objects);
  const places = objects.flatMap((one, i) => {
    return isCarrier(one) ? [] : placesIn(one).flatMap((path) => (isTraceable(one, path) ? [[i, ...path]] : []));
  });
  const path = places[place % places.length] ?? [];
  const after = path.length === 0 ? before : read(garbled(objects, path, garbage) as Json[]);
  if (after.rejected === before.rejected) return { noticed: false, opened: [], closed: 0 };
  const changed = flowsIn(world, seed, FLOWS).map((flow) => {
    return { flow, was: mayPass(before.world, flow), is: mayPass(after.world, flow) };
  });
  const opened = changed.filter(({ was, is }) => is && !was).map(({ flow }) => flow);
  return { noticed: true, opened, closed: changed.filter(({ was, is }) => was && !is).length };
}

/** Who carries flows isn't policy. */
function isCarrier(object: Json): boolean {
  return isObject(object) && (object.kind === "Overlay" || object.kind === "OverlayGateway");
}

/** What says what a thing is, where it is, and what a rule does can't be guessed once it is gone. */
function isTraceable(object: Json, path: Path): boolean {
  const isEndpoint = isObject(object) && object.kind === "OverlayEndpoint";
  const isPlace = path[0] === "status" || (isEndpoint && ["spec", "spec,addresses"].includes(path.slice(0, 2).join()));
  return !["kind", "metadata"].includes(path.join()) && !isPlace && path.at(-1) !== "action";
}

function read(objects: readonly Json[]): { world: World; rejected: number } {
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  const { world, rejections, unreadable } = decodeWorld([{ file: "w.json", text }]);
  return { world, rejected: rejections.length + unreadable.length };
}

/** Every place in a value but the whole. */
function placesIn(value: Json, above: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = [...above, Array.isArray(value) ? Number(key) : key];
    return [path, ...placesIn(inner, path)];
  });
}

function garbled(value: Json, [key, ...rest]: Path, garbage: Garbage): Json {
  if (key === undefined) return garbledHere(value, garbage);
  const copy = structuredClone(value) as { [key: string]: Json };
  copy[key] = garbled(copy[key] as Json, rest, garbage);
  return copy;
}

function garbledHere(old: Json, { how, key, value }: Garbage): Json {
  if (how === "list") return [old];
  return how === "beside" && isObject(old) ? { ...old, [key]: value } : value;
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
