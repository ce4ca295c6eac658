import type { Overlay, Rejection, World } from "../model/resources.ts";
import { type AdmittedEndpoints, admitEndpoints } from "./admission.ts";
import { Budget, defaultLimits, type TableLimits } from "./budget.ts";
import { Classes } from "./classes.ts";
import type { ClassedAddress, CompiledEndpoint, CompiledPolicy } from "./compiled.ts";
import { admitGateways } from "./gateways.ts";
import { NamedPorts } from "./named-ports.ts";
import { compareText, placeOf } from "./order.ts";
import { addressBytes } from "./ranges.ts";
import { verdictTable } from "./rows.ts";
import { Selections } from "./selections.ts";
import { statementsOf } from "./statements.ts";

export interface CompileOptions {
  /** Beyond these, endpoints are closed and the overlay is told so. */
  readonly limits?: Partial<TableLimits>;
  /** Members may live on loopback addresses: for machines without network namespaces. */
  readonly allowLoopback?: boolean;
}

const TOO_LARGE =
  "its policies tell too many endpoints apart: some endpoints are closed; write fewer selectors for single pods, or split the overlay";

export interface Compilation {
  readonly policy: CompiledPolicy;
  /** What was left out and why; it only removes access. By file, line and field. */
  readonly rejections: readonly Rejection[];
}

/**
 * Decides what everybody in an overlay may do. The order of the world's lists makes no difference. Throws if the world
 * has no overlay of that name.
 */
export function compile(
  world: World,
  overlayName: string,
  { allowLoopback = false, limits }: CompileOptions = {},
): Compilation {
  const rejections: Rejection[] = [];
  const { overlay, ambiguous } = overlayOf(world, overlayName, rejections);
  const { gateways, paths, isPassable } = admitGateways(world, overlay, rejections);
  const admission = { allowLoopback, gatewayIds: gateways.map(({ id }) => id) };
  const members = admitEndpoints(world, overlay, admission, rejections);
  const selections = new Selections();
  const statements = statementsOf(world, overlay, selections, paths, rejections);
  const ports = new NamedPorts(members.endpoints, statements);
  const classes = new Classes(members.endpoints, world.namespaces, members.addresses, ports.of, selections);
  const budget = new Budget({ ...defaultLimits(classes.count), ...limits });
  const { table, truncated } = verdictTable(classes, statements, ports, overlay, budget);
  if (truncated) rejections.push({ origin: overlay.origin, field: "", message: TOO_LARGE });
  const policy: CompiledPolicy = {
    overlay,
    loopbackMembers: allowLoopback,
    gateways,
    // Nobody can say which of two overlays was meant: without a path nothing flows.
    paths: ambiguous || !isPassable ? [] : paths.all,
    endpoints: compiledEndpoints(members, classes),
    ranges: classes.changes.map(({ first, class: cls }) => ({ first: addressBytes(first), class: cls })),
    table,
  };
  return { policy, rejections: rejections.sort(byPlace) };
}

function overlayOf(world: World, name: string, rejections: Rejection[]): { overlay: Overlay; ambiguous: boolean } {
  const found = world.overlays
    .filter((overlay) => overlay.name === name)
    .sort((a, b) => compareText(placeOf(a), placeOf(b)));
  const [overlay] = found;
  if (overlay === undefined) throw new Error(`the world has no overlay ${name}`);
  if (found.length > 1) {
    const message = "another overlay has this name: nothing is let through; rename one";
    for (const { origin } of found) rejections.push({ origin, field: "metadata.name", message });
  }
  return { overlay, ambiguous: found.length > 1 };
}

function compiledEndpoints({ endpoints, ids, addresses }: AdmittedEndpoints, classes: Classes): CompiledEndpoint[] {
  const classed: ClassedAddress[][] = endpoints.map(() => []);
  addresses.forEach(({ endpoint, address }, i) => {
    (classed[endpoint] as ClassedAddress[]).push({
      address: addressBytes(address),
      class: classes.ofAddress[i] as number,
    });
  });
  return endpoints.map((endpoint, i) => {
    return { endpoint, id: ids[i] as Uint8Array, addresses: classed[i] as ClassedAddress[] };
  });
}

function byPlace(a: Rejection, b: Rejection): number {
  return compareText(placeOf(a), placeOf(b)) || compareText(a.field, b.field) || compareText(a.message, b.message);
}
