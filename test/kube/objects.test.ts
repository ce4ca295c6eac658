import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { projectFolder } from "../../controller/node/envoy.ts";
import { CRD_FOLDER, create, installCrds, installNetworkPolicyApi, pathOf } from "./crds.ts";
import { describeWithApiServer } from "./with-api-server.ts";

const SAMPLES = join(projectFolder(), "manifests", "samples");
const overlay = (id: number, keys: object = {}) => ({
  apiVersion: "sallyport.dev/v1alpha1",
  kind: "Overlay",
  metadata: { name: `o${id}` },
  spec: { id, cidr: ["10.77.0.0/16"], path: ["a", "b"], keys },
});

describeWithApiServer("objects of ours in Kubernetes", (server) => {
  beforeAll(async () => {
    await installNetworkPolicyApi(server());
    await installCrds(server(), CRD_FOLDER);
  }, 60_000);

  test.each(["shop", "clinic"])("are applied as in the sample %s, once and again", async (sample) => {
    const apply = ["apply", "--server-side", "-f", join(SAMPLES, sample)];
    const generations = () => server().kubectl("get", "sallyport", "-o", "jsonpath={.items[*].metadata.generation}");
    const said = await server().kubectl(...apply);
    const before = await generations();
    expect(said.match(/serverside-applied/g)?.length).toBeGreaterThan(10);
    expect([await server().kubectl(...apply), await generations()]).toEqual([said, before]);
  });

  test("are printed in a line", async () => {
    await server().kubectl("apply", "--server-side", "-f", join(SAMPLES, "shop"));
    expect(table(await server().kubectl("get", "ov", "shop"))).toEqual([
      ["NAME", "ID", "CIDR", "PATH", "ENFORCEMENT", "ACCEPTED", "PROGRAMMED", "AGE"],
      ["shop", "7", '["10.77.0.0/16"]', '["edge-a","edge-b"]', "Enforce", expect.stringMatching(/^\d+s$/)],
    ]);
    expect(table(await server().kubectl("get", "ovgw", "edge-b", "--no-headers", "-o", "wide"))[0]).toContain(
      "spiffe://shop.example/gateway/edge-b",
    );
    expect(table(await server().kubectl("get", "ovep", "db", "--no-headers"))[0]?.slice(0, 4)).toEqual([
      ...["db", "shop", "data", '["10.77.0.13"]'],
    ]);
  });

  test("get the readers' defaults", async () => {
    const { body } = await create(server(), overlay(1, { horizon: 3 }));
    expect(body.spec).toEqual({
      ...overlay(1).spec,
      isolation: "DefaultDeny",
      enforcement: "Enforce",
      interception: "Overlay",
      podOptOut: "Refuse",
      keys: { epochSeconds: 3600, horizon: 3, keyGeneration: 0 },
    });
  });

  describe("keep what keys are derived from:", () => {
    beforeAll(async () => {
      expect((await create(server(), overlay(2, { epochSeconds: 60 }), "")).status).toBe(201);
    });
    test.each([
      { name: "the id", spec: { id: 3 }, field: "spec.id" },
      { name: "the length of an epoch", spec: { keys: { epochSeconds: 61 } }, field: "spec.keys.epochSeconds" },
      { name: "the length of an epoch that is left out", spec: { keys: null }, field: "spec.keys.epochSeconds" },
    ])("$name", async ({ spec, field }) => {
      const path = pathOf({ kind: "Overlay" }, "o2");
      const { status, body } = await server().ask("PATCH", path, { spec }, "application/merge-patch+json");
      expect([status, body.message]).toEqual([422, expect.stringContaining(`${field}: Invalid value`)]);
      expect(body.message).toContain("can't be changed: make a new Overlay");
    });
    test("while the rest may change", async () => {
      const spec = { path: ["c"], keys: { keyGeneration: 1 }, enforcement: "Audit" };
      const path = pathOf({ kind: "Overlay" }, "o2");
      const { body } = await server().ask("PATCH", path, { spec }, "application/merge-patch+json");
      expect([body.spec.path, body.metadata.generation]).toEqual([["c"], 2]);
    });
  });

  test("say what the controller made of them in a status that only it writes", async () => {
    await create(server(), overlay(4), "");
    const path = pathOf({ kind: "Overlay" }, "o4");
    const merge = (path: string, body: object) => server().ask("PATCH", path, body, "application/merge-patch+json");
    const condition = (type: string, status: string, message: string) => {
      const lastTransitionTime = "2026-01-01T00:00:00Z";
      return { type, status, reason: "Why", message, lastTransitionTime, observedGeneration: 1 };
    };
    const conditions = [condition("Accepted", "True", "in use"), condition("Programmed", "False", "2 of 3 nodes")];
    const status = { observedGeneration: 1, conditions };
    expect((await merge(path, { status })).body.status).toBeUndefined();
    const { body } = await merge(`${path}/status`, { status, spec: { path: ["z"] } });
    expect([body.status, body.spec.path, body.metadata.generation]).toEqual([status, ["a", "b"], 1]);
    const row = await server().kubectl("get", "ov", "o4", "--no-headers", "-o", "wide");
    expect(row).toMatch(/True +False +in use +2 of 3 nodes/);
    const broken = await merge(`${path}/status`, { status: { conditions: [{ ...conditions[0], status: "Maybe" }] } });
    expect([broken.status, broken.body.message]).toEqual([422, expect.stringContaining("status.conditions[0].status")]);
  });

  test("explain themselves", async () => {
    const text = await server().kubectl("explain", "flowpolicy.spec.via");
    expect(text.replace(/\s+/g, " ")).toContain("A flow that can't is denied.");
  });
});

/** Columns are two spaces apart at least. */
function table(text: string): string[][] {
  return text
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/ {2,}/));
}
