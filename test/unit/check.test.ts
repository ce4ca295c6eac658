import { describe, expect, test } from "@jest/globals";
import { CHECKS } from "../../controller/check/catalog.ts";
import { check } from "../../controller/check/check.ts";
import type { Facts, Listing } from "../../controller/check/facts.ts";
import { type Json, nameOf, namespaceOf } from "../../controller/check/json.ts";
import { customResourceDefinitions } from "../../controller/crd/definitions.ts";
import { USUAL_MESH } from "../../controller/emit/istio/mesh.ts";
import { injectorOf, wantedOf, worldOf } from "../../controller/kube/check-facts.ts";
import { KINDS } from "../../controller/kube/kinds.ts";
import { cleanCluster } from "../check/clean-cluster.ts";
import { planted } from "../check/fault.ts";
import { FAULTS } from "../check/faults.ts";

const NOW = new Date("2026-11-21T12:00:00Z");
const MESH = { ...USUAL_MESH, codeDigest: "ab".repeat(32) };
const definitions = [...customResourceDefinitions().values()] as Json[];
const clean = cleanCluster(NOW, MESH);

function factsOf(objects: readonly Json[], change: Partial<Facts> = {}): Facts {
  const listings = new Map<string, Listing>();
  for (const kind of Object.keys(KINDS))
    listings.set(kind, { state: "known", objects: objects.filter((object) => object.kind === kind) });
  listings.set("CustomResourceDefinition", { state: "known", objects: definitions });
  const found = (wanted: Json) =>
    objects.find(
      (one) => one.kind === wanted.kind && nameOf(one) === nameOf(wanted) && namespaceOf(one) === namespaceOf(wanted),
    );
  return {
    now: NOW,
    mesh: MESH,
    serverVersion: "1.34",
    listings,
    definitions,
    injectors: objects.filter(({ kind }) => kind === "ConfigMap").flatMap(injectorOf),
    emitted: wantedOf(worldOf(objects), MESH, undefined).map((wanted) => ({ wanted, found: found(wanted) })),
    replicas: new Map(),
    ...change,
  };
}

function faultsIn(facts: Facts): string[] {
  return check(facts)
    .filter(({ severity }) => severity !== "ok")
    .map(({ check, severity, object, message }) => `${check} ${severity} ${object}: ${message}`);
}

describe("check", () => {
  test("finds nothing in a cluster in which everything is right, and says so once for each check", () => {
    const results = check(factsOf(clean));
    expect(faultsIn(factsOf(clean))).toEqual([]);
    expect(results.map(({ check }) => check)).toEqual(CHECKS.map(({ id }) => id));
  });

  test.each(FAULTS)("finds $name", (fault) => {
    const found = faultsIn(factsOf(planted(clean, fault)));
    expect(found).toHaveLength(fault.finds.length);
    fault.finds.forEach(([id, severity, says], i) => {
      expect(found[i]).toMatch(new RegExp(`^${id} ${severity} `));
      expect(found[i]).toMatch(says);
    });
  });

  const edited = (edit: (version: { [key: string]: Json }) => Json) =>
    definitions.map((one, i) => (i === 0 ? (JSON.parse(JSON.stringify(one), edit2(edit)) as Json) : one));
  const edit2 = (edit: (version: { [key: string]: Json }) => Json) => (key: string, value: { [key: string]: Json }) =>
    key === "openAPIV3Schema" ? edit(value) : value;
  const known = (objects: readonly Json[]) =>
    new Map([...factsOf(clean).listings, ["CustomResourceDefinition", { state: "known" as const, objects }]]);
  const rows: readonly { name: string; change: Partial<Facts>; finds: string[] }[] = [
    {
      name: "a Kubernetes that is too old",
      change: { serverVersion: "1.30" },
      finds: [
        "kubernetes-version error : Kubernetes 1.30 doesn't understand conditions of our CRDs, which ask ip() and cidr()",
      ],
    },
    { name: "the oldest Kubernetes that will do", change: { serverVersion: "1.31" }, finds: [] },
    { name: "a later major version", change: { serverVersion: "2.0" }, finds: [] },
    {
      name: "a server that doesn't say its version",
      change: { serverVersion: undefined },
      finds: ["kubernetes-version warning : the API server doesn't say its version"],
    },
    {
      name: "a CRD of ours that isn't installed",
      change: { listings: known(definitions.slice(1)) },
      finds: ["crds error CustomResourceDefinition overlays.sallyport.dev: is not installed"],
    },
    {
      name: "a CRD without a field that this program has",
      change: { listings: known(edited(({ properties, ...rest }) => ({ ...rest, properties: { spec: {} } }))) },
      finds: [
        expect.stringMatching(/^crds error .*overlays.*is older than this program: it lacks apiVersion/) as never,
      ],
    },
    {
      name: "a CRD with a field that this program doesn't know",
      change: {
        listings: known(
          edited(({ properties, ...rest }) => ({ ...rest, properties: { ...properties, later: { type: "string" } } })),
        ),
      },
      finds: [expect.stringMatching(/^crds warning .*is newer than this program, which doesn't know later/) as never],
    },
    {
      name: "Istio's kinds missing",
      change: {
        listings: new Map([
          ...factsOf(clean).listings,
          ["WasmPlugin", { state: "missing" }],
          ["Sidecar", { state: "missing" }],
        ]),
      },
      finds: [
        "istio-crds error : the API server doesn't know Istio's kind Sidecar",
        "istio-crds error : the API server doesn't know Istio's kind WasmPlugin",
      ],
    },
    {
      name: "a right that is missing",
      change: {
        listings: new Map([
          ...factsOf(clean).listings,
          [
            "Lease",
            { state: "refused", right: "list leases.coordination.k8s.io in namespace sallyport-system", reason: "" },
          ],
        ]),
      },
      finds: [
        "controller-leader warning : can't be told: you may not list leases.coordination.k8s.io in namespace sallyport-system",
      ],
    },
    {
      name: "a certificate that ended, and one that ends soon",
      change: {
        replicas: new Map([
          ["b", { certificateEnds: new Date("2026-11-21T13:59:59Z") }],
          ["a", { certificateEnds: new Date("2026-11-21T12:00:00Z") }],
          ["c", { certificateEnds: new Date("2026-11-21T14:00:00Z") }],
        ]),
      },
      finds: [
        "controller-certificate error Pod sallyport-system/a: its certificate ended at 2026-11-21T12:00:00.000Z: sidecars refuse to talk to it",
        "controller-certificate warning Pod sallyport-system/b: its certificate ends at 2026-11-21T13:59:59.000Z and should have been renewed by now",
      ],
    },
  ];

  test.each(rows)("judges $name", ({ change, finds }) => {
    expect(faultsIn(factsOf(clean, change))).toEqual(finds);
  });

  test("tells the same whatever the order of objects", () => {
    const broken = FAULTS.flatMap(({ add = [] }) => add);
    const objects = [...clean, ...new Map(broken.map((one) => [`${one.kind} ${nameOf(one)}`, one])).values()];
    expect(faultsIn(factsOf([...objects].reverse()))).toEqual(faultsIn(factsOf(objects)));
  });

  test("has a fault for every check", () => {
    const found = new Set([...FAULTS.flatMap(({ finds }) => finds.map(([id]) => id)), ...rows.flatMap(idsOf)]);
    expect(CHECKS.map(({ id }) => id).filter((id) => !found.has(id))).toEqual([]);
  });

  function idsOf({ change }: { change: Partial<Facts> }): string[] {
    return faultsIn(factsOf(clean, change)).map((line) => line.split(" ")[0] as string);
  }
});
