import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { compile } from "../../controller/compile/compile.ts";
import { obstacles } from "../../controller/explain/changes.ts";
import { considered, denialsOf } from "../../controller/explain/considered.ts";
import { explain } from "../../controller/explain/explain.ts";
import { Nodes } from "../../controller/explain/node.ts";
import { decodeQuestion, type Question } from "../../controller/explain/question.ts";
import type { World } from "../../controller/model/resources.ts";
import { worlds } from "../host/arbitrary-worlds.ts";
import type { Flow } from "../host/simple-evaluator.ts";
import { type Decision, decision } from "../host/tier-evaluator.ts";

const PORTS = ["80", "81", "443", "53/udp"];
const OUTSIDERS = ["192.0.2.1", "2001:db8::1"];

/** Worlds of NetworkPolicies alone, all of them enforced. */
const plainWorlds = worlds.map(
  ({ overlays, policies, ...world }): World => ({
    ...world,
    overlays: overlays.map((overlay) => ({ ...overlay, enforcement: "Enforce" })),
    policies: policies.map(({ enforcement: _, ...policy }) => policy),
    clusterPolicies: [],
    flowPolicies: [],
    closed: [],
  }),
);

interface Asked {
  readonly question: Question;
  readonly flow: Flow;
  readonly decision: Decision;
}

/** Between a few members, and from them to outsiders, but not of a member with itself. */
function questionsIn(world: World, { policy } = compile(world, "o")): Asked[] {
  const members = policy.endpoints.slice(0, 3).flatMap(({ endpoint }) => endpoint.addresses.slice(0, 2));
  return members.flatMap((from) =>
    [...members, ...OUTSIDERS].flatMap((to) =>
      PORTS.flatMap((port): Asked[] => {
        const question = decodeQuestion({ from, to, port }, [policy], () => "");
        if ("problem" in question || question.from.member === question.to.member) return [];
        const flow = { from, to, protocol: port.endsWith("udp") ? 17 : 6, port: question.port.number };
        return [{ question, flow, decision: decision(world, flow) }];
      }),
    ),
  );
}

const DIRECTIONS = ["egress", "ingress"] as const;

test("names an obstacle in every rule exactly where NetworkPolicies deny", () => {
  fc.assert(
    fc.property(plainWorlds, (world) => {
      for (const { question, flow, decision } of questionsIn(world)) {
        for (const direction of DIRECTIONS) {
          const found = obstacles(world, question, direction);
          const isOpen = found.some(({ rules }) => rules.some((rule) => !("peer" in rule) && !("port" in rule)));
          const { allowed } = decision[direction];
          if (found.length > 0) expect({ flow, direction, isOpen }).toEqual({ flow, direction, isOpen: allowed });
          else expect(decision[direction].rule).toMatch(/^(default|outside)/);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("says what each side says, and by which policy", () => {
  fc.assert(
    fc.property(worlds, (world) => {
      for (const { question, flow, decision } of questionsIn(world)) {
        const explanation = explain(world, question);
        for (const direction of DIRECTIONS) {
          const { allowed, rule } = decision[direction];
          const want = { verdict: allowed ? "allowed" : "denied", rule };
          expect({ flow, direction, ...explanation[direction] }).toMatchObject({ flow, direction, ...want });
        }
      }
    }),
    { numRuns: 40 },
  );
});

test("lets a TCP flow between members through exactly when both sides do, over the path that they name", () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const compilation = compile(world, "o");
      const nodes = new Nodes(compilation.policy);
      for (const { question, flow, decision } of questionsIn(world, compilation)) {
        if (flow.protocol !== 6 || question.to.member === undefined) continue;
        const { verdict, hops } = explain(world, question, nodes);
        expect({ flow, verdict }).toEqual({ flow, verdict: decision.path === undefined ? "denied" : "allowed" });
        const way = hops.map(({ node }) => node);
        if (decision.path !== undefined)
          expect({ flow, way }).toEqual({ flow, way: [question.from.name, ...decision.path, question.to.name] });
      }
    }),
    { numRuns: 40 },
  );
});

test("finds the policy that decides in every tier, and what stands in the way", () => {
  fc.assert(
    fc.property(worlds, (world) => {
      for (const { question, flow, decision } of questionsIn(world)) {
        for (const direction of DIRECTIONS) {
          const asked = considered(world, question, direction);
          const { allowed, rule } = decision[direction];
          if (asked.length === 0) {
            expect(rule).toBe("outside the overlay");
            continue;
          }
          const deciding = asked.filter(({ role }) => role === "decides");
          const want = rule.replace(/^(default (allow|deny)|audited overlay)$/, "Overlay o");
          const says = deciding.map(
            ({ kind, name, rule, says }) => `${says} by ${[kind, name, rule].join(" ").trim()}`,
          );
          if (rule === "unreadable object") {
            expect(says).toEqual([]);
            continue;
          }
          expect({ flow, direction, says }).toEqual({
            flow,
            direction,
            says: [`${allowed ? "allow" : "deny"} by ${want}`],
          });
          const { denials, isIsolated, isDefault } = denialsOf(asked);
          expect(denials.length > 0 || isIsolated || isDefault).toBe(!allowed);
        }
      }
    }),
    { numRuns: 40 },
  );
});
