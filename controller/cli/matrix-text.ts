import { Cell, type Matrix } from "../matrix/matrix.ts";
import { portText } from "../matrix/ports.ts";
import type { Terminal } from "./terminal.ts";

type Paint = Pick<Terminal, "style">;

/** With more members than this, those that no cell tells apart share a line and a column. */
const MEMBERS_SHOWN = 20;

/** A table for each port, or for several ports with the same cells. Columns have the numbers of lines. */
export function matrixText(matrix: Matrix, terminal: Paint): string {
  const lines = linesOf(matrix);
  const tables = tablesOf(matrix, lines).map(({ ports, cells }) => tableText(ports, lines, cells, terminal));
  const legend = LEGEND + (lines.some(({ members }) => members.length > 1) ? LEGEND_GROUPS : "");
  return [...tables, legend, ...exceptionsText(matrix, lines)].join("\n\n");
}

const EXCEPTIONS_SHOWN = 20;

const LEGEND =
  "From lines to columns.  + allowed   . itself   e denied by the source's egress   i by the destination's ingress   x by both";
const LEGEND_GROUPS = "\nMembers that no cell tells apart share a line; its own column is for one of them to another.";

/** The same for a pull request or a wiki. */
export function matrixMarkdown(matrix: Matrix): string {
  const lines = linesOf(matrix);
  const names = lines.map(({ name }) => name.replaceAll("|", "\\|"));
  const tables = tablesOf(matrix, lines).map(({ ports, cells }) => {
    const rows = cells.map((row, i) => [`**${names[i]}**`, ...[...row].map((symbol) => MARKDOWN[symbol] ?? symbol)]);
    const table = [["from \\ to", ...names], ["---", ...names.map(() => ":---:")], ...rows];
    return [`### ${ports}`, "", ...table.map((row) => `| ${row.join(" | ")} |`)].join("\n");
  });
  const legend = "✅ allowed, ❌ denied: by the source's *egress*, by the destination's *ingress*, or by both.";
  return [...tables, legend, ...exceptionsText(matrix, lines)].join("\n\n");
}

const MARKDOWN: Readonly<Record<string, string>> = {
  "+": "✅",
  ".": "·",
  e: "❌ egress",
  i: "❌ ingress",
  x: "❌ both",
};

interface Line {
  readonly name: string;
  /** Indexes of names. */
  readonly members: readonly number[];
}

function linesOf(matrix: Matrix): Line[] {
  const { names } = matrix;
  const groups = names.length > MEMBERS_SHOWN ? matrix.alike : names.map((_, i) => [i]);
  return groups.map((members) => {
    const more = members.length > 1 ? ` and ${members.length - 1} like it` : "";
    return { name: `${names[members[0] as number]}${more}`, members };
  });
}

/** Members with several addresses that policy tells apart. */
function exceptionsText(matrix: Matrix, lines: readonly Line[]): string[] {
  const texts = lines.flatMap(({ members: [from = 0] }) =>
    lines.flatMap(({ members: [to = 0] }) =>
      matrix.ports.flatMap((port, p) =>
        matrix.exceptions(from, to, p).map((one) => {
          const word = (one.cell & Cell.Verdict) === 0 ? "denied" : "allowed";
          return `  ${matrix.names[from]} ${one.from} -> ${matrix.names[to]} ${one.to} ${portText(port)}: ${word}`;
        }),
      ),
    ),
  );
  if (texts.length === 0) return [];
  const more = texts.length > EXCEPTIONS_SHOWN ? [`  and ${texts.length - EXCEPTIONS_SHOWN} more`] : [];
  return [
    ["Between other addresses than the first it is different:", ...texts.slice(0, EXCEPTIONS_SHOWN), ...more].join(
      "\n",
    ),
  ];
}

interface Table {
  /** Such as `TCP/80, TCP/81`. */
  readonly ports: string;
  /** A line each, a character per column. */
  readonly cells: readonly string[];
}

function tablesOf(matrix: Matrix, lines: readonly Line[]): Table[] {
  const tables = new Map<string, { ports: string[]; cells: string[] }>();
  matrix.ports.forEach((port, p) => {
    const cells = lines.map((from) => lines.map((to) => symbol(matrix, from, to, p)).join(""));
    const key = cells.join();
    const known = tables.get(key);
    if (known === undefined) tables.set(key, { ports: [portText(port)], cells });
    else known.ports.push(portText(port));
  });
  return [...tables.values()].map(({ ports, cells }) => ({ ports: ports.join(", "), cells }));
}

function symbol(matrix: Matrix, from: Line, to: Line, port: number): string {
  const [source = 0] = from.members;
  const destination = (from === to ? to.members[1] : to.members[0]) ?? source;
  if (source === destination) return ".";
  const cell = matrix.cell(source, destination, port);
  if ((cell & Cell.Verdict) !== 0) return "+";
  return (cell & Cell.Egress) !== 0 ? "i" : (cell & Cell.Ingress) !== 0 ? "e" : "x";
}

function tableText(ports: string, lines: readonly Line[], cells: readonly string[], terminal: Paint): string {
  const digits = String(lines.length).length;
  const width = Math.max(...lines.map(({ name }) => name.length), 0);
  const numbers = lines.map((_, i) => String(i + 1).padStart(digits));
  const head = `${" ".repeat(digits + width + 2)}  ${numbers.join(" ")}`;
  const rows = lines.map(({ name }, i) => {
    const symbols = [...(cells[i] as string)].map((one) => coloured(one, " ".repeat(digits - 1), terminal));
    return `${numbers[i]}  ${name.padEnd(width)}  ${symbols.join(" ")}`;
  });
  return [terminal.style("bold", ports), head, ...rows].join("\n");
}

function coloured(symbol: string, padding: string, terminal: Paint): string {
  if (symbol === ".") return padding + terminal.style("dim", symbol);
  return padding + terminal.style(symbol === "+" ? "green" : "red", symbol);
}
