/** (g) What the overlay costs beneath a mesh: Istio alone against Istio with it. */
import type { MeshTools } from "../../test/istio/mesh-plane.ts";
import { type MeshWay, MeshWays } from "../mesh/mesh-ways.ts";
import { inTurn, microseconds, Samples } from "../plane/rounds.ts";
import type { ScenarioResult, Table } from "../results.ts";
import { difference, estimate, median, p99, ratio } from "../statistics.ts";
import type { Ground } from "./ground.ts";

const EXCHANGES = 200;
const FLOWS = 40;
const BASE = "istio";

/** What is measured, in the order of the table. */
const QUANTITIES = [
  { name: "request", label: "HTTP request, connection kept" },
  { name: "trip", label: "TCP round trip of 100 bytes" },
  { name: "first", label: "TCP connect to first answer" },
] as const;

export async function meshed(ground: Omit<Ground, "mesh"> & { readonly mesh: MeshTools }): Promise<ScenarioResult> {
  const { quick, say, loadProgram, stateFolder, mesh: tools } = ground;
  say("g: starting istiod, four sidecars and a gateway");
  const mesh = await MeshWays.open({ tools, loadProgram, stateFolder });
  try {
    const samples = new Samples();
    say("g: requests, round trips and new flows in turn");
    await inTurn(mesh.ways, quick ? 8 : 40, (way) => block(mesh, way, samples));
    return resultOf(mesh.ways, samples);
  } finally {
    await mesh.close();
  }
}

async function block({ load }: MeshWays, way: MeshWay, samples: Samples): Promise<void> {
  const requests = await load.requests(way.http, EXCHANGES);
  const trips = await load.trips(way.tcp, EXCHANGES);
  const flows = await load.flows(way.tcp, 0, FLOWS);
  const found = { request: requests.trips, trip: trips.trips, first: flows.first };
  const inMicroseconds = Object.fromEntries(Object.entries(found).map(([name, list]) => [name, microseconds(list)]));
  samples.add(way.name, inMicroseconds, requests.failed + trips.failed + flows.failed);
}

function resultOf(ways: readonly MeshWay[], samples: Samples): ScenarioResult {
  return {
    letter: "g",
    title: "Istio alone against Istio with the overlay",
    about: [
      "A client calls a Service; istiod and istio-agent as they are shipped, mutual TLS between the sidecars (STRICT), Istio's",
      "own capture by nftables. With the overlay each flow passes also a gateway, in mutual TLS on both hops, guard and",
      `policies are there. ${EXCHANGES} exchanges on a connection that stands and ${FLOWS} new flows a block; ratios are to`,
      `Istio alone, from the same rounds. ${samples.failed} exchanges failed.`,
    ].join(" "),
    tables: QUANTITIES.map((quantity) => table(quantity, ways, samples)),
    aims: [],
  };
}

function table(
  { name: quantity, label }: (typeof QUANTITIES)[number],
  ways: readonly MeshWay[],
  samples: Samples,
): Table {
  const of = (way: string) => samples.of(way, quantity);
  const rows = ways.map(({ name, label }) => [
    label,
    estimate(of(name), median),
    estimate(of(name), p99),
    ratio(of(name), of(BASE), median),
    ratio(of(name), of(BASE), p99),
    difference(of(name), of(BASE), median),
  ]);
  const ratios = ["p50 ratio", "p99 ratio"].map((title) => ({ title, digits: 3 }));
  const columns = [
    { title: "" },
    { title: "p50 us" },
    { title: "p99 us" },
    ...ratios,
    { title: "p50 above Istio alone, us" },
  ];
  return { title: label, columns, rows };
}
