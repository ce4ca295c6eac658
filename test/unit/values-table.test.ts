import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { parse } from "yaml";

const PAGE = "docs/install.md";
const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
}

const SCHEMA: Schema & { definitions: Record<string, Schema> } = JSON.parse(read("manifests/chart/values.schema.json"));
/** Of a parent chart, or shown by their parents' descriptions. */
const LEFT_OUT = /^(global|.*\.resources\..*|.*\.(nodeSelector|podAnnotations|podLabels|tolerations|affinity)\..*)$/;

/** With what it refers to; its own description goes before. */
function resolved(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const steps = schema.$ref.split("/").slice(1);
  const target = steps.reduce((found: unknown, step) => (found as Record<string, unknown>)[step], SCHEMA) as Schema;
  return { ...resolved(target), ...schema };
}

/** Value and description by path, leaves only; what has names of people's choice is `NAME`. */
function leaves(schema: Schema, path = ""): [string, string][] {
  const { properties = {}, additionalProperties, description = "" } = resolved(schema);
  const below = Object.entries(properties).map(
    ([name, child]) => [path === "" ? name : `${path}.${name}`, child] as const,
  );
  if (typeof additionalProperties === "object" && resolved(additionalProperties).properties !== undefined)
    below.push([`${path}.NAME`, additionalProperties]);
  const shown = below.filter(([path]) => !LEFT_OUT.test(path));
  return shown.length > 0 ? shown.flatMap(([path, child]) => leaves(child, path)) : [[path, description]];
}

const VALUES: unknown = parse(read("manifests/chart/values.yaml"));

function standard(path: string): string {
  if (/^gateways\.NAME\.(?!overlay$)/.test(path)) return "`gatewayDefaults`";
  const step = (found: unknown, name: string) => (found as Record<string, unknown> | undefined)?.[name];
  const value = path.split(".").reduce(step, VALUES);
  return value === undefined ? "" : `\`${JSON.stringify(value)}\``;
}

function table(): string {
  const rows = leaves(SCHEMA).map(([path, description]) => `| \`${path}\` | ${standard(path)} | ${description} |`);
  return ["| value | default | what it is |", "| --- | --- | --- |", ...rows].join("\n");
}

test("docs/install.md lists the chart's values", () => {
  const text = read(PAGE);
  const [, before, , after] = /^(.*<!-- values: [^\n]*-->\n)(.*)(<!-- end of values -->\n.*)$/s.exec(text) ?? [];
  const wanted = `${before}${table()}\n${after}`;
  if (process.env.REGENERATE !== undefined) writeFileSync(PAGE, wanted);
  else expect(text).toBe(wanted);
});

test("the chart's values are all described", () => {
  expect(leaves(SCHEMA).filter(([, description]) => description === "")).toEqual([]);
});

test("the chart's values all have a default, but for those of gateways and overlays", () => {
  const bare = leaves(SCHEMA).flatMap(([path]) => (standard(path) === "" ? [path] : []));
  expect(bare).toEqual(["gateways.NAME.overlay", ...["id", "cidr", "path"].map((name) => `overlays.NAME.${name}`)]);
});
