import { describe, expect, test } from "@jest/globals";
import type { KubeObject, Listed, Source, WatchEvent } from "../../controller/kube/list-watch.ts";
import { Refusal } from "../../controller/kube/list-watch.ts";
import { Reflector } from "../../controller/kube/reflector.ts";
import { BackOff } from "../../controller/node/back-off.ts";
import { until } from "../until.ts";

const object = (name: string, version: number): KubeObject => ({
  metadata: { namespace: "a", name, uid: name, resourceVersion: String(version) },
});
const listed = (version: number, ...objects: KubeObject[]): Listed => ({ objects, version: String(version) });
const held = (one: KubeObject, version: number): WatchEvent => ({
  type: "held",
  object: one,
  version: String(version),
});
const deleted = (one: KubeObject, version: number): WatchEvent => ({
  type: "deleted",
  object: one,
  version: String(version),
});
const bookmark = (version: number): WatchEvent => ({ type: "bookmark", version: String(version) });

/** A list, a watch with what it sends and, where it ends in one, its failure; or the failure of a list. */
type Step =
  | { readonly list: Listed | Error }
  | { readonly watch: readonly WatchEvent[]; readonly fails?: Error; readonly lastsMs?: number };

/** A server that does these steps in turn, then keeps the watch open. Time passes only where something is waited for. */
class Script implements Source {
  readonly asked: string[] = [];
  readonly waits: number[] = [];
  nowMs = 0;
  isOver = false;
  #at = 0;

  constructor(private readonly steps: readonly Step[]) {}

  async list(): Promise<Listed> {
    this.asked.push("list");
    const step = this.steps[this.#at++];
    if (step === undefined || !("list" in step)) throw new Error("a list was not expected");
    if (step.list instanceof Error) throw step.list;
    return step.list;
  }

  async *watch(version: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    this.asked.push(`watch ${version}`);
    const step = this.steps[this.#at++];
    // A watch that brings nothing but a failure was refused.
    if (step === undefined || !("watch" in step) || step.watch.length > 0 || !step.fails) yield { type: "open" };
    if (step === undefined) {
      this.isOver = true;
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("stopped"))));
      return;
    }
    if (!("watch" in step)) throw new Error("a watch was not expected");
    yield* step.watch;
    this.nowMs += step.lastsMs ?? 0;
    if (step.fails !== undefined) throw step.fails;
  }

  now(): number {
    return this.nowMs;
  }

  async wait(ms: number): Promise<void> {
    this.waits.push(ms);
    this.nowMs += ms;
  }
}

interface Outcome {
  readonly script: Script;
  readonly reflector: Reflector<KubeObject>;
  /** States in the order in which they were entered, repetitions left out. */
  readonly states: string[];
}

async function play(...steps: Step[]): Promise<Outcome> {
  const script = new Script(steps);
  const states: string[] = [];
  const note = () => {
    const { kind } = reflector.state;
    if (states.at(-1) !== kind) states.push(kind);
  };
  const options = { pace: script, backOff: new BackOff(() => 0) };
  const reflector: Reflector<KubeObject> = new Reflector(script, (one) => one, note, options);
  reflector.start();
  await until(() => script.isOver, "the script to end");
  await reflector.stop();
  return { script, reflector, states };
}

const names = ({ reflector }: Outcome) => reflector.values().map(({ metadata }) => (metadata as { name: string }).name);
const broken = new Error("connection reset");
const gone = new Refusal(410, "too old");
const absent = new Refusal(404, "no such kind");
const [a1, a2, b1, c1] = [object("a", 1), object("a", 2), object("b", 1), object("c", 3)];

describe("a reflector", () => {
  test("lists, then takes what happens", async () => {
    const run = await play(
      { list: listed(5, a1, b1) },
      { watch: [held(c1, 6), held(a2, 7), deleted(b1, 8)], lastsMs: 2000 },
    );
    expect([names(run), run.reflector.values()[0]]).toEqual([["a", "c"], a2]);
    expect([run.script.asked, run.script.waits, run.states]).toEqual([
      ["list", "watch 5", "watch 8"],
      [],
      ["watching"],
    ]);
  });

  test("goes on from the last bookmark after the server ended the watch", async () => {
    const { script } = await play({ list: listed(5, a1) }, { watch: [bookmark(9)], lastsMs: 240_000 });
    expect([script.asked, script.waits]).toEqual([["list", "watch 5", "watch 9"], []]);
  });

  test("keeps everything when the connection breaks, and goes on where it was", async () => {
    const run = await play(
      { list: listed(5, a1) },
      { watch: [held(b1, 6)], fails: broken },
      { watch: [], fails: broken },
      { watch: [held(c1, 7)], lastsMs: 60_000 },
    );
    expect(names(run)).toEqual(["a", "b", "c"]);
    expect(run.script.asked).toEqual(["list", "watch 5", "watch 6", "watch 6", "watch 7"]);
    expect([run.script.waits, run.states]).toEqual([
      [200, 400],
      ["watching", "failing", "watching"],
    ]);
  });

  test("lists again after a gap: nothing is missed, and what is unchanged stays the same value", async () => {
    const sameAsA = object("a", 1);
    const run = await play({ list: listed(5, a1, b1) }, { watch: [], fails: gone }, { list: listed(9, sameAsA, c1) });
    expect(names(run)).toEqual(["a", "c"]);
    expect(run.reflector.values()[0]).toBe(a1);
    expect([run.script.asked, run.states]).toEqual([["list", "watch 5", "list", "watch 9"], ["watching"]]);
  });

  test("takes an object of the same name for another one", async () => {
    const again = { metadata: { namespace: "a", name: "a", uid: "other", resourceVersion: "1" } };
    const run = await play({ list: listed(5, a1) }, { watch: [], fails: gone }, { list: listed(6, again) });
    expect(run.reflector.values()).toEqual([again]);
  });

  test("takes a change that it knows already for none", async () => {
    const run = await play({ list: listed(5, a1) }, { watch: [held(object("a", 1), 5)], lastsMs: 2000 });
    expect(run.reflector.values()[0]).toBe(a1);
  });

  test("is up to date again once the server lets it watch, though nothing happens", async () => {
    const busy = new Refusal(429, "storage is (re)initializing");
    const { reflector, states } = await play({ list: listed(5, a1) }, { watch: [], fails: busy });
    expect([reflector.state, states]).toEqual([{ kind: "watching" }, ["watching", "failing", "watching"]]);
  });

  test("asks for everything when the server refuses to go on three times", async () => {
    const later = new Refusal(504, "too large a resourceVersion");
    const run = await play(
      { list: listed(5, a1) },
      { watch: [], fails: later },
      { watch: [], fails: later },
      { watch: [], fails: later },
      { list: listed(2, b1) },
    );
    expect([names(run), run.script.asked.at(-2)]).toEqual([["b"], "list"]);
  });

  test("waits longer and longer for a server that ends watches at once", async () => {
    const { script } = await play({ list: listed(5) }, ...Array(8).fill({ watch: [] }));
    expect(script.waits).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
  });

  test("knows nothing as long as it may not list", async () => {
    const script = new Script([
      { list: new Refusal(403, "pods is forbidden") },
      { list: broken },
      { list: listed(1, a1) },
    ]);
    const known: [boolean, string][] = [];
    const reflector: Reflector<KubeObject> = new Reflector(
      script,
      (one) => one,
      () => known.push([reflector.isKnown, reflector.state.kind === "failing" ? reflector.state.reason : ""]),
      { pace: script },
    );
    reflector.start();
    await until(() => script.isOver, "the script to end");
    await reflector.stop();
    expect(known).toEqual([
      [false, "pods is forbidden"],
      [false, "connection reset"],
      [true, ""],
    ]);
  });

  test("knows that there is nothing of a kind that isn't installed, and takes it when it is", async () => {
    const run = await play({ list: absent }, { list: absent }, { list: listed(1, a1) });
    expect([names(run), run.states]).toEqual([["a"], ["missing", "watching"]]);
  });

  test("keeps objects of a kind that the server doesn't know for a while", async () => {
    const run = await play(
      { list: listed(5, a1) },
      { watch: [], fails: absent },
      { list: absent },
      { list: listed(9, a1) },
    );
    expect([names(run), run.states]).toEqual([["a"], ["watching", "failing", "watching"]]);
  });

  test("gives up objects of a kind that was removed", async () => {
    const run = await play({ list: listed(5, a1) }, { watch: [], fails: absent }, ...Array(8).fill({ list: absent }), {
      list: listed(9),
    });
    expect([names(run), run.states]).toEqual([[], ["watching", "failing", "missing", "watching"]]);
  });
});
