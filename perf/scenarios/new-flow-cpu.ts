/** Tables of (c). */
import type { Way } from "../plane/data-plane.ts";
import type { Samples } from "../plane/rounds.ts";
import { PLAIN } from "../plane/variants.ts";
import type { Cell, Column, ScenarioResult, Table } from "../results.ts";
import { estimate, median, ratio } from "../statistics.ts";
import type { FlowSamples } from "./new-flows.ts";

export function cpuResult({ ways, warm, busy }: FlowSamples, clients: number): ScenarioResult {
  const proxied = ways.filter(({ proxies }) => proxies.length > 0);
  return {
    letter: "c",
    title: "CPU time of a new flow",
    about: [
      "Microseconds on a CPU for one flow, in each Envoy it passes, from `/proc/PID/task/*/schedstat` around the blocks of",
      "(b); median of the rounds. One flow at a time, most of it is waking up; many at once, wake-ups are shared. Each flow",
      "has two exchanges in the first table, one in the second.",
    ].join(" "),
    tables: [cpuTable("One flow at a time", proxied, warm), cpuTable(`${clients} flows at once`, proxied, busy)],
    aims: [],
  };
}

function cpuTable(title: string, ways: readonly Way[], samples: Samples): Table {
  const of = (name: string, quantity: string) => samples.of(name, quantity);
  const rows = ways.map(({ variant: { name, label }, proxies }): Cell[] => {
    const each = proxies.map((_, i) => estimate(of(name, `cpu${i}`), median));
    // A pair has no gateway.
    const places = each.length === 2 ? [each[0] as Cell, null, each[1] as Cell] : each;
    return [label, ...places, estimate(of(name, "cpu"), median), ratio(of(name, "cpu"), of(PLAIN, "cpu"), median)];
  });
  const columns: Column[] = ["", "client us", "gateway us", "server us", "sum us"].map((name) => ({ title: name }));
  return { title, columns: [...columns, { title: "ratio", digits: 3 }], rows };
}
