import { describe, expect, test } from "@jest/globals";
import { Verdict } from "../../assembly/decide/verdict.ts";
import { verdictName } from "../../assembly/decide/verdict-name.ts";
import { decideInWasm, decideNatively, deciders } from "../host/deciders.ts";
import { filterBytes } from "../host/fake-proxy.ts";
import { draftAt, flowAt, PLACES, type Place, signed } from "../host/flow.ts";
import { START_SECONDS, shopWith } from "../host/shop.ts";
import { fromHex, readVectors } from "../host/vectors.ts";
import { DELIVERY, FIRST_HOP, OUTBOUND, type Row, SECOND_HOP, stampRows } from "./admission-rows.ts";

const ROWS: Record<Place, readonly Row[]> = {
  outbound: OUTBOUND,
  "first hop": [...stampRows("first hop"), ...FIRST_HOP],
  "second hop": [...stampRows("second hop"), ...SECOND_HOP],
  delivery: [...stampRows("delivery"), ...DELIVERY],
};
const tables = PLACES.map((place) => ({ place, rows: ROWS[place] }));
const stampedPlaces = ["first hop", "second hop", "delivery"] as const;

describe.each(tables)("at $place", ({ place, rows }) => {
  describe.each(deciders)("in $name", ({ decide }) => {
    test.each(rows)("with $name: $want", ({ want, waits = false, next, ...negation }) => {
      const [answer] = decide([flowAt(place, negation)]);
      expect(answer).toMatchObject({ verdict: want, waits, ...(next && { next }) });
    });
  });

  test("answers the same in both languages, to the last byte of the next stamp", () => {
    for (const row of rows) {
      const flow = flowAt(place, row);
      expect({ row: row.name, answers: decideInWasm([flow]) }).toEqual({
        row: row.name,
        answers: decideNatively([flow]),
      });
    }
  });
});

/** Verdicts that nothing in front of a place can bring about there. */
const ELSEWHERE: Record<Place, readonly string[]> = {
  outbound: ["not-mine", "policy-ingress", "unknown-source", "wrong-path", "wrong-place"],
  "first hop": ["not-mine"],
  "second hop": ["not-mine", "peer-address"],
  delivery: ["peer-address", "policy-egress", "unknown-destination"],
};
/** Those of the filters themselves (`filters.test.ts`, `inbound.test.ts`), and the one that takes more than one flow. */
const NOT_BY_ONE_FLOW = ["undecided", "method", "overload", "host-error", "throttled", "not-tunnelled"];

test.each(tables)("has a row for every verdict that is possible at $place", ({ place, rows }) => {
  const all = Object.values(Verdict).filter((verdict) => typeof verdict === "number");
  const stampOnly = (name: string) => place === "outbound" && /^(stamp|peer)-/.test(name);
  const possible = all
    .map(verdictName)
    .filter((name) => ![...ELSEWHERE[place], ...NOT_BY_ONE_FLOW].includes(name) && !stampOnly(name));
  expect([...new Set(rows.map(({ want }) => want))].sort()).toEqual(possible.sort());
});

describe.each(deciders)("destinations in $name", ({ decide }) => {
  const vectors = readVectors<{
    accepted: { text: string; address: string }[];
    refused: { name: string; text: string }[];
  }>("destination");

  describe.each(stampedPlaces)("at %s", (place) => {
    test.each(vectors.refused)("refuses $name", ({ text }) => {
      expect(decide([flowAt(place, { authority: text })])).toMatchObject([
        { verdict: "destination-malformed", waits: false },
      ]);
    });

    test("reads every canonical text as the address that it names", () => {
      for (const { text, address } of vectors.accepted) {
        const forbidden = /^0{30}(00|01)$|^ff|^0{20}ffff(00|7f|e|f)/.test(address) || text.endsWith(":15042");
        const [answer] = decide([flowAt(place, { to: text })]);
        const known = place === "delivery" ? "not-mine" : "unknown-destination";
        expect({ text, verdict: answer?.verdict }).toEqual({
          text,
          verdict: forbidden ? "destination-forbidden" : known,
        });
      }
    });
  });
});

describe.each(deciders)("a flood of bad tags in $name", ({ decide }) => {
  describe.each(stampedPlaces)("at %s", (place) => {
    const bad = flowAt(place, { signedAs: { epoch: draftAt(place).epoch - 1 } });
    const good = flowAt(place);
    const verdicts = (flows: Parameters<typeof decide>[0]) => decide(flows).map(({ verdict }) => verdict);

    test.each([
      { bads: 31, want: "allow" },
      { bads: 32, want: "throttled" },
      { bads: 33, want: "throttled" },
    ])("after $bads of them the peer's good stamp is answered: $want", ({ bads, want }) => {
      const answers = verdicts([...Array(bads).fill(bad), good]);
      expect(answers.slice(0, 32)).toEqual([
        ...Array(Math.min(bads, 32)).fill("stamp-tag"),
        ...(bads < 32 ? [want] : []),
      ]);
      expect(answers.at(-1)).toBe(want);
    });

    test("gives the peer eight more tries a second", () => {
      const later = { ...bad, now: START_SECONDS + 1 };
      const answers = verdicts([...Array(40).fill(bad), ...Array(9).fill(later)]);
      expect(answers.slice(40)).toEqual([...Array(8).fill("stamp-tag"), "throttled"]);
    });

    test("never gives the peer more than it began with", () => {
      const later = { ...bad, now: START_SECONDS + 50 };
      const answers = verdicts([bad, ...Array(33).fill(later)]);
      expect(answers.slice(1)).toEqual([...Array(32).fill("stamp-tag"), "throttled"]);
    });

    test("doesn't touch another peer", () => {
      const stranger = place === "first hop" ? twin() : flowAt(place, edgeC(place));
      expect(verdicts([...Array(100).fill(bad), stranger]).at(-1)).toBe(
        place === "first hop" ? "allow" : "wrong-place",
      );
    });
  });
});

/** A flow of web's twin, which is allowed. */
function twin() {
  return flowAt("first hop", {
    stamp: { sourceNode: "twin", stampingNode: "twin", sourceAddress: "10.77.0.14" },
    peer: { address: "10.77.0.14:41000" },
  });
}

/** A stamp of edge-c, whose tag is right. */
function edgeC(place: Place) {
  return { stamp: { ...draftAt(place), stampingNode: "edge-c" }, peer: { identity: shopWith().identity("edge-c") } };
}

describe.each(deciders)("a whole way in $name", ({ decide }) => {
  const ask = (place: Place, stamp?: string) => {
    const flow = flowAt(place);
    const [answer] = decide([stamp === undefined ? flow : { ...flow, stamps: [stamp] }]);
    return answer;
  };

  test("is passed with the stamps that each place makes for the next", () => {
    let stamp: string | undefined;
    for (const place of PLACES) {
      const answer = ask(place, stamp);
      expect({ place, verdict: answer?.verdict }).toEqual({ place, verdict: "allow" });
      stamp = answer?.stamp;
    }
  });

  test.each([
    {
      name: "the endpoint's stamp at the second gateway",
      made: "outbound",
      shown: "second hop",
      want: "peer-identity",
    },
    { name: "the endpoint's stamp at the destination", made: "outbound", shown: "delivery", want: "stamp-kind" },
    {
      name: "the first gateway's stamp at the first gateway",
      made: "first hop",
      shown: "first hop",
      want: "peer-identity",
    },
    { name: "the first gateway's stamp at the destination", made: "first hop", shown: "delivery", want: "stamp-kind" },
    {
      name: "the second gateway's stamp at the second gateway",
      made: "second hop",
      shown: "second hop",
      want: "stamp-kind",
    },
  ] as const)("isn't passed by $name: $want", ({ made, shown, want }) => {
    const stamps = ["outbound", "first hop", "second hop"] as const;
    let stamp: string | undefined;
    for (const place of stamps.slice(0, stamps.indexOf(made) + 1)) stamp = ask(place, stamp)?.stamp;
    expect(stamp).toHaveLength(96);
    expect(ask(shown, stamp)?.verdict).toBe(want);
  });
});

describe("what is called Wasm here", () => {
  test.each(PLACES)("is the compiled module at %s: one changed constant in it changes the answer", (place) => {
    const firstRoundConstant = Buffer.from(fromHex("982f8a42"));
    const changed = Buffer.from(filterBytes(place.endsWith("hop") ? "gateway" : "endpoint"));
    const at = changed.indexOf(firstRoundConstant);
    expect(at).toBeGreaterThan(0);
    changed[at] = 0x99;
    expect(() => decideInWasm([flowAt(place)], new WebAssembly.Module(changed))).toThrow("image refused");
  });

  test("knows the stamp of an independent signer", () => {
    const draft = draftAt("first hop");
    expect(decideInWasm([{ ...flowAt("first hop"), stamps: [signed(shopWith(), draft)] }])[0]?.verdict).toBe("allow");
  });
});
