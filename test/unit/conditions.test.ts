import { describe, expect, test } from "@jest/globals";
import { neededStatus } from "../../controller/kube/conditions.ts";
import type { Rejection } from "../../controller/model/resources.ts";

const origin = { file: "cluster", line: 0, kind: "Overlay", name: "o" };
const wrong = (message: string, field = ""): Rejection => ({ origin, field, message });
const NOW = new Date("2026-11-21T10:00:00.999Z");
const NOW_TEXT = "2026-11-21T10:00:00Z";
const EARLIER = "2026-11-20T00:00:00Z";

const accepted = (observedGeneration: number, lastTransitionTime: string) => ({
  type: "Accepted",
  status: "True",
  reason: "Accepted",
  message: "in use",
  observedGeneration,
  lastTransitionTime,
});
const invalid = (message: string, lastTransitionTime: string) => ({
  ...accepted(2, lastTransitionTime),
  status: "False",
  reason: "Invalid",
  message,
});
const object = (...conditions: object[]) => ({ metadata: { name: "o", generation: 2 }, status: { conditions } });
const other = { type: "Programmed", status: "True" };

describe("the condition Accepted", () => {
  const table = [
    { name: "of a new object", object: { metadata: { generation: 2 } }, want: accepted(2, NOW_TEXT) },
    { name: "of an object that is said to be fine", object: object(other, accepted(2, EARLIER)), want: undefined },
    {
      name: "of an object that has changed since",
      object: object(accepted(1, EARLIER)),
      want: accepted(2, EARLIER),
    },
    {
      name: "of an object that is broken now",
      object: object(accepted(2, EARLIER)),
      rejections: [wrong("is required", "spec.id"), wrong("is too large")],
      want: invalid("spec.id is required; is too large", NOW_TEXT),
    },
    {
      name: "of an object that is said to be broken",
      object: object(invalid("spec.id is required", EARLIER)),
      rejections: [wrong("is required", "spec.id")],
      want: undefined,
    },
    {
      name: "of an object that is broken in another way",
      object: object(invalid("spec.id is required", EARLIER)),
      rejections: [wrong("is too large")],
      want: invalid("is too large", EARLIER),
    },
    {
      name: "of an object that was repaired",
      object: object(invalid("is too large", EARLIER)),
      want: accepted(2, NOW_TEXT),
    },
    {
      name: "of an object with a status of somebody else's making",
      object: { metadata: { generation: 2 }, status: { conditions: [null, { type: "Accepted", status: 1 }] } },
      want: accepted(2, NOW_TEXT),
    },
    {
      name: "of an object whose status is a text",
      object: { metadata: { generation: 2 }, status: "fine" },
      want: accepted(2, NOW_TEXT),
    },
  ];
  test.each(table)("$name", ({ object, rejections = [], want }) => {
    const status = neededStatus(object, rejections, undefined, NOW);
    expect(status).toEqual(want && { observedGeneration: 2, conditions: [want] });
  });

  test("names twenty faults and counts the others", () => {
    const faults = Array.from({ length: 23 }, (_, i) => wrong(`is wrong`, `spec.f${i}`));
    const message = neededStatus(object(), faults, undefined, NOW)?.conditions[0]?.message;
    expect(message).toMatch(/^spec\.f0 is wrong; .*spec\.f19 is wrong; and 3 more$/);
  });

  test("stays within what the server takes", () => {
    const message = neededStatus(object(), [wrong("x".repeat(40_000))], undefined, NOW)?.conditions[0]?.message;
    expect(message).toHaveLength(32_768);
  });
});

describe("the condition Programmed", () => {
  const finding = { status: "True", reason: "Programmed", message: "3 of 3" } as const;
  const said = { type: "Programmed", ...finding, observedGeneration: 2, lastTransitionTime: EARLIER };

  test("is written together with Accepted, which would be removed otherwise", () => {
    const status = neededStatus(object(accepted(2, EARLIER)), [], finding, NOW);
    expect(status?.conditions).toEqual([accepted(2, EARLIER), { ...said, lastTransitionTime: NOW_TEXT }]);
  });

  test("is written again only if it says something else", () => {
    const there = object(accepted(2, EARLIER), said);
    expect(neededStatus(there, [], finding, NOW)).toBeUndefined();
    const message = "4 of 4";
    expect(neededStatus(there, [], { ...finding, message }, NOW)?.conditions[1]).toEqual({ ...said, message });
  });
});
