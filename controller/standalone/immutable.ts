/** What an edit can't change while nodes run. Pure. */
import type { Overlay, OverlayKeys, Rejection, World } from "../model/resources.ts";

/** A world in which such fields have the values that are in force. */
export interface Held {
  readonly world: World;
  /** The edits that were not taken. */
  readonly rejections: readonly Rejection[];
  /** Why the rest of the edit can't be taken either. */
  readonly conflicts: readonly Rejection[];
}

/**
 * Stamps and keys count epochs and name the overlay: nodes with the old value and nodes with the new one would refuse
 * each other's flows, and epochs counted anew would give keys of the past a second life.
 */
const IMMUTABLE = [
  { field: "spec.id", of: ({ id }: Overlay) => id },
  { field: "spec.keys.epochSeconds", of: ({ keys }: Overlay) => keys.epochSeconds },
] as const;

/** `inForce`: the overlays that run. One that is new may have any values. */
export function holdImmutable(world: World, inForce: readonly Overlay[]): Held {
  const running = new Map(inForce.map((overlay) => [overlay.name, overlay]));
  const rejections: Rejection[] = [];
  const held: Overlay[] = [];
  const overlays = world.overlays.map((overlay) => {
    const before = running.get(overlay.name);
    const refused = before === undefined ? [] : refusals(overlay, before);
    if (before === undefined || refused.length === 0) return overlay;
    rejections.push(...refused);
    held.push(before);
    return { ...overlay, id: before.id, keys: keptKeys(overlay.keys, before.keys) };
  });
  if (held.length === 0) return { world, rejections: [], conflicts: [] };
  return { world: { ...world, overlays }, rejections, conflicts: held.flatMap((before) => claims(overlays, before)) };
}

function keptKeys(keys: OverlayKeys, before: OverlayKeys): OverlayKeys {
  const keyGeneration = isBack(keys, before) ? before.keyGeneration : keys.keyGeneration;
  return { ...keys, epochSeconds: before.epochSeconds, keyGeneration };
}

/** Generations are counted modulo 256, as filters compare them: half of them are ahead, half behind. */
function isBack(keys: OverlayKeys, before: OverlayKeys): boolean {
  return ((keys.keyGeneration - before.keyGeneration) & 0xff) >= 128;
}

function refusals(overlay: Overlay, before: Overlay): Rejection[] {
  const back: Rejection = {
    origin: overlay.origin,
    field: "spec.keys.keyGeneration",
    message:
      `can't go back from ${before.keys.keyGeneration} to ${overlay.keys.keyGeneration}: keys that were given up, stolen ones ` +
      `maybe, would be good again; ${before.keys.keyGeneration} stays in force: write it back, or raise it`,
  };
  return [...changed(overlay, before), ...(isBack(overlay.keys, before.keys) ? [back] : [])];
}

function changed(overlay: Overlay, before: Overlay): Rejection[] {
  return IMMUTABLE.filter(({ of }) => of(overlay) !== of(before)).map(({ field, of }) => ({
    origin: overlay.origin,
    field,
    message:
      `can't change from ${of(before)} to ${of(overlay)} while its nodes run; ${of(before)} stays in force: ` +
      "write it back, start `sallyport up` again to take the new value, or make a new Overlay",
  }));
}

/** Overlays that want the id which another one has to keep. */
function claims(overlays: readonly Overlay[], { name, id }: Overlay): Rejection[] {
  return overlays
    .filter((other) => other.name !== name && other.id === id)
    .map(({ origin }) => ({ origin, field: "spec.id", message: `${id} is that of Overlay ${name} while it runs` }));
}
