import { NONE, PATH_MAX_LENGTH } from "../../assembly/wire/image.ts";
import type { Origin, Overlay, Rejection, World } from "../model/resources.ts";
import type { CompiledGateway, CompiledPath } from "./compiled.ts";
import { countsOf } from "./counts.ts";
import { gatewayId, pathId } from "./ids.ts";

/** Paths name gateways by one byte, and 255 means none. */
const GATEWAYS_MAX = 255;
/** Where gateways sort that aren't on the path: after all that are. */
const PATH_PLACES = 1e9;

type Reject = (origin: Origin, field: string, message: string) => void;

export interface AdmittedGateways {
  /** Those of the default path first, in its order, then by name. */
  readonly gateways: readonly CompiledGateway[];
  /** The default path; empty if it is unusable, which closes the overlay. */
  readonly paths: readonly CompiledPath[];
}

/** Leaves out gateways that share a name or an id, and the path if it can't be passed as written. */
export function admitGateways(world: World, overlay: Overlay, rejections: Rejection[]): AdmittedGateways {
  const reject = (origin: Origin, field: string, message: string) => rejections.push({ origin, field, message });
  const candidates = world.gateways.filter(({ overlays }) => overlays.includes(overlay.name));
  const identified = candidates.map((gateway) => ({ gateway, id: gatewayId(gateway.name) }));
  const holders = countsOf(identified.map(({ id }) => String(id)));
  const usable = identified.filter(({ gateway, id }) => {
    const alone = holders.get(String(id)) === 1;
    if (!alone)
      reject(
        gateway.origin,
        "metadata.name",
        "another gateway of this overlay has this name or its node id; rename one",
      );
    return alone;
  });
  const place = ({ gateway }: CompiledGateway) => (overlay.path.indexOf(gateway.name) + PATH_PLACES) % PATH_PLACES;
  usable.sort((a, b) => place(a) - place(b) || (a.gateway.name < b.gateway.name ? -1 : 1));
  for (const { gateway } of usable.slice(GATEWAYS_MAX)) {
    reject(
      gateway.origin,
      "spec.overlays",
      `overlay ${overlay.name} has more than ${GATEWAYS_MAX} gateways; take it from some`,
    );
  }
  const gateways = usable.slice(0, GATEWAYS_MAX);
  return { gateways, paths: defaultPath(overlay, gateways, reject) };
}

function defaultPath({ origin, path }: Overlay, gateways: readonly CompiledGateway[], reject: Reject): CompiledPath[] {
  const complaint = pathComplaint(path, new Set(gateways.map(({ gateway }) => gateway.name)));
  if (complaint !== undefined) {
    reject(origin, ...complaint);
    return [];
  }
  const id = pathId(gateways.slice(0, path.length).map((gateway) => gateway.id));
  if (id !== 0 && id !== NONE) return [{ id, gateways: path.map((_, i) => i) }];
  reject(origin, "spec.path", "its id, a hash of the gateways' names, is a reserved number; rename a gateway");
  return [];
}

function pathComplaint(
  path: readonly string[],
  known: ReadonlySet<string>,
): [field: string, message: string] | undefined {
  if (path.length === 0) return ["spec.path", "is empty: name at least one gateway"];
  if (path.length > PATH_MAX_LENGTH) return ["spec.path", `names more than ${PATH_MAX_LENGTH} gateways`];
  const repeated = path.findIndex((name, i) => path.indexOf(name) !== i);
  if (repeated >= 0) return [`spec.path[${repeated}]`, `names gateway ${path[repeated]} twice`];
  const unknown = path.findIndex((name) => !known.has(name));
  if (unknown < 0) return undefined;
  return [
    `spec.path[${unknown}]`,
    `names gateway ${path[unknown]}, but no usable OverlayGateway of that name lists this overlay`,
  ];
}
