import { beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseAllDocuments } from "yaml";
import { decodeWorld } from "../../controller/read/world.ts";
import { brokenFlowPolicies } from "../unit/broken-flow-policies.ts";
import { brokenTexts } from "../unit/broken-texts.ts";
import { type Answer, conditionsOf } from "./api-server.ts";
import { arbitraryObject, damaged, type Json, type Ours } from "./arbitrary-objects.ts";
import { CRD_FOLDER, create, installCrds, isOurs, namedFields } from "./crds.ts";
import { describeWithApiServer } from "./with-api-server.ts";

/** What only the readers refuse, or what the server refuses before it looks at fields. */
const NOT_COMPARED = new Set([
  "one address written twice", // the server compares texts
  "a namespace for a cluster-scoped kind", // it has none in the URL
  "a number for a name",
  "pods that a label can't name", // conditions of a spec don't see the object's name
  "a wrong apiVersion",
  "another version",
  "a million peers", // takes the server seconds
]);

const brokenObjects = [
  ...brokenTexts.flatMap(({ name, text }) => objectsIn(text).map((object) => ({ name, object }))),
  ...brokenFlowPolicies.map(({ name, object }) => ({ name, object: object as Ours })),
]
  .filter(({ name, object }) => isOurs(object) && !NOT_COMPARED.has(name))
  .map(({ name, object }) => ({ name, object, fields: rejectedFields(object) }))
  .filter(({ fields }) => fields.length > 0);

describeWithApiServer("the API server, with our CRDs,", (server) => {
  beforeAll(() => installCrds(server(), CRD_FOLDER), 60_000);

  test("finds nothing wrong with them", async () => {
    const { items } = JSON.parse(await server().kubectl("get", "crd", "-o", "json"));
    // There would be NonStructuralSchema too.
    const want = { NamesAccepted: "True", Established: "True" };
    expect((items as Json[]).map(conditionsOf)).toEqual([want, want, want, want]);
  });

  describe("refuses what the readers refuse, and names the field of", () => {
    test.each(brokenObjects)("$name", async ({ object, fields }) => {
      const answer = await create(server(), object);
      expect([answer.status, answer.body.message]).toEqual([
        expect.any(Number),
        expect.stringMatching(/invalid|strict/),
      ]);
      for (const field of fields) expect(namedFields(answer)).toContainEqual(expect.stringMatching(nearby(field)));
    });
  });

  test("takes what the readers take", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryObject, async (object) => {
        expect([rejectedFields(object), outcome(await create(server(), object))]).toEqual([[], "taken"]);
      }),
      { numRuns: 300 },
    );
  }, 120_000);

  test("takes and refuses what the readers do after any damage", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryObject.chain(damaged), async (object) => {
        fc.pre(!hasShortProtocol(object));
        const want = rejectedFields(object).length === 0 ? "taken" : expect.stringContaining("refused: ");
        expect(outcome(await create(server(), object))).toEqual(want);
      }),
      { numRuns: 1000 },
    );
  }, 120_000);
});

/** Fields that the readers complain about. */
function rejectedFields(object: Ours): string[] {
  const { rejections, unreadable } = decodeWorld([{ file: "a.json", text: JSON.stringify(object) }]);
  return [...rejections, ...unreadable].map(({ field }) => field);
}

/** The field, or the list that it is an entry of, or the whole of which it is missing or one too many. */
function nearby(field: string): RegExp {
  const escaped = field.replace(/[.[\]]/g, "\\$&");
  const list = escaped.replace(/\\\[\d+\\\](\\\.\w+)?$/, "(\\[\\d+\\](\\.\\w+)?)?");
  return new RegExp(`^${list}$`);
}

/** Only the readers take `protocols: [GRE]` for `protocols: [{protocol: GRE}]`. */
function hasShortProtocol({ spec }: Ours): boolean {
  const protocols = (spec as { protocols?: Json } | undefined)?.protocols;
  return Array.isArray(protocols) && protocols.some((one) => typeof one !== "object");
}

function outcome({ status, body }: Answer): string {
  return status === 201 ? "taken" : `refused: ${body.message}`;
}

function objectsIn(text: string): Ours[] {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents) || documents.some(({ errors }) => errors.length > 0)) return [];
  try {
    return documents.map((document) => document.toJS() as Ours);
  } catch {
    return []; // aliases without end
  }
}
