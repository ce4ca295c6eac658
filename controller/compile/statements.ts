import type { NetworkPolicy, Overlay, Rejection, World } from "../model/resources.ts";
import type { ClusterNetworkPolicy, FlowPolicy } from "../model/tiers.ts";
import { isolatingOnly, networkStatement } from "./network-statements.ts";
import { compareText, placeOf } from "./order.ts";
import type { Paths } from "./paths.ts";
import { Said, type Saying } from "./said.ts";
import type { Selections } from "./selections.ts";
import type { Direction, Statement, Statements } from "./statement.ts";
import { byPriority, TierStatements } from "./tier-statements.ts";

/**
 * What all policies say about an overlay's members, tier by tier. What can't be understood is rejected and allows nothing.
 * A policy that was in the world before makes the same statements.
 */
export class PolicyStatements {
  private readonly network: Said<NetworkPolicy>;
  private tiers: Tiers;
  private closed: { readonly text: string; readonly statements: readonly Statement[] } = { text: "", statements: [] };
  private before: readonly unknown[] = [];
  private statements: Statements = { ingress: [], egress: [] };

  constructor(
    private readonly overlay: Overlay,
    private readonly selections: Selections,
    private readonly paths: Paths,
  ) {
    this.network = new Said({
      compare: (a, b) => compareText(nameOf(a), nameOf(b)) || compareText(placeOf(a), placeOf(b)),
      statement: (policy, direction, rejections) => networkStatement(policy, direction, selections, rejections),
      twins: { isTwin: (a, b) => a.name === b.name && a.namespace === b.namespace, reduced: isolatingOnly },
    });
    this.tiers = this.tiersFor([]);
  }

  /** The same object if all policies say what they said. */
  of(world: World, rejections: Rejection[]): Statements {
    const { nodes, clusterPolicies, flowPolicies } = world;
    const sameNodes =
      nodes.length === this.tiers.nodes.length && nodes.every((node, i) => node === this.tiers.nodes[i]);
    if (!sameNodes) this.tiers = this.tiersFor(nodes);
    const flow = flowPolicies.filter((policy) => (policy.overlay ?? this.overlay.name) === this.overlay.name);
    const said = [
      this.tiers.admin.by(clusterPolicies.filter(({ tier }) => tier === "Admin")),
      this.tiers.flow.by(flow),
      this.network.by(world.policies),
      this.tiers.baseline.by(clusterPolicies.filter(({ tier }) => tier === "Baseline")),
    ];
    for (const sayings of said) for (const saying of sayings) rejections.push(...saying.rejections);
    const unreadable = this.unreadable(world.closed);
    const sources = [unreadable, ...said];
    if (!sources.every((source, i) => source === this.before[i])) {
      const inOrder = (direction: Direction) => [
        ...unreadable,
        ...said.flatMap((sayings) => spoken(sayings, direction)),
      ];
      this.statements = { ingress: inOrder("ingress"), egress: inOrder("egress") };
      this.before = sources;
    }
    return this.statements;
  }

  private unreadable(closed: World["closed"]): readonly Statement[] {
    const text = closed.join();
    if (text !== this.closed.text) this.closed = { text, statements: this.tiers.reader.unreadable(closed) };
    return this.closed.statements;
  }

  private tiersFor(nodes: World["nodes"]): Tiers {
    const reader = new TierStatements(nodes, this.selections, this.paths);
    const cluster = () => {
      return new Said<ClusterNetworkPolicy>({
        compare: byPriority,
        statement: (policy, direction) => reader.cluster(policy, direction),
      });
    };
    const flow = new Said<FlowPolicy>({
      compare: byPriority,
      statement: (policy, direction, rejections) => reader.flow(policy, direction, rejections),
    });
    return { nodes, reader, admin: cluster(), flow, baseline: cluster() };
  }
}

/** Tiers whose peers may be nodes. */
interface Tiers {
  readonly nodes: World["nodes"];
  readonly reader: TierStatements;
  readonly admin: Said<ClusterNetworkPolicy>;
  readonly flow: Said<FlowPolicy>;
  readonly baseline: Said<ClusterNetworkPolicy>;
}

function spoken(sayings: readonly Saying[], direction: Direction): Statement[] {
  const statements: Statement[] = [];
  for (const { [direction]: statement } of sayings) if (statement !== undefined) statements.push(statement);
  return statements;
}

function nameOf({ namespace, name }: NetworkPolicy): string {
  return `${namespace}/${name}`;
}
