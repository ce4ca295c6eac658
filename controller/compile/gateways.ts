import type { Origin, Overlay, Rejection, World } from "../model/resources.ts";
import type { CompiledGateway } from "./compiled.ts";
import { countsOf } from "./counts.ts";
import { gatewayId } from "./ids.ts";
import { Paths } from "./paths.ts";

/** Paths name gateways by one byte, and 255 means none. */
const GATEWAYS_MAX = 255;
/** Where gateways sort that aren't on the path: after all that are. */
const PATH_PLACES = 1e9;

type Reject = (origin: Origin, field: string, message: string) => void;

export interface AdmittedGateways {
  /** Those of the default path first, in its order, then by name. */
  readonly gateways: readonly CompiledGateway[];
  /** The default path, if it can be passed, is the first. */
  readonly paths: Paths;
  /** The default path can be passed; else no flow gets anywhere. */
  readonly isPassable: boolean;
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
  const paths = new Paths(gateways);
  return { gateways, paths, isPassable: addDefaultPath(overlay, paths, reject) };
}

/** False if it can't be passed as written. */
function addDefaultPath({ origin, path }: Overlay, paths: Paths, reject: Reject): boolean {
  const index = paths.index(path);
  if (typeof index === "number") return true;
  reject(origin, index.place === undefined ? "spec.path" : `spec.path[${index.place}]`, index.message);
  return false;
}
