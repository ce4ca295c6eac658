/** Makes the cluster's objects as they should be, and takes away what is wanted no more. */
import type { ApiClient } from "../kube/api-client.ts";
import { applyObject, deleteObject, metadataOf, type Outcome, patchObject, withAdvice } from "../kube/apply.ts";
import { emittedCollection } from "../kube/emitted.ts";
import type { KubeObject } from "../kube/list-watch.ts";
import { isAsWanted, surplusOf } from "../kube/same-object.ts";
import { BackOff } from "../node/back-off.ts";

/** Groups at once. */
const WRITERS = 8;

/** Objects that belong together, in the order in which they are applied: what fails keeps those after it back. */
export type Group = readonly KubeObject[];

/** An object that is not as it should be. */
export interface Unapplied {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly why: "missing" | "forbidden" | "refused";
  /** What is wrong and what to do. */
  readonly message: string;
}

export interface ApplierEvents {
  applied(kind: string): void;
  deleted(kind: string): void;
  failed(unapplied: Unapplied): void;
  /** Somebody else had changed it. */
  repaired(kind: string, what: string): void;
}

/** What there is. */
export interface Found {
  readonly found: readonly KubeObject[];
  /** Kinds that can't be listed, and why; empty: not yet. */
  readonly unknown: ReadonlyMap<string, string>;
}

export interface Pass {
  readonly unapplied: readonly Unapplied[];
  /** Milliseconds until something is worth trying again; undefined: all is as it should be. */
  readonly againMs: number | undefined;
}

/** What was done about an object last. */
interface Attempt {
  readonly wanted: KubeObject;
  /** The version of the object that was seen then, or since as it should be. */
  readonly seen: string | undefined;
  readonly at: number;
  readonly notBefore: number;
  readonly backOff: BackOff;
  readonly isDone: boolean;
  readonly unapplied: Unapplied | undefined;
}

interface Settled {
  readonly isThere: boolean;
  readonly waitMs?: number;
  readonly unapplied?: Unapplied | undefined;
}

/** The longest wait between two attempts of which the first didn't last. */
const LONGEST_WAIT_MS = 10_000;
/** The watch brings what came of a request sooner. */
const ECHO_MS = 5000;

export class Applier {
  readonly #attempts = new Map<string, Attempt>();

  /** `mayWrite` is asked before each request. */
  constructor(
    private readonly client: ApiClient,
    private readonly mayWrite: () => boolean,
    private readonly events: ApplierEvents,
  ) {}

  /**
   * `found`: all objects that this program made, but for those of `unknown` kinds, which are left alone. Those that are in no group are deleted if `mayPrune`, after the others
   * were applied, last first. Fails if the server can't be reached.
   */
  async pass(groups: readonly Group[], { found, unknown }: Found, mayPrune: (o: KubeObject) => boolean): Promise<Pass> {
    const there = new Map(found.map((object) => [keyOf(object), object]));
    const unapplied: Unapplied[] = [];
    const waits: number[] = [];
    await each(groups, async (group) => {
      for (const wanted of group) {
        const why = unknown.get(String(wanted.kind));
        if (why) unapplied.push(unlisted(wanted, why));
        if (why !== undefined) return;
        const result = await this.#settle(wanted, there.get(keyOf(wanted)));
        if (result.waitMs !== undefined) waits.push(result.waitMs);
        if (result.unapplied !== undefined) unapplied.push(result.unapplied);
        if (!result.isThere) return;
      }
    });
    const wanted = new Set(groups.flat().map(keyOf));
    const held = new Set(unapplied.map(({ namespace }) => namespace));
    const surplus = found.filter((object) => !wanted.has(keyOf(object)) && mayPrune(object));
    for (const object of surplus.reverse()) {
      if (held.has(metadataOf(object).namespace ?? "")) continue;
      const left = await this.#delete(object);
      if (left !== undefined) unapplied.push(left);
    }
    return { unapplied, againMs: waits.length === 0 ? undefined : Math.min(...waits) };
  }

  async #settle(wanted: KubeObject, found: KubeObject | undefined): Promise<Settled> {
    const key = keyOf(wanted);
    const known = this.#attempts.get(key);
    const last = known !== undefined && isAsWanted(wanted, known.wanted) ? known : undefined;
    const seen = found === undefined ? undefined : metadataOf(found).resourceVersion;
    if (found !== undefined && isAsWanted(wanted, found)) {
      if (last !== undefined) this.#attempts.set(key, { ...last, seen, isDone: true, unapplied: undefined });
      return { isThere: true };
    }
    const now = performance.now();
    if (last?.isDone && last.seen === seen && now < last.at + ECHO_MS)
      return { isThere: true, waitMs: last.at + ECHO_MS - now };
    if (last !== undefined && now < last.notBefore)
      return { isThere: last.isDone, waitMs: last.notBefore - now, unapplied: last.unapplied };
    if (!this.mayWrite()) return { isThere: false };
    if (last?.isDone) this.events.repaired(String(wanted.kind), textOf(wanted));
    const unapplied = await this.#attempt(wanted, last, seen, now);
    const { isDone, notBefore } = this.#attempts.get(key) as Attempt;
    return isDone ? { isThere: true } : { isThere: false, waitMs: notBefore - now, unapplied };
  }

  async #attempt(
    wanted: KubeObject,
    last: Attempt | undefined,
    seen: string | undefined,
    now: number,
  ): Promise<Unapplied | undefined> {
    const outcome = await this.#apply(wanted);
    const isDone = outcome.kind === "done";
    // What failed and works now begins anew.
    const backOff = last?.isDone === isDone ? last.backOff : new BackOff(Math.random, LONGEST_WAIT_MS);
    const notBefore = now + backOff.next(last === undefined ? 0 : now - last.at);
    if (isDone) this.events.applied(String(wanted.kind));
    const unapplied = this.#note(wanted, outcome, "applied");
    this.#attempts.set(keyOf(wanted), { wanted, seen, at: now, notBefore, backOff, isDone, unapplied });
    return unapplied;
  }

  async #apply(wanted: KubeObject): Promise<Outcome> {
    const collection = emittedCollection(wanted.kind);
    const outcome = await applyObject(this.client, collection, wanted);
    if (outcome.kind !== "done" || outcome.object === undefined || isAsWanted(wanted, outcome.object)) return outcome;
    // Fields of others stay when an object is applied.
    const surplus = surplusOf(wanted, outcome.object);
    return Object.keys(surplus).length === 0 ? outcome : patchObject(this.client, collection, wanted, surplus);
  }

  async #delete(object: KubeObject): Promise<Unapplied | undefined> {
    if (!this.mayWrite()) return undefined;
    const outcome = await deleteObject(this.client, emittedCollection(object.kind), object);
    this.#attempts.delete(keyOf(object));
    if (outcome.kind === "done") this.events.deleted(String(object.kind));
    return this.#note(object, outcome, "deleted");
  }

  #note(object: KubeObject, outcome: Outcome, done: string): Unapplied | undefined {
    if (outcome.kind === "done" || outcome.kind === "gone") return undefined;
    const { namespace = "", name } = metadataOf(object);
    const kind = String(object.kind);
    const { from } = emittedCollection(kind);
    const why = outcome.kind;
    const reason = why === "missing" ? `the API server doesn't know ${kind}: install ${from}` : outcome.reason;
    const unapplied = { kind, namespace, name, why, message: `${textOf(object)} can't be ${done}: ${reason}` };
    this.events.failed(unapplied);
    return unapplied;
  }
}

function unlisted(wanted: KubeObject, reason: string): Unapplied {
  const { namespace = "", name } = metadataOf(wanted);
  const kind = String(wanted.kind);
  return { kind, namespace, name, why: "refused", message: `${kind} can't be listed: ${withAdvice(reason)}` };
}

function keyOf(object: KubeObject): string {
  const { namespace = "", name } = metadataOf(object);
  return `${object.kind} ${namespace}/${name}`;
}

function textOf(object: KubeObject): string {
  const { namespace, name } = metadataOf(object);
  return `${object.kind} ${[namespace, name].filter(Boolean).join("/")}`;
}

async function each<T>(values: readonly T[], work: (value: T) => Promise<void>): Promise<void> {
  const queue = values.values();
  const worker = async () => {
    for (const value of queue) await work(value);
  };
  await Promise.all(Array.from({ length: WRITERS }, worker));
}
