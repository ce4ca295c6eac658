/** Tables and aims of (b). */
import type { Way } from "../plane/data-plane.ts";
import type { Samples } from "../plane/rounds.ts";
import { count, PLAIN, SALLYPORT } from "../plane/variants.ts";
import { estimateText } from "../report.ts";
import type { Aim, Column, ScenarioResult, Table } from "../results.ts";
import { type Estimate, estimate, mean, median, p99, ratio } from "../statistics.ts";
import type { FlowSamples } from "./new-flows.ts";

/** Slower than without filters by no more than this. */
const ALLOWED = 1.1;

export function flowResult(samples: FlowSamples, clients: number): ScenarioResult {
  const { ways, chains, destinations, warm, busy, cold, spread, busySpread } = samples;
  const failed = [warm, busy, cold, spread, busySpread].reduce((sum, one) => sum + one.failed, 0);
  const many = count(destinations);
  return {
    letter: "b",
    title: "New flows",
    about: [
      "Each flow is a connect() to the server's address, 100 bytes there and back, and a close; `first` is the time from",
      "connect() to the answer. N policies stand for a cluster of N endpoints and N policies in N/20 namespaces of which",
      "only the client and the server run; the RBAC variants hold every rule of the same policies at the gateway.",
      `${many} destinations are as many addresses of the server: to each the gateway keeps an own HTTP/2 connection, which`,
      `the first flow there opens. Ratios are to the same Envoys without filters, from the same rounds. ${failed} flows failed.`,
    ].join(" "),
    tables: [
      latencyTable("One flow at a time, one destination, warm", ways, warm),
      rateTable(`${clients} flows at once, one destination, warm`, ways, busy),
      latencyTable(`One flow at a time, the first to each of ${many} destinations`, chains, cold),
      latencyTable(`One flow at a time, ${many} destinations, warm`, chains, spread),
      rateTable(`${clients} flows at once, ${many} destinations, warm`, chains, busySpread),
    ],
    aims: aims(samples, many),
  };
}

function latencyTable(title: string, ways: readonly Way[], samples: Samples): Table {
  const of = (name: string) => samples.of(name, "first");
  const rows = ways.map(({ variant: { name, label } }) => [
    label,
    estimate(of(name), median),
    estimate(of(name), p99),
    ratio(of(name), of(PLAIN), median),
    ratio(of(name), of(PLAIN), p99),
  ]);
  const ratios: Column[] = ["p50 ratio", "p99 ratio"].map((name) => ({ title: name, digits: 3 }));
  return { title, columns: [{ title: "" }, { title: "first p50 us" }, { title: "first p99 us" }, ...ratios], rows };
}

function rateTable(title: string, ways: readonly Way[], samples: Samples): Table {
  const of = (name: string) => samples.of(name, "rate");
  const rows = ways.map(({ variant: { name, label } }) => [
    label,
    estimate(of(name), mean),
    ratio(of(name), of(PLAIN), mean),
  ]);
  return { title, columns: [{ title: "" }, { title: "flows/s" }, { title: "ratio", digits: 3 }], rows };
}

function aims({ warm, busy, spread, busySpread }: FlowSamples, many: string): Aim[] {
  const latency = (samples: Samples, name: string, base: string) =>
    ratio(samples.of(name, "first"), samples.of(base, "first"), median);
  const rate = (samples: Samples, name: string, base: string) =>
    ratio(samples.of(name, "rate"), samples.of(base, "rate"), mean);
  const slower = (aim: string, found: Estimate): Aim => ({
    aim,
    measured: `p50 ${estimateText(found, 3)} times`,
    met: found.value <= ALLOWED,
  });
  const fewer = (aim: string, found: Estimate): Aim => ({
    aim,
    measured: `rate ${estimateText(found, 3)} times`,
    met: found.value >= 1 / ALLOWED,
  });
  return [
    slower("latency within 10 % of no filters", latency(warm, SALLYPORT, PLAIN)),
    fewer("rate within 10 % of no filters", rate(busy, SALLYPORT, PLAIN)),
    slower(`latency within 10 %, ${many} destinations`, latency(spread, SALLYPORT, PLAIN)),
    fewer(`rate within 10 %, ${many} destinations`, rate(busySpread, SALLYPORT, PLAIN)),
    flat("flat from 10 to 10,000 policies", latency(warm, "sallyport-10000", "sallyport-10")),
    flat(`flat from 10 to 10,000 policies, ${many} destinations`, latency(spread, "sallyport-10000", "sallyport-10")),
  ];
}

/** Flat: 1,000 times the policies cost no more than 5 %. */
function flat(aim: string, found: Estimate): Aim {
  return { aim, measured: `10,000 against 10: p50 ${estimateText(found, 3)} times`, met: found.value <= 1.05 };
}
