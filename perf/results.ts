/** What a bench finds, as data; `report.ts` writes it for people. */
import type { Estimate } from "./statistics.ts";

export interface BenchResults {
  readonly environment: Environment;
  readonly quick: boolean;
  readonly seconds: number;
  readonly scenarios: readonly ScenarioResult[];
}

export interface Environment {
  readonly date: string;
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly envoy: string;
  /** Over the minute before the bench: above a few tenths, others used the machine too. */
  readonly loadBefore: number;
}

export interface ScenarioResult {
  /** a..g */
  readonly letter: string;
  readonly title: string;
  /** What was measured and how, in sentences. */
  readonly about: string;
  readonly tables: readonly Table[];
  readonly aims: readonly Aim[];
  /** Why it did not run. */
  readonly skipped?: string;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface Column {
  readonly title: string;
  /** Digits behind the point. */
  readonly digits?: number;
}

export type Cell = string | number | Estimate | null;

/** Something that was wished for, and what came of it. */
export interface Aim {
  readonly aim: string;
  readonly measured: string;
  readonly met: boolean;
}
