/** Counters and gauges in Prometheus' text format. */

/** Names are in people's dashboards: they are never changed. */
const METRICS = {
  sallyport_leader: ["gauge", "1 if this replica leads"],
  sallyport_term: ["gauge", "Term in which this replica leads"],
  sallyport_generation_sequence: ["gauge", "Sequence of the newest image in that term"],
  sallyport_nodes: ["gauge", "Nodes of an overlay"],
  sallyport_nodes_programmed: ["gauge", "Nodes of an overlay of which every worker runs the current image"],
  sallyport_polls_waiting: ["gauge", "Image requests that wait for news"],
  sallyport_image_answers_total: ["counter", "Answers to image requests in this term, by HTTP status"],
  sallyport_image_refusals_total: ["counter", "Image requests refused in this term"],
  sallyport_compile_seconds_sum: ["counter", "Time spent on deciding an overlay"],
  sallyport_compile_seconds_count: ["counter", "How often an overlay was decided"],
  sallyport_compile_failures_total: ["counter", "How often an overlay could not be decided"],
  sallyport_rejections: ["gauge", "What was left out of policy and why is in conditions and Events"],
  sallyport_objects_applied_total: ["counter", "Objects written into the cluster"],
  sallyport_objects_deleted_total: ["counter", "Objects deleted because they were wanted no more"],
  sallyport_objects_repaired_total: ["counter", "Objects that somebody else had changed"],
  sallyport_apply_failures_total: ["counter", "Objects that could not be written or deleted"],
  sallyport_status_failures_total: ["counter", "Conditions that could not be written"],
  sallyport_event_failures_total: ["counter", "Events that could not be written"],
  sallyport_reflector_state: ["gauge", "1 for the state in which a kind is: watching, starting, missing or failing"],
  sallyport_reflector_objects: ["gauge", "Objects that are known of a kind"],
  sallyport_certificate_not_after_seconds: ["gauge", "When the own certificate ends, seconds since 1970"],
} as const;

export type MetricName = keyof typeof METRICS;

export interface Sample {
  readonly name: MetricName;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Series of counters; one more is left out. */
const SERIES_MAX = 10_000;

export class Counters {
  readonly #series = new Map<string, { readonly sample: Sample }>();

  add(name: MetricName, labels: Readonly<Record<string, string>> = {}, by = 1): void {
    const key = seriesText({ name, labels });
    const before = this.#series.get(key)?.sample.value;
    if (before === undefined && this.#series.size >= SERIES_MAX) return;
    this.#series.set(key, { sample: { name, labels, value: (before ?? 0) + by } });
  }

  get samples(): Sample[] {
    return [...this.#series.values()].map(({ sample }) => sample);
  }
}

/** https://prometheus.io/docs/instrumenting/exposition_formats, in the order of the names above. */
export function metricsText(samples: readonly Sample[]): string {
  const byName = new Map<MetricName, string[]>();
  for (const sample of samples)
    byName.set(sample.name, [...(byName.get(sample.name) ?? []), `${seriesText(sample)} ${sample.value}`]);
  const families = Object.entries(METRICS).flatMap(([name, [type, help]]) => {
    const lines = byName.get(name as MetricName);
    return lines === undefined ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines.sort()];
  });
  return `${families.join("\n")}\n`;
}

function seriesText({ name, labels = {} }: Omit<Sample, "value">): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n");
}
