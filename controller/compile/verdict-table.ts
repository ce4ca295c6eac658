import type { Action } from "../../assembly/wire/image.ts";

/** What each class may do with each other class. Every list is indexed as the image's section of the same name. */
export interface VerdictTable {
  /** Class 0: outsiders that no rule sees; then outsiders by range, then members. */
  readonly classes: readonly ClassRows[];
  readonly rows: readonly Row[];
  readonly portSets: readonly PortSet[];
  /** Names of rules, for operators; 0 is the overlay's default. */
  readonly rules: readonly string[];
}

export interface ClassRows {
  readonly egress: number;
  readonly ingress: number;
}

/** One side's answers by peer class. */
export interface Row {
  /** The port set of every class that is no exception. */
  readonly portSet: number;
  /** Classes with another port set, ascending. */
  readonly classes: Uint32Array;
  /** Their port sets, in the same order. */
  readonly portSets: Uint32Array;
}

/** Intervals of `protocol << 16 | port`, ascending; the first starts at 0 and each ends where the next starts. */
export type PortSet = readonly Interval[];

export interface Interval {
  readonly start: number;
  /** Index of the rule that decides. */
  readonly rule: number;
  /** Index of a path, or NONE for the overlay's default path. */
  readonly path: number;
  readonly action: Action;
}
