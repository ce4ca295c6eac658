/** What a replica and its term look like in metrics. Pure. */
import type { CompiledPolicy } from "../compile/compiled.ts";
import type { KindHealth } from "../kube/cluster-world.ts";
import type { Rejection } from "../model/resources.ts";
import type { Leader } from "./leader.ts";
import type { Sample } from "./metrics.ts";

const STATES = ["starting", "watching", "missing", "failing"] as const;

/** `notAfter`: when the certificate ends, milliseconds since 1970. */
export function replicaSamples(
  health: readonly KindHealth[],
  rejections: readonly Rejection[],
  notAfter: number | undefined,
): Sample[] {
  const kinds = health.flatMap(({ kind, state, objects }): Sample[] => [
    ...STATES.map((name): Sample => {
      return { name: "sallyport_reflector_state", labels: { kind, state: name }, value: state.kind === name ? 1 : 0 };
    }),
    { name: "sallyport_reflector_objects", labels: { kind }, value: objects },
  ]);
  const byKind = new Map<string, number>();
  for (const { origin } of rejections) byKind.set(origin.kind, (byKind.get(origin.kind) ?? 0) + 1);
  const rejected = [...byKind].map(
    ([kind, value]): Sample => ({ name: "sallyport_rejections", labels: { kind }, value }),
  );
  if (notAfter === undefined) return [...kinds, ...rejected];
  return [...kinds, ...rejected, { name: "sallyport_certificate_not_after_seconds", value: notAfter / 1000 }];
}

export function termSamples(leader: Leader, policies: readonly CompiledPolicy[]): Sample[] {
  const { polls, answers, refusals } = leader.status;
  let newest = 0n;
  const overlays = policies.flatMap((policy): Sample[] => {
    const progress = leader.progress(policy);
    if (progress.newest > newest) newest = progress.newest;
    const labels = { overlay: policy.overlay.name };
    return [
      { name: "sallyport_nodes", labels, value: progress.nodes },
      { name: "sallyport_nodes_programmed", labels, value: progress.current },
    ];
  });
  return [
    { name: "sallyport_term", value: leader.term },
    { name: "sallyport_generation_sequence", value: Number(newest & 0xffffffffn) },
    { name: "sallyport_polls_waiting", value: polls },
    ...overlays,
    ...Object.entries(answers).map(([status, value]): Sample => {
      return { name: "sallyport_image_answers_total", labels: { status }, value };
    }),
    ...Object.entries(refusals).map(([reason, value]): Sample => {
      return { name: "sallyport_image_refusals_total", labels: { reason }, value };
    }),
  ];
}
