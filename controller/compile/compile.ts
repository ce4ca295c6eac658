import type { Rejection, World } from "../model/resources.ts";
import type { CompiledPolicy } from "./compiled.ts";
import { type CompileOptions, Following } from "./following.ts";
import { type Frame, frameOf } from "./frame.ts";
import { compareText, placeOf } from "./order.ts";

export type { CompileOptions } from "./following.ts";

export interface Compilation {
  readonly policy: CompiledPolicy;
  /** What was left out and why; it only removes access. By file, line and field. */
  readonly rejections: readonly Rejection[];
}

/**
 * Decides what everybody in an overlay may do. The order of the world's lists makes no difference. Throws if the world
 * has no overlay of that name.
 */
export function compile(world: World, overlayName: string, options: CompileOptions = {}): Compilation {
  const frame = frameOf(world, overlayName);
  return begin(new Following(frame, options, false), frame, world);
}

/**
 * Decides worlds that follow each other, each exactly as `compile` does, in a time that depends on what has changed:
 * objects that are the same as in the world before count as unchanged. Classes, rows and rules may have other numbers
 * than `compile` gives them, and keep them from world to world.
 */
export class Compiler {
  /** How often a world was decided from the beginning. */
  restarts = 0;
  private following: { readonly text: string; readonly state: Following } | undefined;

  constructor(
    private readonly overlayName: string,
    private readonly options: CompileOptions = {},
  ) {}

  update(world: World): Compilation {
    const frame = frameOf(world, this.overlayName);
    const rejections = [...frame.rejections];
    const last = this.following?.text === frame.text ? this.following.state : undefined;
    // Should this throw, what is half done isn't used again.
    this.following = undefined;
    const policy = last?.next(world, rejections);
    const state = policy === undefined ? new Following(frame, this.options, true) : (last as Following);
    if (policy === undefined) this.restarts++;
    const compilation = policy === undefined ? begin(state, frame, world) : inOrder(policy, rejections);
    this.following = { text: frame.text, state };
    return compilation;
  }
}

function begin(state: Following, frame: Frame, world: World): Compilation {
  const rejections = [...frame.rejections];
  const policy = state.next(world, rejections);
  if (policy === undefined) throw new Error("a first world can always be decided");
  return inOrder(policy, rejections);
}

function inOrder(policy: CompiledPolicy, rejections: Rejection[]): Compilation {
  return { policy, rejections: rejections.sort(byPlace) };
}

function byPlace(a: Rejection, b: Rejection): number {
  return compareText(placeOf(a), placeOf(b)) || compareText(a.field, b.field) || compareText(a.message, b.message);
}
