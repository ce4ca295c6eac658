import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { customResourceDefinitions } from "../../controller/crd/definitions.ts";
import { CRD_FOLDERS, crdFiles } from "../../controller/crd/files.ts";
import { openApiOf, type Schema } from "../../controller/crd/open-api.ts";
import { projectFolder } from "../../controller/node/envoy.ts";
import { fields, integer, list, oneOf, optional, published, withDefault } from "../../controller/read/schema.ts";

describe("manifests/crd", () => {
  test.each(CRD_FOLDERS)("is what npm run build:crd makes, in %s", (name) => {
    const folder = join(projectFolder(), name);
    const found = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]);
    expect(new Map(found as [string, string][])).toEqual(crdFiles());
  });

  const nodes = [...customResourceDefinitions()].flatMap(([file, definition]) => {
    const [version] = (definition as { spec: { versions: { schema: { openAPIV3Schema: Schema } }[] } }).spec.versions;
    return version === undefined ? [] : schemasIn(version.schema.openAPIV3Schema, file.split(/[_.]/)[2] ?? "");
  });

  test("describes every field", () => {
    const bare = nodes.filter(({ schema }) => schema.description === undefined).map(({ path }) => path);
    expect(bare.filter((path) => !/(\.metadata|\[\])$/.test(path))).toEqual([]);
  });

  test("says how each list is merged, and bounds all that conditions may count", () => {
    const lists = nodes.filter(({ schema }) => schema.type === "array");
    expect(lists.filter(({ schema }) => schema["x-kubernetes-list-type"] === undefined)).toEqual([]);
    expect(lists.filter(({ schema }) => schema.maxItems === undefined)).toEqual([]);
  });
});

describe("a reader's schema", () => {
  const rule = { rule: "self > 1", message: "is small" };
  const table = [
    { name: "a number", schema: integer(1, 9), want: { type: "integer", minimum: 1, maximum: 9 } },
    { name: "a choice", schema: oneOf("A", "B"), want: { type: "string", enum: ["A", "B"] } },
    {
      name: "a default",
      schema: withDefault(integer(1, 9), 5),
      want: { type: "integer", minimum: 1, maximum: 9, default: 5 },
    },
    {
      name: "a list",
      schema: list(oneOf("A")),
      want: { type: "array", maxItems: 10_000, items: { type: "string", enum: ["A"] } },
    },
    {
      name: "a mapping",
      schema: fields({ a: oneOf("A").describe("first"), b: optional(oneOf("B")), c: withDefault(oneOf("C"), "C") }),
      want: {
        type: "object",
        properties: {
          a: { type: "string", enum: ["A"], description: "first" },
          b: { type: "string", enum: ["B"] },
          c: { type: "string", enum: ["C"], default: "C" },
        },
        required: ["a"],
      },
    },
    {
      name: "conditions of several layers",
      schema: published(published(oneOf("A"), rule), { ...rule, fieldPath: ".x" }).transform(Number),
      want: { type: "string", enum: ["A"], "x-kubernetes-validations": [rule, { ...rule, fieldPath: ".x" }] },
    },
  ];
  test.each(table)("becomes OpenAPI: $name", ({ schema, want }) => expect(openApiOf(schema)).toEqual(want));
});

/** Every schema in one, with its path. */
function schemasIn(schema: Schema, path: string): { path: string; schema: Schema }[] {
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    schemasIn(field, `${path}.${name}`),
  );
  return [{ path, schema }, ...fields, ...(schema.items ? schemasIn(schema.items, `${path}[]`) : [])];
}
