import type { Difference } from "../diff/compare.ts";
import { namesOf } from "../diff/names.ts";
import { PROTOCOL_NAMES, portsText } from "../diff/port-text.ts";
import type { Terminal } from "./terminal.ts";

/** What changed in an overlay. */
export interface OverlayDiff {
  readonly overlay: string;
  readonly differences: readonly Difference[];
  /** Members only one side has. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

type Paint = Pick<Terminal, "style">;

const HEADINGS = { opens: "Opens", closes: "Closes", moves: "Takes another way" } as const;
const CHANGES = ["opens", "closes", "moves"] as const;
const STYLES = { opens: "green", closes: "red", moves: "yellow" } as const;
/** More names than this are counted. */
const NAMES_SHOWN = 6;

export function diffText(diffs: readonly OverlayDiff[], { style }: Paint): string {
  const parts = diffs.flatMap((diff) => [
    ...(diffs.length > 1 ? [style("bold", `Overlay ${diff.overlay}`)] : []),
    ...sections(diff).map(({ change, lines }) => {
      const rows = lines.map(({ from, to, ports }) => `  ${from} -> ${to}: ${ports}`);
      return [style(["bold", STYLES[change]], HEADINGS[change]), ...rows].join("\n");
    }),
    ...membersText(diff),
  ]);
  return parts.length === 0 ? NOTHING : parts.join("\n\n");
}

export function diffMarkdown(diffs: readonly OverlayDiff[]): string {
  const parts = diffs.flatMap((diff) => [
    ...(diffs.length > 1 ? [`## Overlay ${diff.overlay}`] : []),
    ...sections(diff).map(({ change, lines }) => {
      const rows = lines.map(({ from, to, ports }) => [from, to, ports]);
      const table = [["from", "to", "ports"], ["---", "---", "---"], ...rows].map((row) => `| ${row.join(" | ")} |`);
      return [`### ${HEADINGS[change]}`, "", ...table].join("\n");
    }),
    ...membersText(diff),
  ]);
  return parts.length === 0 ? NOTHING : parts.join("\n\n");
}

const NOTHING = "No flow opens, closes or takes another way.";

/** Fields are added but not renamed or removed. Ranges include both ends. */
export function diffJson(diffs: readonly OverlayDiff[]): string {
  const changes = diffs.flatMap(({ overlay, differences }) =>
    differences.map(({ change, family, from, to, ports, was, becomes }) => ({
      ...{ change, overlay, family: `IPv${family}`, from: namesOf(from), to: namesOf(to) },
      ports: ports.flatMap(({ first, last }) => portRanges(first, last)),
      ...(change === "moves" && { was, becomes }),
    })),
  );
  const members = diffs.map(({ overlay, added, removed }) => ({ overlay, added, removed }));
  return JSON.stringify({ changes, members }, null, 2);
}

interface PortRange {
  /** `TCP`, `47`, or `0-255` for several. */
  readonly protocol: string;
  readonly first: number;
  readonly last: number;
}

/** A range of keys as whole protocols in the middle and parts of protocols at its ends. */
function portRanges(first: number, last: number): PortRange[] {
  const [from, to] = [first >>> 16, last >>> 16];
  const [firstPort, lastPort] = [first & 0xffff, last & 0xffff];
  if (from === to) return [{ protocol: PROTOCOL_NAMES.get(from) ?? String(from), first: firstPort, last: lastPort }];
  if (firstPort > 0) return [...portRanges(first, first | 0xffff), ...portRanges((from + 1) << 16, last)];
  if (lastPort < 0xffff) return [...portRanges(first, (to << 16) - 1), ...portRanges(to << 16, last)];
  return [{ protocol: `${from}-${to}`, first: 0, last: 0xffff }];
}

interface Line {
  readonly from: string;
  readonly to: string;
  readonly ports: string;
}

function sections(diff: OverlayDiff): { change: Difference["change"]; lines: Line[] }[] {
  return CHANGES.map((change) => ({ change, lines: linesOf(diff, change) })).filter(({ lines }) => lines.length > 0);
}

/** What is the same over IPv4 and IPv6 is one line. */
function linesOf({ differences, added, removed }: OverlayDiff, change: Difference["change"]): Line[] {
  const marks = new Map([
    ...added.map((name) => [name, `${name} (new)`] as const),
    ...removed.map((name) => [name, `${name} (gone)`] as const),
  ]);
  const lines = differences
    .filter((difference) => difference.change === change)
    .map(({ from, to, ports, was, becomes }) => {
      const way = change === "moves" ? `, through ${becomes} instead of ${was}` : "";
      return { from: listText(namesOf(from), marks), to: listText(namesOf(to), marks), ports: portsText(ports) + way };
    });
  const distinct = new Map(lines.map((line) => [`${line.from} ${line.to} ${line.ports}`, line]));
  return [...distinct].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
}

function listText(names: readonly string[], marks: ReadonlyMap<string, string>): string {
  const marked = names.map((name) => marks.get(name) ?? name);
  if (marked.length <= NAMES_SHOWN) return marked.join(", ");
  return `${marked.slice(0, NAMES_SHOWN - 1).join(", ")} and ${marked.length - NAMES_SHOWN + 1} more`;
}

function membersText({ added, removed }: OverlayDiff): string[] {
  const none = new Map<string, string>();
  return [
    ...(added.length > 0 ? [`New members: ${listText(added, none)}`] : []),
    ...(removed.length > 0 ? [`Members gone: ${listText(removed, none)}`] : []),
  ];
}
