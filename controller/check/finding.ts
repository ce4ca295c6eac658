/** What `check` says of a cluster. */

/** `error`: something doesn't work, or isn't enforced. `warning`: it may not, or couldn't be looked at. */
export type Severity = "error" | "warning";

export interface Finding {
  readonly severity: Severity;
  /** `Kind namespace/name`; empty for the cluster as a whole. */
  readonly object: string;
  /** One sentence: what is wrong. */
  readonly message: string;
  /** One sentence: what to do. */
  readonly advice: string;
}

/** What became of one check: a finding, or that there is none. */
export interface Result {
  /** Stable, of `CHECKS`. */
  readonly check: string;
  readonly severity: Severity | "ok";
  readonly object: string;
  readonly message: string;
  readonly advice: string;
}
