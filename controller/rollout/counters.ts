/** What proxies count, as far as it says whether a rollout goes well. Pure. */
import type { Sample } from "../kube/prometheus.ts";

/** Sums over proxies since they started. */
export interface Tally {
  /** Flows that were let pass. */
  readonly allowed: number;
  /** Of authenticated peers, denied by policy. What has no valid stamp isn't among them: anybody can send that. */
  readonly denied: number;
  /** Let pass, but only because policy is audited. */
  readonly audited: number;
  /** Past the tunnel, refused by the guard. */
  readonly notTunnelled: number;
  /** Updates of listeners or clusters that an Envoy refused. */
  readonly rejected: number;
}

export const NO_FLOWS: Tally = { allowed: 0, denied: 0, audited: 0, notTunnelled: 0, rejected: 0 };

/** `sallyport.verify.policy-ingress` as Prometheus has it. */
const COUNTER = /(?:^|_)sallyport_(?:stamp|gate|verify|guard)_(\w+)$/;
const FIELDS: Readonly<Record<string, keyof Tally>> = {
  allow: "allowed",
  policy_egress: "denied",
  policy_ingress: "denied",
  path_conflict: "denied",
  audit_deny: "audited",
  not_tunnelled: "notTunnelled",
};
const REJECTED = /^envoy_(?:listener_manager_lds|cluster_manager_cds)_update_rejected$/;

export function tallyOf(samples: readonly Sample[]): Tally {
  const tally = { ...NO_FLOWS };
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

/** Share of flows that policy denies or, while it is audited, would: 0 to 1. */
export function deniedShare({ allowed, denied, audited }: Tally): number {
  const all = allowed + denied;
  // Each place counts an audited flow among those allowed.
  return all === 0 ? 0 : (denied + Math.min(audited, allowed)) / all;
}
