/** What the world of a cluster comes to, overlay by overlay. */
import { Compiler } from "../compile/compile.ts";
import type { CompiledPolicy } from "../compile/compiled.ts";
import { strays } from "../compile/strays.ts";
import type { Rejection, World } from "../model/resources.ts";
import type { Reading } from "../read/world.ts";
import { gatewayReplicas } from "./gateway-replicas.ts";

export interface Decisions {
  readonly world: World;
  readonly policies: readonly CompiledPolicy[];
  /** Of reading and compiling. What was rejected only removes access: the rest is in force. */
  readonly rejections: readonly Rejection[];
  /** Addresses of each gateway's replicas. */
  readonly replicas: ReadonlyMap<string, readonly string[]>;
}

export interface DecisionOptions {
  /** Members may live on loopback addresses: for tests. */
  readonly allowLoopback: boolean;
  /** Name of the cluster that pods are in. */
  readonly cluster: string;
  /** Compiling an overlay threw: what was decided before stays. */
  readonly failed: (overlay: string, error: unknown) => void;
  /** An overlay was compiled. */
  readonly compiled: (overlay: string, seconds: number) => void;
}

/** Remembers what it decided, so that a change costs what was changed. */
export class WorldCompiler {
  readonly #overlays = new Map<string, { readonly compiler: Compiler; policy?: CompiledPolicy }>();

  constructor(private readonly options: DecisionOptions) {}

  decide({ world, rejections }: Reading): Decisions {
    const names = new Set(world.overlays.map(({ name }) => name));
    for (const name of this.#overlays.keys()) if (!names.has(name)) this.#overlays.delete(name);
    const found = [...rejections, ...strays(world)];
    const policies = [...names].sort().flatMap((name) => this.#compile(name, world, found));
    return { world, policies, rejections: distinct(found), replicas: gatewayReplicas(world) };
  }

  #compile(name: string, world: World, found: Rejection[]): CompiledPolicy[] {
    const { allowLoopback, cluster, compiled, failed } = this.options;
    const known = this.#overlays.get(name) ?? { compiler: new Compiler(name, { allowLoopback, cluster }) };
    this.#overlays.set(name, known);
    const begin = performance.now();
    try {
      const { policy, rejections } = known.compiler.update(world);
      found.push(...rejections);
      known.policy = policy;
    } catch (error) {
      failed(name, error);
    }
    compiled(name, (performance.now() - begin) / 1000);
    return known.policy === undefined ? [] : [known.policy];
  }
}

/** Several overlays may say the same of one policy. */
function distinct(rejections: readonly Rejection[]): Rejection[] {
  const byText = new Map(
    rejections.map((one) => [`${one.origin.kind} ${one.origin.name} ${one.field} ${one.message}`, one] as const),
  );
  return [...byText.values()];
}
