import type { Endpoints, Node, Pod, Service } from "../model/cluster.ts";
import { OPTED_OUT, OVERLAY_LABEL } from "../model/labels.ts";
import type {
  Member,
  Namespace,
  NetworkPolicy,
  Origin,
  Overlay,
  OverlayEndpoint,
  OverlayGateway,
  Rejection,
  World,
} from "../model/resources.ts";
import type { ClusterNetworkPolicy, FlowPolicy } from "../model/tiers.ts";
import { brokenAddresses } from "./broken-addresses.ts";
import { decodeEndpointSlice, decodeNode, decodeService } from "./cluster-kinds.ts";
import { denialsOnly, takeClusterPolicy, withoutGrants } from "./cluster-policy.ts";
import type { RawObject } from "./documents.ts";
import { denialOnly, takeFlowPolicy, withoutGrant } from "./flow-policy.ts";
import { type Issue, type Path, shown } from "./issue.ts";
import { type Kind, kindOf, type UnknownKind } from "./kinds.ts";
import { labelComplaint } from "./names.ts";
import { decodeNamespace, namespace } from "./namespace.ts";
import { isCompanion, isolating, isolationOnly, takeNetworkPolicy } from "./network-policy.ts";
import { decodeOverlay, decodeOverlayEndpoint, decodeOverlayGateway, type Taken } from "./overlay-kinds.ts";
import { decodePod } from "./pod.ts";
import { isMapping } from "./schema.ts";

/** What Istio takes unless told otherwise. */
const USUAL_TRUST_DOMAIN = "cluster.local";

/** Rejections that one object may cause; more would bury the others. */
const REJECTIONS_MAX = 20;

interface Named {
  readonly origin?: Origin;
  readonly name: string;
  readonly namespace?: string;
}

/** What pods are as endpoints: the same value in later readings if nothing about it has changed. */
const endpointsOfPods = new WeakMap<Pod, OverlayEndpoint>();

export interface ReadSettings {
  /** Of the SPIFFE ids of pods. */
  readonly trustDomain?: string;
  /** Pods that have not loaded the rules are outsiders: as long as nothing leads their flows, they have no part in it. */
  readonly onlyWithRules?: boolean;
}

/** A value and where it came from. */
type Found<T> = readonly [T, RawObject];

/** The world, object by object. */
export class Draft {
  readonly rejections: Rejection[] = [];
  readonly #overlays: Found<Overlay>[] = [];
  readonly #gateways: OverlayGateway[] = [];
  readonly #endpoints: Found<OverlayEndpoint>[] = [];
  readonly #policies: NetworkPolicy[] = [];
  readonly #clusterPolicies: ClusterNetworkPolicy[] = [];
  readonly #flowPolicies: FlowPolicy[] = [];
  readonly #pods: Found<Pod>[] = [];
  readonly #nodes: Node[] = [];
  readonly #services: Service[] = [];
  readonly #endpointSlices: Endpoints[] = [];
  readonly #namespaces = new Map<string, Namespace>();
  /** Namespaces whose labels can't be trusted. */
  readonly #broken = new Set<string>();
  /** Addresses of members and nodes that can't be read, and of those that are there twice. */
  readonly #closed = new Set<string>();
  readonly #repeated = new Set<string>();
  readonly #seen = new Map<string, Origin>();
  readonly #trustDomain: string;
  readonly #onlyWithRules: boolean;

  constructor({ trustDomain = USUAL_TRUST_DOMAIN, onlyWithRules = false }: ReadSettings = {}) {
    this.#trustDomain = trustDomain;
    this.#onlyWithRules = onlyWithRules;
  }

  take(raw: RawObject): void {
    const kind = kindOf(raw.object);
    if (kind === "skipped") return;
    if (typeof kind === "string") this.#takers[kind](raw);
    else this.#takeUnknown(raw, kind);
  }

  readonly #takers: Readonly<Record<Kind, (raw: RawObject) => void>> = {
    Overlay: (raw) => this.#keep(raw, decodeOverlay, (value) => this.#overlays.push([value, raw])),
    OverlayGateway: (raw) => this.#keep(raw, decodeOverlayGateway, (value) => this.#gateways.push(value)),
    OverlayEndpoint: (raw) => this.#keep(raw, decodeOverlayEndpoint, (value) => this.#endpoints.push([value, raw])),
    Pod: (raw) =>
      this.#keep(
        raw,
        (object, origin) => decodePod(object, origin, this.#trustDomain),
        (value) => this.#pods.push([value, raw]),
      ),
    Node: (raw) => this.#keep(raw, decodeNode, (value) => this.#nodes.push(value)),
    Service: (raw) => this.#keep(raw, decodeService, (value) => this.#services.push(value)),
    EndpointSlice: (raw) => this.#keep(raw, decodeEndpointSlice, (value) => this.#endpointSlices.push(value)),
    Namespace: (raw) => this.#takeNamespace(raw),
    NetworkPolicy: (raw) => {
      if (!isCompanion(raw.object)) this.#takePolicy(raw, takeNetworkPolicy, isolating, this.#policies);
    },
    ClusterNetworkPolicy: (raw) => this.#takePolicy(raw, takeClusterPolicy, withoutGrants, this.#clusterPolicies),
    FlowPolicy: (raw) => this.#takePolicy(raw, takeFlowPolicy, withoutGrant, this.#flowPolicies),
  };

  world(): World {
    const pods = this.#pods.filter((found) => this.#isInReadableNamespace(found, ["metadata", "namespace"]));
    const endpoints = this.#endpoints.filter((found) => this.#isInReadableNamespace(found, ["spec", "namespace"]));
    const members = [...endpoints, ...pods].map(([member]) => member);
    for (const { namespace: name } of [...members, ...this.#policies]) {
      if (name !== "" && !this.#namespaces.has(name)) this.#namespaces.set(name, namespace(name));
    }
    return {
      overlays: this.#distinctOverlays(),
      gateways: this.#gateways,
      endpoints: [...valuesOf(endpoints), ...pods.flatMap((found) => this.#endpointOf(found))],
      namespaces: [...this.#namespaces.values()],
      policies: this.#policies.flatMap((policy) => this.#placed(policy)),
      clusterPolicies: this.#clusterPolicies,
      flowPolicies: this.#flowPolicies,
      pods: valuesOf(pods),
      nodes: this.#nodes,
      services: this.#services,
      endpointSlices: this.#endpointSlices,
      closed: this.#closedAddresses(members),
    };
  }

  #keep<T extends Named>(
    raw: RawObject,
    decode: (object: unknown, origin: Origin) => Taken<T>,
    keep: (value: T) => void,
  ): void {
    const { value, issues } = raw.once(() => decode(raw.object, raw.origin));
    this.#reject(raw, issues);
    if (value === undefined) addAll(this.#closed, brokenAddresses(raw.object));
    else if (this.#isRepeated(raw, value)) addAll(this.#repeated, brokenAddresses(raw.object));
    else keep(placed(value, raw.origin));
  }

  /** A repeated policy allows nothing; `leftOver` is what it still denies. */
  #takePolicy<T extends Named>(
    raw: RawObject,
    take: (object: unknown, origin: Origin) => Taken<T>,
    leftOver: (value: T) => T | undefined,
    policies: T[],
  ): void {
    const { value, issues } = raw.once(() => take(raw.object, raw.origin));
    this.#reject(raw, issues);
    if (value === undefined) return;
    const left = this.#isRepeated(raw, value) ? leftOver(value) : value;
    if (left !== undefined) policies.push(placed(left, raw.origin));
  }

  /** A policy whose kind is misspelled denies what it can. */
  #takeUnknown(raw: RawObject, { meant, ...issue }: UnknownKind): void {
    this.#reject(raw, [issue]);
    const { object, origin } = raw;
    if (meant === "NetworkPolicy") this.#policies.push(isolationOnly(object, origin));
    if (meant === "ClusterNetworkPolicy") this.#clusterPolicies.push(denialsOnly(object, origin));
    const denial = meant === "FlowPolicy" ? denialOnly(object, origin) : undefined;
    if (denial !== undefined) this.#flowPolicies.push(denial);
  }

  #takeNamespace(raw: RawObject): void {
    const { value, issues } = raw.once(() => decodeNamespace(raw.object));
    this.#reject(raw, issues);
    if (value === undefined) this.#broken.add(nameIn(raw.object));
    else if (!this.#isRepeated(raw, value)) this.#namespaces.set(value.name, value);
  }

  #isRepeated(raw: RawObject, { namespace = "", name }: Named): boolean {
    const key = `${raw.origin.kind} ${raw.origin.kind === "OverlayEndpoint" ? "" : namespace}/${name}`;
    const first = this.#seen.get(key);
    if (first === undefined) {
      this.#seen.set(key, raw.origin);
      return false;
    }
    const message = `repeats the object of ${first.file}:${first.line}: remove one of the two`;
    this.#reject(raw, [{ path: ["metadata", "name"], message }]);
    return true;
  }

  /** A policy of which the namespace can't be read is taken to be in each. */
  #placed(policy: NetworkPolicy): NetworkPolicy[] {
    if (policy.namespace !== "") return [policy];
    return [...this.#namespaces.keys()].map((namespace) => ({ ...policy, namespace }));
  }

  /** Keys are made for an overlay's id: two that share it would accept each other's stamps. */
  #distinctOverlays(): Overlay[] {
    const holders = new Map<number, string[]>();
    for (const [{ id, name }] of this.#overlays) holders.set(id, [...(holders.get(id) ?? []), name]);
    return this.#overlays.flatMap(([overlay, raw]) => {
      const others = (holders.get(overlay.id) as string[]).filter((name) => name !== overlay.name);
      if (others.length === 0) return [overlay];
      this.#reject(raw, [
        { path: ["spec", "id"], message: `${overlay.id} is the id of overlay ${others[0]} too: give each its own` },
      ]);
      return [];
    });
  }

  /** A pod with addresses of its own, in the overlay that its namespace names. */
  #endpointOf([pod, raw]: Found<Pod>): OverlayEndpoint[] {
    const { hostNetwork, node: _, hasRules: __, ...member } = pod;
    if (hostNetwork || member.addresses.length === 0) return [];
    const overlay = this.#overlayOf(pod, raw);
    const known = endpointsOfPods.get(pod);
    if (known?.overlay === overlay) return [known];
    const endpoint = { ...member, overlay };
    endpointsOfPods.set(pod, endpoint);
    return [endpoint];
  }

  /** Its namespace's, unless it asks to stay outside and may. */
  #overlayOf({ namespace, labels, hasRules }: Pod, raw: RawObject): string {
    if (this.#onlyWithRules && !hasRules) return "";
    const name = this.#namespaces.get(namespace)?.labels[OVERLAY_LABEL] ?? "";
    if (name === "" || labels[OVERLAY_LABEL] !== OPTED_OUT) return name;
    const [overlay] = this.#overlays.find(([overlay]) => overlay.name === name) ?? [];
    if (overlay?.podOptOut === "Allow") return "";
    const message = `asks to stay outside, which Overlay ${name} doesn't allow: remove the label, or set podOptOut: Allow there`;
    this.#reject(raw, [{ path: ["metadata", "labels", OVERLAY_LABEL], message }]);
    return name;
  }

  /** Selectors with NotIn and DoesNotExist would match a namespace that lost its labels, so its members are left out. */
  #isInReadableNamespace([member, raw]: Found<OverlayEndpoint | Pod>, path: Path): boolean {
    // One without a name could be any that nobody declares.
    const isNameless = this.#broken.has("") && !this.#namespaces.has(member.namespace);
    if (!isNameless && !this.#broken.has(member.namespace)) return true;
    if ("hostNetwork" in member && member.hostNetwork) return false;
    const message = `${shown(member.namespace)} is a Namespace that can't be read: repair that first`;
    this.#reject(raw, [{ path, message }]);
    addAll(this.#closed, member.addresses);
    return false;
  }

  /** Of objects that are there twice the first one keeps its addresses. */
  #closedAddresses(members: readonly Member[]): string[] {
    const held = new Set(members.flatMap(({ addresses }) => addresses));
    addAll(
      this.#closed,
      [...this.#repeated].filter((address) => !held.has(address)),
    );
    return [...this.#closed].sort();
  }

  #reject(raw: RawObject, issues: readonly Issue[]): void {
    this.rejections.push(...issues.slice(0, REJECTIONS_MAX).map((issue) => raw.reject(issue)));
    const more = issues.length - REJECTIONS_MAX;
    if (more > 0)
      this.rejections.push(raw.reject({ path: [], message: `has ${more} more problems: repair these first` }));
  }
}

/** It may have been decoded when it stood elsewhere. */
function placed<T extends Named>(value: T, origin: Origin): T {
  const before = (places.get(value) as T | undefined) ?? value;
  if (isSamePlace(before.origin, origin)) return before;
  const now = { ...value, origin };
  places.set(value, now);
  return now;
}

function addAll<T>(set: Set<T>, values: Iterable<T> = []): void {
  for (const value of values) set.add(value);
}

/** The name of a Namespace that can't be read; empty if that can't be either. */
function nameIn(object: unknown): string {
  const { metadata } = isMapping(object) ? object : {};
  const { name } = isMapping(metadata) ? metadata : {};
  return typeof name === "string" && labelComplaint(name) === undefined ? name : "";
}

function valuesOf<T>(found: readonly Found<T>[]): T[] {
  return found.map(([value]) => value);
}

/** Values as they were placed last, by how they were decoded: one that stands where it stood stays the same object. */
const places = new WeakMap<object, object>();
function isSamePlace(a: Origin | undefined, b: Origin): boolean {
  return a?.file === b.file && a.line === b.line && a.kind === b.kind && a.name === b.name;
}
