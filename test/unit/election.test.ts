import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Election } from "../../controller/kube/election.ts";
import type { Lease, LeaseStore } from "../../controller/kube/lease.ts";
import type { Pace } from "../../controller/kube/pace.ts";

/** Time that passes when it is told to. */
class VirtualTime implements Pace {
  nowMs = 0;
  #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  now(): number {
    return this.nowMs;
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleeper = { at: this.nowMs + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => resolve());
    });
  }

  /** Calls `each` whenever something may have happened. */
  async pass(ms: number, each: () => void = () => {}): Promise<void> {
    const end = this.nowMs + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      each();
      const next = this.#sleepers.reduce((first, { at }) => Math.min(first, at), Number.POSITIVE_INFINITY);
      this.nowMs = Math.min(next, end);
      if (next > end) return;
      const awake = this.#sleepers.filter(({ at }) => at <= next);
      this.#sleepers = this.#sleepers.filter(({ at }) => at > next);
      for (const { wake } of awake) wake();
    }
  }
}

/** `no way back`: what is asked for is done, and the answer is lost. */
type Road = "open" | "shut" | "no way back" | "slow";

/** One Lease and several roads to it. */
class Place {
  holder = "";
  term = 0;
  version = 0;

  constructor(private readonly time: VirtualTime) {}

  storeOver(road: () => Road): LeaseStore {
    const travel = async () => {
      if (road() === "shut") throw new Error("unreachable");
      if (road() === "slow") await this.time.wait(5500);
    };
    const back = () => {
      if (road() === "no way back") throw new Error("the answer was lost");
    };
    return {
      read: async () => {
        await travel();
        const { holder, term, version } = this;
        back();
        return { holder, term, version: version === 0 ? undefined : String(version), object: {} };
      },
      write: async (lease: Lease, holder: string, term: number) => {
        await travel();
        if (lease.version !== (this.version === 0 ? undefined : String(this.version))) return false;
        Object.assign(this, { holder, term, version: this.version + 1 });
        back();
        return true;
      },
    };
  }
}

interface Replica {
  readonly election: Election;
  readonly terms: (number | undefined)[];
  road: Road;
}

function replicas(count: number, unixTime = () => 0) {
  const time = new VirtualTime();
  const place = new Place(time);
  const all = Array.from({ length: count }, (_, i): Replica => {
    const terms: (number | undefined)[] = [];
    const store = place.storeOver(() => replica.road);
    const election = new Election(store, `r${i}`, (term) => terms.push(term), { pace: time, unixTime });
    const replica: Replica = { election, terms, road: "open" };
    return replica;
  });
  for (const { election } of all) election.start();
  return { time, place, all: all as [Replica, Replica, ...Replica[]] };
}

const leaders = (all: readonly Replica[]) => all.map(({ election }) => election.term);

describe("an election", () => {
  test("has one leader, who stays", async () => {
    const { time, all } = replicas(3);
    await time.pass(60_000);
    expect(leaders(all).filter((term) => term !== undefined)).toEqual([1]);
    expect(all.flatMap(({ terms }) => terms)).toEqual([1]);
  });

  test("finds a successor seven seconds after the leader fell silent", async () => {
    const { time, all } = replicas(2);
    await time.pass(10_000);
    all[0].road = "shut";
    await time.pass(4000);
    expect(leaders(all)).toEqual([undefined, undefined]);
    await time.pass(4000);
    expect(leaders(all)).toEqual([undefined, 2]);
    all[0].road = "open";
    await time.pass(20_000);
    expect([leaders(all), all[0].terms, all[1].terms]).toEqual([[undefined, 2], [1, undefined], [2]]);
  });

  test("finds one within two seconds of a leader who leaves", async () => {
    const { time, all } = replicas(2);
    await time.pass(10_000);
    const stopped = all[0].election.stop();
    await time.pass(2000);
    await stopped;
    expect(leaders(all)).toEqual([undefined, 2]);
  });

  test("leaves everything as it is when nobody reaches the Lease for a moment", async () => {
    const { time, all } = replicas(2);
    await time.pass(10_000);
    for (const replica of all) replica.road = "shut";
    await time.pass(2500);
    for (const replica of all) replica.road = "open";
    await time.pass(10_000);
    expect([leaders(all), all[0].terms]).toEqual([[1, undefined], [1]]);
  });

  test("gives the same leader its term again after a longer outage for all", async () => {
    const { time, all } = replicas(1);
    await time.pass(10_000);
    all[0].road = "shut";
    await time.pass(60_000);
    all[0].road = "open";
    await time.pass(5000);
    expect(all[0].terms).toEqual([1, undefined, 1]);
  });

  test("never has a leader in doubt about a write whose answer was lost", async () => {
    const { time, all } = replicas(2);
    all[0].road = "no way back";
    await time.pass(30_000);
    expect(leaders(all)).toEqual([undefined, expect.any(Number)]);
  });

  test("goes on with later terms after the Lease was deleted", async () => {
    let unix = 1000;
    const { time, place, all } = replicas(2, () => unix);
    await time.pass(5000);
    expect(leaders(all)).toContain(1000);
    Object.assign(place, { holder: "", term: 0, version: 0 });
    unix = 1005;
    await time.pass(10_000);
    expect(leaders(all).filter((term) => term !== undefined)).toEqual([1005]);
  });

  test("says why it can't be held", async () => {
    const { time, all } = replicas(1);
    all[0].road = "shut";
    await time.pass(1000);
    expect(all[0].election.trouble).toBe("unreachable");
    all[0].road = "open";
    await time.pass(2000);
    expect(all[0].election.trouble).toBe("");
  });

  test("never has two leaders, and never an earlier term, whatever roads are like", async () => {
    const road = fc.constantFrom<Road>("open", "open", "shut", "no way back", "slow");
    const step = fc.record({ who: fc.nat({ max: 2 }), road, ms: fc.integer({ min: 1, max: 9000 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { time, all } = replicas(3);
        let last = { who: -1, term: 0 };
        const look = () => {
          const leading = leaders(all).flatMap((term, who) => (term === undefined ? [] : [{ who, term }]));
          expect(leading.length).toBeLessThan(2);
          for (const now of leading) {
            if (now.who === last.who) expect(now.term).toBeGreaterThanOrEqual(last.term);
            else expect(now.term).toBeGreaterThan(last.term);
            last = now;
          }
        };
        for (const { who, road, ms } of steps) {
          (all[who] as Replica).road = road;
          await time.pass(ms, look);
        }
        for (const replica of all) replica.road = "open";
        await time.pass(30_000, look);
        expect(leaders(all).filter((term) => term !== undefined)).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
  }, 60_000);
});
