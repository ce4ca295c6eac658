import type { OverlayEndpoint, Rejection, World } from "../model/resources.ts";
import { Admission, type AdmittedMember } from "./admission.ts";
import { defaultLimits, type TableLimits } from "./budget.ts";
import { Classes, type ClassSource } from "./classes.ts";
import type { ClassedAddress, CompiledEndpoint, CompiledPolicy, OutsiderRange } from "./compiled.ts";
import type { Frame } from "./frame.ts";
import { NamedPorts } from "./named-ports.ts";
import { addressBytes } from "./ranges.ts";
import { Selections } from "./selections.ts";
import type { Statements } from "./statement.ts";
import { PolicyStatements } from "./statements.ts";
import { Tables } from "./tables.ts";

export interface CompileOptions {
  /** Beyond these, endpoints are closed and the overlay is told so. */
  readonly limits?: Partial<TableLimits>;
  /** Members may live on loopback addresses: for machines without network namespaces. */
  readonly allowLoopback?: boolean;
  /** Name of the cluster in the node ids of pods; `Kubernetes`, as Istio calls one, unless told otherwise. */
  readonly cluster?: string;
}

const TOO_LARGE =
  "its policies tell too many endpoints apart: some endpoints are closed; write fewer selectors for single pods, or split the overlay";

/** What port names mean is forgotten only when all is: more and all is made anew. */
const PORT_NUMBERS_MOST = 10_000;

/** Decides worlds of one overlay that follow each other, and keeps what the next one shares with the last. */
export class Following {
  private readonly admission: Admission;
  private readonly selections = new Selections();
  private readonly policies: PolicyStatements;
  private readonly ports = new NamedPorts();
  private readonly endpoints = new WeakMap<AdmittedMember, CompiledEndpoint>();
  private statements: Statements | undefined;
  private classes: Classes | undefined;
  private tables: Tables | undefined;
  private policy: CompiledPolicy | undefined;
  private used: Used = { pods: new Set(), blocks: new Set(), paths: new Set() };
  private members: { readonly list: readonly AdmittedMember[]; readonly version: number } = { list: [], version: -1 };
  private changes: Classes["changes"] = [];
  private outsiders: readonly OutsiderRange[] = [];

  /** `isLasting`: more worlds will follow. */
  constructor(
    private readonly frame: Frame,
    private readonly options: CompileOptions,
    private readonly isLasting: boolean,
  ) {
    const { overlay, gateways, paths } = frame;
    const { allowLoopback = false, cluster = "Kubernetes" } = options;
    const gatewayIds = gateways.map(({ id }) => id);
    this.admission = new Admission(overlay, { allowLoopback, cluster, gatewayIds });
    this.policies = new PolicyStatements(overlay, this.selections, paths);
  }

  /** Undefined: so much has changed that it has to be decided from the beginning, by another. */
  next(world: World, rejections: Rejection[]): CompiledPolicy | undefined {
    const { overlay, gateways, paths, isPassable } = this.frame;
    const members = this.admission.admit(world, rejections);
    const statements = this.policies.of(world, rejections);
    const classes = this.follow(world, members, statements);
    if (classes === undefined) return undefined;
    const limits = { ...defaultLimits(classes.count), ...this.options.limits };
    this.tables ??= new Tables(classes, this.ports, overlay, limits);
    const result = this.tables.next(statements, this.used.paths);
    if (result === undefined) return undefined;
    const { table, truncated } = result;
    if (truncated) rejections.push({ origin: overlay.origin, field: "", message: TOO_LARGE });
    const last = this.policy;
    const parts = {
      paths: same(last?.paths, isPassable ? paths.all : []),
      endpoints: this.compiledEndpoints(members, classes, last?.endpoints),
      ranges: this.ranges(classes),
      table,
    };
    if (
      last?.paths === parts.paths &&
      last.endpoints === parts.endpoints &&
      last.ranges === parts.ranges &&
      last.table === table
    )
      return last;
    this.policy = { overlay, loopbackMembers: this.options.allowLoopback ?? false, gateways, ...parts };
    return this.policy;
  }

  private ranges(classes: Classes): readonly OutsiderRange[] {
    if (this.changes !== classes.changes)
      this.outsiders = classes.changes.map(({ first, class: cls }) => ({ first: addressBytes(first), class: cls }));
    this.changes = classes.changes;
    return this.outsiders;
  }

  private follow(world: World, members: readonly AdmittedMember[], statements: Statements): Classes | undefined {
    const isSaidBefore = statements === this.statements;
    this.statements = statements;
    const portsChange = !isSaidBefore && this.ports.learn(statements);
    if (!isSaidBefore) this.used = usedIn(statements);
    const source: ClassSource = {
      members,
      namespaces: world.namespaces,
      portsOf: (endpoint: OverlayEndpoint) => this.ports.of(endpoint),
      selections: this.selections,
    };
    if (this.classes === undefined) {
      this.classes = new Classes(source, this.isLasting);
      return this.classes;
    }
    if (!isSaidBefore) {
      const { pods, blocks, paths } = this.used;
      this.selections.keep(pods, blocks);
      if (portsChange || !this.frame.paths.all.every((_, path) => path === 0 || paths.has(path))) return undefined;
    }
    return this.ports.count <= PORT_NUMBERS_MOST && this.classes.update(source) ? this.classes : undefined;
  }

  /** One whose endpoint and classes are the same stays the same object; so does the list. */
  private compiledEndpoints(
    list: readonly AdmittedMember[],
    classes: Classes,
    before: readonly CompiledEndpoint[] = [],
  ): readonly CompiledEndpoint[] {
    const isSameVersion = classes.version === this.members.version;
    if (list === this.members.list && isSameVersion) return before;
    this.members = { list, version: classes.version };
    return list.map((member) => {
      const known = this.endpoints.get(member);
      if (known !== undefined && isSameVersion) return known;
      const found = classes.of(member);
      if (known?.addresses.every((address, i) => address.class === found[i])) return known;
      const compiled = compiledEndpoint(member, found);
      this.endpoints.set(member, compiled);
      return compiled;
    });
  }
}

function compiledEndpoint({ endpoint, id, addresses }: AdmittedMember, classes: readonly number[]): CompiledEndpoint {
  const classed = addresses.map((address, i): ClassedAddress => {
    return { address: addressBytes(address), class: classes[i] as number };
  });
  return { endpoint, id, addresses: classed };
}

/** The list before if it has the same elements. */
function same<T>(before: readonly T[] | undefined, now: readonly T[]): readonly T[] {
  const isSame = before?.length === now.length && before.every((element, i) => element === now[i]);
  return isSame ? before : [...now];
}

interface Used {
  readonly pods: Set<number>;
  readonly blocks: Set<number>;
  readonly paths: Set<number>;
}

/** The numbers of the selections, blocks and paths that statements name. */
function usedIn(statements: Statements): Used {
  const used: Used = { pods: new Set(), blocks: new Set(), paths: new Set() };
  for (const side of [statements.ingress, statements.egress]) {
    for (const { subject, clauses } of side) {
      used.pods.add(subject);
      for (const { pods, blocks, path } of clauses) {
        for (const number of pods) used.pods.add(number);
        for (const number of blocks) used.blocks.add(number);
        used.paths.add(path);
      }
    }
  }
  return used;
}
