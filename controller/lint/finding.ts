import type { Origin } from "../model/resources.ts";
import type { Path } from "../read/issue.ts";

/** Stable names of what lint looks for. */
export type Code =
  | "rejected"
  | "selects-nothing"
  | "peer-selects-nothing"
  | "shadowed-rule"
  | "allows-all"
  | "separate-selectors"
  | "ignored-rules"
  | "unknown-port-name"
  | "host-network-pod"
  | "block-covers-members"
  | "blind-block"
  | "egress-unchecked"
  | "client-address"
  | "domain-names"
  | "path-conflict"
  | "blocks-tunnel"
  | "blocks-probes"
  | "unprotected-members";

/** `error`: it isn't in force as written. `warning`: probably not what was meant. `info`: good to know. */
export type Severity = "error" | "warning" | "info";

export interface Finding {
  readonly code: Code;
  readonly severity: Severity;
  readonly origin: Origin;
  /** Empty for the whole object. */
  readonly path: Path;
  /** What is wrong and what to do, without the place. */
  readonly message: string;
}
