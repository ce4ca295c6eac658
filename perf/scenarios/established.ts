/** (a) What an established flow costs: round trips of 100 bytes, and throughput upwards. */
import type { DataPlane, Way } from "../plane/data-plane.ts";
import { inTurn, microseconds, Samples } from "../plane/rounds.ts";
import { DIRECT, PAIR, PLAIN, SALLYPORT } from "../plane/variants.ts";
import { estimateText } from "../report.ts";
import type { Aim, ScenarioResult, Table } from "../results.ts";
import { difference, estimate, mean, median, p99, type Rounds, ratio } from "../statistics.ts";
import type { Ground } from "./ground.ts";

const TRIPS = 300;
const UPLOAD_BYTES = 64 * 2 ** 20;
/** As much of a difference is found between two equal variants. */
const NOISE = 0.02;

export const ESTABLISHED_VARIANTS = [DIRECT, PAIR, PLAIN, SALLYPORT];

export async function established(plane: DataPlane, { quick, say }: Ground): Promise<ScenarioResult> {
  const ways = ESTABLISHED_VARIANTS.map((name) => plane.way(name));
  const samples = new Samples();
  say("a: round trips on established flows");
  await inTurn(ways, quick ? 8 : 40, async (way) => {
    const { failed, trips } = await plane.load.trips(way.target, TRIPS);
    samples.add(way.variant.name, { trips: microseconds(trips) }, failed);
  });
  say("a: throughput");
  const uploads = new Samples();
  await inTurn(ways, quick ? 5 : 20, async (way) => {
    const { failed, elapsed } = await plane.load.upload(way.target, UPLOAD_BYTES);
    uploads.add(way.variant.name, { rate: failed ? [] : [(UPLOAD_BYTES * 8) / elapsed] }, failed);
  });
  return {
    letter: "a",
    title: "Established flow",
    about: [
      `One client, one server, one flow at a time. Round trips: ${TRIPS} a block of 100 bytes there and back, after a first`,
      "that is not counted. Throughput: 64 MiB up a flow, until the server has them. Ratios are to the same Envoys without",
      `filters, from the same rounds. ${samples.failed + uploads.failed} exchanges failed.`,
    ].join(" "),
    tables: [tripTable(ways, samples), uploadTable(ways, uploads)],
    aims: aims(samples.of(SALLYPORT, "trips"), samples.of(PLAIN, "trips"), samples.of(DIRECT, "trips")),
  };
}

function tripTable(ways: readonly Way[], samples: Samples): Table {
  const of = (name: string) => samples.of(name, "trips");
  const rows = ways.map(({ variant: { name, label } }) => [
    label,
    estimate(of(name), median),
    estimate(of(name), p99),
    ratio(of(name), of(PLAIN), median),
    ratio(of(name), of(PLAIN), p99),
    difference(of(name), of(DIRECT), p99),
  ]);
  const titles = ["p50 us", "p99 us"].map((title) => ({ title }));
  const ratios = ["p50 ratio", "p99 ratio"].map((title) => ({ title, digits: 3 }));
  return {
    title: "Round trip of 100 bytes",
    columns: [{ title: "" }, ...titles, ...ratios, { title: "p99 above direct, us" }],
    rows,
  };
}

function uploadTable(ways: readonly Way[], uploads: Samples): Table {
  const of = (name: string) => uploads.of(name, "rate");
  const rows = ways.map(({ variant: { name, label } }) => [
    label,
    estimate(of(name), mean),
    ratio(of(name), of(PLAIN), mean),
  ]);
  return {
    title: "Throughput",
    columns: [{ title: "" }, { title: "Gbit/s", digits: 2 }, { title: "ratio", digits: 3 }],
    rows,
  };
}

function aims(sallyport: Rounds, plain: Rounds, direct: Rounds): Aim[] {
  const against = ratio(sallyport, plain, median);
  const added = difference(sallyport, direct, p99);
  const isNoise = (against.low <= 1 && against.high >= 1) || Math.abs(against.value - 1) < NOISE;
  return [
    { aim: "round trip within noise of no filters", measured: `p50 ${estimateText(against, 3)} times`, met: isNoise },
    { aim: "added p99 against direct under 1 ms", measured: `${estimateText(added, 0)} us`, met: added.high < 1000 },
  ];
}
