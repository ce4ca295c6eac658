import type { Overlay, Rejection, World } from "../model/resources.ts";
import type { CompiledGateway } from "./compiled.ts";
import { admitGateways } from "./gateways.ts";
import { compareText, placeOf } from "./order.ts";
import type { Paths } from "./paths.ts";

/** What an overlay is besides members and policies. */
export interface Frame {
  readonly overlay: Overlay;
  readonly gateways: readonly CompiledGateway[];
  readonly paths: Paths;
  /** The default path can be passed; else no flow gets anywhere. */
  readonly isPassable: boolean;
  readonly rejections: readonly Rejection[];
  /** Equal for equal frames. */
  readonly text: string;
}

/** Throws if the world has no overlay of that name. */
export function frameOf(world: World, name: string): Frame {
  const rejections: Rejection[] = [];
  const found = world.overlays
    .filter((overlay) => overlay.name === name)
    .sort((a, b) => compareText(placeOf(a), placeOf(b)));
  const [overlay] = found;
  if (overlay === undefined) throw new Error(`the world has no overlay ${name}`);
  if (found.length > 1) {
    const message = "another overlay has this name: nothing is let through; rename one";
    for (const { origin } of found) rejections.push({ origin, field: "metadata.name", message });
  }
  const { gateways, paths, isPassable } = admitGateways(world, overlay, rejections);
  const resources = gateways.map(({ gateway }) => gateway);
  return {
    overlay,
    gateways,
    paths,
    // Nobody can say which of two overlays was meant: without a path nothing flows.
    isPassable: isPassable && found.length === 1,
    rejections,
    text: JSON.stringify([overlay, resources, rejections]),
  };
}
