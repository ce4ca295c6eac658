import type { Member, Origin, Selector, World } from "../model/resources.ts";
import { selectorText, selects } from "../model/selectors.ts";
import { type PodsOf, type Statement, statementsOf } from "../offline/statements.ts";

/** What all checks share: the world, indexed. */
export class Facts {
  readonly statements: readonly Statement[];
  /** Endpoints, pods with addresses among them. */
  readonly members: readonly Member[];
  private readonly byNamespace = new Map<string, Member[]>();
  private readonly hostPods = new Map<string, Member[]>();
  private readonly namespaces = new Map<string, readonly string[]>();
  private readonly found = new Map<string, readonly Member[]>();

  constructor(
    readonly world: World,
    /** The object as it was written; undefined if it can't be found again. */
    readonly written: (origin: Origin) => unknown,
  ) {
    this.statements = statementsOf(world);
    // A pod that waits for its addresses is selected too.
    const names = new Set(world.endpoints.map(nameOf));
    const waiting = world.pods.filter((pod) => !pod.hostNetwork && !names.has(nameOf(pod)));
    this.members = [...world.endpoints, ...waiting];
    index(this.members, this.byNamespace);
    const onHost = world.pods.filter(({ hostNetwork }) => hostNetwork);
    index(onHost, this.hostPods);
  }

  /** Members that are selected. */
  membersOf(pods: PodsOf): readonly Member[] {
    const key = `${"namespace" in pods ? `=${pods.namespace}` : selectorText(pods.namespaces)}\n\n${selectorText(pods.pods)}`;
    const known = this.found.get(key) ?? this.select(pods, this.byNamespace);
    this.found.set(key, known);
    return known;
  }

  /** Host-network pods whose labels are selected; policy doesn't see them all the same. */
  hostPodsOf(pods: PodsOf): readonly Member[] {
    return this.hostPods.size === 0 ? [] : this.select(pods, this.hostPods);
  }

  /** Names of namespaces that a selector matches. */
  namespacesOf(selector: Selector): readonly string[] {
    const key = selectorText(selector);
    const known =
      this.namespaces.get(key) ??
      this.world.namespaces.filter(({ labels }) => selects(selector, labels)).map(({ name }) => name);
    this.namespaces.set(key, known);
    return known;
  }

  private select(pods: PodsOf, from: ReadonlyMap<string, readonly Member[]>): Member[] {
    const places = "namespace" in pods ? [pods.namespace] : this.namespacesOf(pods.namespaces);
    return places.flatMap((name) => (from.get(name) ?? []).filter(({ labels }) => selects(pods.pods, labels)));
  }
}

export function nameOf({ namespace, name }: Member): string {
  return `${namespace}/${name}`;
}

function index(members: readonly Member[], to: Map<string, Member[]>): void {
  for (const member of members) {
    const known = to.get(member.namespace);
    if (known === undefined) to.set(member.namespace, [member]);
    else known.push(member);
  }
}
