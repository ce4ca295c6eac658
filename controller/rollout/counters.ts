/** What proxies count, as far as it says whether a rollout goes well. Pure. */
import type { Sample } from "../kube/prometheus.ts";

/** Sums over proxies since they started. */
export interface Tally {
  /** Flows that their own apps began, and those that the tunnel brought, and policy let pass. */
  readonly sent: number;
  readonly received: number;
  /** Of authenticated peers, denied by policy. What has no valid stamp isn't among them: anybody can send that. */
  readonly sentDenied: number;
  readonly receivedDenied: number;
  /** Let pass, but only because policy is audited. */
  readonly sentAudited: number;
  readonly receivedAudited: number;
  /** Past the tunnel, refused by the guard. Anybody can cause these. */
  readonly notTunnelled: number;
  /** Past the tunnel, and let in only because the Overlay audits. */
  readonly notTunnelledAudited: number;
  /** Updates of listeners or clusters that an Envoy refused. */
  readonly rejected: number;
}

export const NO_FLOWS: Tally = {
  sent: 0,
  received: 0,
  sentDenied: 0,
  receivedDenied: 0,
  sentAudited: 0,
  receivedAudited: 0,
  notTunnelled: 0,
  notTunnelledAudited: 0,
  rejected: 0,
};

/** `sallyport.verify.policy-ingress` as Prometheus has it. */
const COUNTER = /(?:^|_)sallyport_((?:stamp|verify|guard)_\w+)$/;
const FIELDS: Readonly<Record<string, keyof Tally>> = {
  stamp_allow: "sent",
  stamp_policy_egress: "sentDenied",
  stamp_policy_ingress: "sentDenied",
  stamp_path_conflict: "sentDenied",
  stamp_unknown_destination: "sentDenied",
  stamp_audit_deny: "sentAudited",
  verify_allow: "received",
  verify_policy_egress: "receivedDenied",
  verify_policy_ingress: "receivedDenied",
  verify_path_conflict: "receivedDenied",
  verify_audit_deny: "receivedAudited",
  guard_not_tunnelled: "notTunnelled",
  guard_audit_deny: "notTunnelledAudited",
};
const REJECTED = /^envoy_(?:listener_manager_lds|cluster_manager_cds)_update_rejected$/;

export function tallyOf(samples: readonly Sample[]): Tally {
  const tally: { -readonly [Field in keyof Tally]: number } = { ...NO_FLOWS };
  for (const { name, value } of samples) {
    const place = COUNTER.exec(name)?.[1];
    const field = place === undefined ? undefined : FIELDS[place];
    if (field !== undefined) tally[field] += value;
    else if (REJECTED.test(name)) tally.rejected += value;
  }
  return tally;
}

/** Whether the proxy has an image: from then on it decides. */
export function hasImage(samples: readonly Sample[]): boolean {
  return samples.some(({ name, value }) => /(?:^|_)sallyport_image_generation$/.test(name) && value > 0);
}

export function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce((all, one) => combined(all, one, (a, b) => a + b), NO_FLOWS);
}

/** What was added since; a proxy that started again begins anew. */
export function since(before: Tally | undefined, now: Tally): Tally {
  if (before === undefined || FIELDS_OF_TALLY.some((field) => now[field] < before[field])) return now;
  return combined(now, before, (a, b) => a - b);
}

const FIELDS_OF_TALLY = Object.keys(NO_FLOWS) as (keyof Tally)[];

function combined(a: Tally, b: Tally, by: (a: number, b: number) => number): Tally {
  return Object.fromEntries(FIELDS_OF_TALLY.map((field) => [field, by(a[field], b[field])])) as unknown as Tally;
}

/** Share of flows that policy denies or, while it is audited, would: 0 to 1. The greater of both directions'. */
export function deniedShare(tally: Tally): number {
  const { sent, sentDenied, sentAudited, received, receivedDenied, receivedAudited } = tally;
  return Math.max(share(sent, sentDenied, sentAudited), share(received, receivedDenied, receivedAudited));
}

/** An audited flow is among those that passed. */
function share(passed: number, denied: number, audited: number): number {
  const all = passed + denied;
  return all === 0 ? 0 : Math.min(1, (denied + audited) / all);
}
