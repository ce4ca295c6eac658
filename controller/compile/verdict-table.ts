/** What each class may do with each other class. Every list is indexed as the image's section of the same name. */
export interface VerdictTable {
  /** In tables of one lineage equal numbers are of equal port sets, lists and rules, and one row object says one thing. */
  readonly lineage: object;
  /** Class 0: outsiders that no rule sees; then outsiders by range, then members. */
  readonly classes: readonly ClassRows[];
  readonly rows: readonly Row[];
  /** What rows with a column share: a number by class, to add to the row's port set. */
  readonly columns: readonly Uint16Array[];
  /** The interval list of each port set. */
  readonly portSets: Uint32Array;
  /** First interval of each list, and the number of all intervals. Lists are not empty. */
  readonly lists: Uint32Array;
  /**
   * Intervals of four words: start `protocol << 16 | port`, index of the rule that decides, index of a path or NONE for
   * the overlay's default path, Action with Audit and its rule. In a list they ascend; the first starts at 0 and each
   * ends where the next starts.
   */
  readonly intervals: Uint32Array;
  /** Names of rules, for operators; 0 is the overlay's default. */
  readonly rules: readonly string[];
}

export const INTERVAL_WORDS = 4;

export interface ClassRows {
  readonly egress: number;
  readonly ingress: number;
  /** By which path the ingress rules of peers send what leaves this class; only paths count. NONE: by none of their own. */
  readonly farIngress: number;
  /** By which path the egress rules of peers send what comes to this class. */
  readonly farEgress: number;
}

/** One side's answers by peer class. */
export interface Row {
  /** The port set of every class that is no exception; with a column, the first of `count` consecutive ones. */
  readonly portSet: number;
  readonly count: number;
  /** Index of the column that says which of them a class has, or undefined if there is just one. */
  readonly column: number | undefined;
  /** Classes with a port set of their own, ascending. */
  readonly classes: Uint32Array;
  /** Their port sets, in the same order. */
  readonly portSets: Uint32Array;
}
