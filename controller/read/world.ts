import {
  EMPTY_WORLD,
  type Namespace,
  type NetworkPolicy,
  type Origin,
  type Overlay,
  type OverlayEndpoint,
  type OverlayGateway,
  type Rejection,
  type World,
} from "../model/resources.ts";
import { didYouMean } from "./closest.ts";
import { DocumentReader, type RawObject } from "./documents.ts";
import { type Issue, shown } from "./issue.ts";
import { decodeNamespace, namespace } from "./namespace.ts";
import { isolationOnly, takeNetworkPolicy } from "./network-policy.ts";
import {
  API_VERSION,
  decodeOverlay,
  decodeOverlayEndpoint,
  decodeOverlayGateway,
  type Taken,
} from "./overlay-kinds.ts";
import { isMapping } from "./schema.ts";

/** What was read. `rejections` are about objects; files in `unreadable` added nothing to the world. */
export interface Reading {
  readonly world: World;
  readonly rejections: readonly Rejection[];
  readonly unreadable: readonly Rejection[];
}

export interface SourceText {
  /** As messages name it. */
  readonly file: string;
  readonly text: string;
}

/**
 * The world that `sources` describe; their order only decides which of two objects of one name is rejected. A `reader`
 * that is used again spares what is unchanged since.
 */
export function decodeWorld(sources: readonly SourceText[], reader = new DocumentReader()): Reading {
  const draft = new Draft();
  const unreadable: Rejection[] = [];
  for (const { file, text } of sources) {
    const documents = reader.read(file, text);
    if ("unreadable" in documents) {
      unreadable.push(documents.unreadable);
      continue;
    }
    for (const rejection of documents.rejections) draft.rejections.push(rejection);
    for (const raw of documents.objects) draft.take(raw);
  }
  const world = draft.world();
  reader.finish();
  return { world, rejections: draft.rejections, unreadable };
}

/** apiVersion by kind. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ["Overlay", API_VERSION],
  ["OverlayGateway", API_VERSION],
  ["OverlayEndpoint", API_VERSION],
  ["Namespace", "v1"],
  ["NetworkPolicy", "networking.k8s.io/v1"],
]);

/** Rejections that one object may cause; more would bury the others. */
const REJECTIONS_MAX = 20;

class Draft {
  readonly rejections: Rejection[] = [];
  readonly #overlays: Overlay[] = [];
  readonly #gateways: OverlayGateway[] = [];
  readonly #endpoints: [OverlayEndpoint, RawObject][] = [];
  readonly #policies: NetworkPolicy[] = [];
  readonly #namespaces = new Map<string, Namespace>();
  /** Namespaces whose labels can't be trusted. */
  readonly #broken = new Set<string>();
  readonly #seen = new Map<string, Origin>();

  take(raw: RawObject): void {
    const kind = this.#kindOf(raw);
    if (kind === "NetworkPolicy") this.#takePolicy(raw);
    else if (kind === "Namespace") this.#takeNamespace(raw);
    else if (kind === "Overlay") this.#keep(raw, decodeOverlay, (value) => this.#overlays.push(value));
    else if (kind === "OverlayGateway") this.#keep(raw, decodeOverlayGateway, (value) => this.#gateways.push(value));
    else if (kind === "OverlayEndpoint") {
      this.#keep(raw, decodeOverlayEndpoint, (value) => this.#endpoints.push([value, raw]));
    }
  }

  world(): World {
    const endpoints = this.#endpoints.flatMap(([endpoint, raw]) =>
      this.#isInReadableNamespace(endpoint, raw) ? [endpoint] : [],
    );
    for (const { namespace: name } of [...endpoints, ...this.#policies]) {
      if (!this.#namespaces.has(name)) this.#namespaces.set(name, namespace(name));
    }
    return {
      ...EMPTY_WORLD,
      overlays: this.#overlays,
      gateways: this.#gateways,
      endpoints,
      namespaces: [...this.#namespaces.values()],
      policies: this.#policies,
    };
  }

  #kindOf(raw: RawObject): string | undefined {
    const { object } = raw;
    if (!isMapping(object)) {
      this.#reject(raw, [
        { path: [], message: `must be an object with apiVersion, kind and metadata, not ${shown(object)}` },
      ]);
      return undefined;
    }
    const { kind } = object;
    if (typeof kind === "string" && KINDS.has(kind)) return kind;
    const known = [...KINDS.keys()];
    const message =
      typeof kind === "string"
        ? `${shown(kind)} is not a kind that is read here${didYouMean(kind, known) || `: remove it, or use ${known.join(", ")}`}`
        : `is required: ${known.join(", ")} or List`;
    this.#reject(raw, [{ path: ["kind"], message }]);
    return undefined;
  }

  #keep<T extends object>(
    raw: RawObject,
    decode: (object: unknown, origin: Origin) => Taken<T>,
    keep: (value: T) => void,
  ): void {
    const { value, issues } = raw.once(() => decode(raw.object, raw.origin));
    this.#reject(raw, issues);
    if (value === undefined || this.#isRepeated(raw, raw.origin.name)) return;
    // It may have been decoded when it stood elsewhere.
    keep({ ...value, origin: raw.origin });
  }

  /** A repeated policy allows nothing: which of the two is meant isn't known. It still isolates. */
  #takePolicy(raw: RawObject): void {
    const { value, issues } = raw.once(() => takeNetworkPolicy(raw.object, raw.origin));
    this.#reject(raw, issues);
    const isRepeated = this.#isRepeated(raw, `${value.namespace}/${value.name}`);
    this.#policies.push(isRepeated ? isolationOnly(raw.object, raw.origin) : { ...value, origin: raw.origin });
  }

  #takeNamespace(raw: RawObject): void {
    const { value, issues } = raw.once(() => decodeNamespace(raw.object));
    this.#reject(raw, issues);
    if (value === undefined) this.#broken.add(raw.origin.name);
    else if (!this.#isRepeated(raw, value.name)) this.#namespaces.set(value.name, value);
  }

  #isRepeated(raw: RawObject, name: string): boolean {
    const key = `${raw.origin.kind} ${name}`;
    const first = this.#seen.get(key);
    if (first === undefined) {
      this.#seen.set(key, raw.origin);
      return false;
    }
    const message = `repeats the object of ${first.file}:${first.line}: remove one of the two`;
    this.#reject(raw, [{ path: ["metadata", "name"], message }]);
    return true;
  }

  /** Selectors with NotIn and DoesNotExist would match a namespace that lost its labels, so its endpoints are left out. */
  #isInReadableNamespace(endpoint: OverlayEndpoint, raw: RawObject): boolean {
    if (!this.#broken.has(endpoint.namespace)) return true;
    const message = `${shown(endpoint.namespace)} is a Namespace that can't be read: repair that first`;
    this.#reject(raw, [{ path: ["spec", "namespace"], message }]);
    return false;
  }

  #reject(raw: RawObject, issues: readonly Issue[]): void {
    this.rejections.push(...issues.slice(0, REJECTIONS_MAX).map((issue) => raw.reject(issue)));
    const more = issues.length - REJECTIONS_MAX;
    if (more > 0)
      this.rejections.push(raw.reject({ path: [], message: `has ${more} more problems: repair these first` }));
  }
}
