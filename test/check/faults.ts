/** Faults of a cluster, each as a change of one in which everything is right, and what `check` must find then. */
import { CONTROL_FAULTS } from "./control-faults.ts";
import type { Fault } from "./fault.ts";
import { NAMESPACE_FAULTS } from "./namespace-faults.ts";

export const FAULTS: readonly Fault[] = [...CONTROL_FAULTS, ...NAMESPACE_FAULTS];
