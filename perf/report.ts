/** Results as Markdown. */
import type { Aim, BenchResults, Cell, Column, ScenarioResult, Table } from "./results.ts";
import type { Estimate } from "./statistics.ts";

export function report({ environment, quick, seconds, scenarios }: BenchResults): string {
  const { date, commit, cpu, cores, memoryGiB, kernel, node, envoy, loadBefore } = environment;
  return [
    "# Benchmark results",
    "",
    "Written by `npm run bench`; `perf/README.md` says what each scenario means. `1.02 (0.99-1.05)` is a value with its",
    "95 % confidence interval.",
    "",
    `${date}, commit ${commit}, ${quick ? "quick run" : "full run"} of ${Math.round(seconds)} s`,
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}, Envoy ${envoy}, load before ${loadBefore}`,
    "",
    ...aimsOf(scenarios),
    ...scenarios.flatMap(section),
  ].join("\n");
}

/** `value` with its interval, if it has one. */
export function cellText(cell: Cell, { digits = 0 }: Pick<Column, "digits"> = {}): string {
  if (cell === null) return "";
  if (typeof cell === "string") return cell;
  if (typeof cell === "number") return numberText(cell, digits);
  return estimateText(cell, digits);
}

export function estimateText({ value, low, high }: Estimate, digits: number): string {
  return `${numberText(value, digits)} (${numberText(low, digits)}-${numberText(high, digits)})`;
}

function numberText(value: number, digits: number): string {
  if (Number.isNaN(value)) return "none";
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function aimsOf(scenarios: readonly ScenarioResult[]): string[] {
  const rows = scenarios.flatMap(({ letter, aims }) => aims.map((aim) => aimRow(letter, aim)));
  if (rows.length === 0) return [];
  return ["| | aim | measured | met |", "| --- | --- | --- | --- |", ...rows, ""];
}

function aimRow(letter: string, { aim, measured, met }: Aim): string {
  return `| ${letter} | ${aim} | ${measured} | ${met ? "yes" : "**no**"} |`;
}

function section({ letter, title, about, tables, skipped }: ScenarioResult): string[] {
  const body = skipped === undefined ? tables.flatMap(tableLines) : [`Not run: ${skipped}`, ""];
  return [`## ${letter}. ${title}`, "", about, "", ...body];
}

function tableLines({ title, columns, rows }: Table): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    `**${title}**`,
    "",
    line(columns.map((column) => column.title)),
    line(columns.map((_, i) => (i === 0 ? "---" : "---:"))),
    ...rows.map((row) => line(row.map((cell, i) => cellText(cell, columns[i])))),
    "",
  ];
}
