import { expect, test } from "@jest/globals";
import { prometheusValue } from "../../controller/kube/prometheus.ts";
import { Counters, metricsText } from "../../controller/operator/metrics.ts";

test("metrics are families with help and type, whatever order they come in", () => {
  const text = metricsText([
    { name: "sallyport_nodes", labels: { overlay: "b" }, value: 2 },
    { name: "sallyport_leader", value: 1 },
    { name: "sallyport_nodes", labels: { overlay: 'a"\\\n' }, value: 1 },
  ]);
  expect(text).toBe(
    [
      "# HELP sallyport_leader 1 if this replica leads",
      "# TYPE sallyport_leader gauge",
      "sallyport_leader 1",
      "# HELP sallyport_nodes Nodes of an overlay",
      "# TYPE sallyport_nodes gauge",
      'sallyport_nodes{overlay="a\\"\\\\\\n"} 1',
      'sallyport_nodes{overlay="b"} 2',
      "",
    ].join("\n"),
  );
  expect(prometheusValue(text, "sallyport_leader")).toBe(1);
});

test("counters add up for each set of labels", () => {
  const counters = new Counters();
  for (const kind of ["A", "B", "A"]) counters.add("sallyport_status_failures_total", { kind });
  counters.add("sallyport_event_failures_total");
  expect(counters.samples.map(({ labels, value }) => [labels, value])).toEqual([
    [{ kind: "A" }, 2],
    [{ kind: "B" }, 1],
    [{}, 1],
  ]);
});
