import { z } from "zod";
import type { Isolation, Rejection } from "../model/resources.ts";
import { type Issue, rejection } from "../read/issue.ts";
import { check, fields, isMapping, list, oneOf, optional, sized, text } from "../read/schema.ts";
import { parseYaml } from "../read/yaml.ts";

/** One file of policy tests. */
export interface TestFile {
  /** Files and directories with the world, relative to this file; empty: those of the command line. */
  readonly world: readonly string[];
  readonly isolation?: Isolation;
  readonly tests: readonly PolicyTest[];
}

/** Flows from each of some parties to each of others at each of some ports, and what shall become of them. */
export interface PolicyTest {
  readonly name: string;
  /** 1-based. */
  readonly line: number;
  /** Patterns: see `Parties`. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** As `sallyport explain --port` takes them. */
  readonly ports: readonly string[];
  readonly expect: "allow" | "deny";
  /** Gateways that allowed flows must pass, in this order. */
  readonly via?: readonly string[];
}

const EMPTY = "is empty: write tests, as sallyport test --help shows";
const RESOURCE = "holds a resource instead of tests: name it after -f, and here a file with a list of tests";

const filled = text((value) => (value.trim() === "" ? "is empty" : undefined));
const texts = oneOrMore(filled);
const ports = oneOrMore(z.union([filled, z.number().transform(String)]));

const row = fields({
  name: optional(filled),
  from: texts,
  to: texts,
  port: ports,
  expect: oneOf("allow", "deny"),
  via: optional(texts),
}).superRefine(({ expect, via }, context) => {
  if (expect === "deny" && via !== undefined)
    context.addIssue({ code: "custom", path: ["via"], message: "is for allowed flows only: remove it" });
});

const file = fields({
  world: optional(texts),
  isolation: optional(oneOf("kubernetes", "default-deny")),
  tests: list(z.unknown()).superRefine(sized(1, 10_000, "write tests")),
});

/** The tests that a YAML text holds, or everything that is wrong with it. */
export function decodeTestFile(name: string, text: string): TestFile | { readonly rejections: readonly Rejection[] } {
  const origin = { file: name, line: 1, kind: "", name: "" };
  const yaml = parseYaml(text);
  if ("message" in yaml)
    return { rejections: [{ origin: { ...origin, line: yaml.line + 1 }, field: "", message: yaml.message }] };
  const placed = (issue: Issue) => rejection({ ...origin, line: yaml.lineOf(0, issue.path) + 1 }, issue);
  const [value] = yaml.values;
  if (value === undefined || value === null) return { rejections: [{ origin, field: "", message: EMPTY }] };
  if (isMapping(value) && "kind" in value && value.tests === undefined)
    return { rejections: [{ origin, field: "", message: RESOURCE }] };
  const checked = check(file, value, []);
  if (!checked.ok) return { rejections: checked.issues.map(placed) };
  const { world = [], isolation, tests } = checked.value;
  const rows = tests.map((test, i) => ({ i, checked: check(row, test, ["tests", i]) }));
  const issues = rows.flatMap(({ checked }) => (checked.ok ? [] : checked.issues));
  if (issues.length > 0) return { rejections: issues.map(placed) };
  return {
    world,
    ...(isolation && { isolation: isolation === "kubernetes" ? "Kubernetes" : "DefaultDeny" }),
    tests: rows.flatMap(({ i, checked }) => {
      return checked.ok ? [policyTest(checked.value, yaml.lineOf(0, ["tests", i]) + 1)] : [];
    }),
  };
}

function policyTest({ name, from, to, port, expect, via }: z.output<typeof row>, line: number): PolicyTest {
  const title = name ?? `${from.join(", ")} -> ${to.join(", ")} port ${port.join(", ")}: ${expect}`;
  return { name: title, line, from, to, ports: port, expect, ...(via && { via }) };
}

function oneOrMore<S extends z.ZodType<string, unknown>>(item: S) {
  return z.union([item.transform((value) => [value]), list(item).superRefine(sized(1, 10_000, "write some"))], {
    error: "must be a text or a list of texts",
  });
}
