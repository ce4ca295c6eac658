import type { KeyRange } from "./delta.ts";
import { LAST_KEY } from "./flows.ts";

/** Protocols that people know by name. */
export const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [1, "ICMP"],
  [6, "TCP"],
  [17, "UDP"],
  [58, "ICMPv6"],
  [132, "SCTP"],
]);
const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 132]);
const LAST_PORT = 0xffff;

/** Keys `protocol << 16 | port` for people: `TCP 80, 443; UDP 53`, or `everything but TCP 80` where that is shorter. */
export function portsText(ports: readonly KeyRange[]): string {
  const rest = complement(ports);
  if (rest.length === 0) return "everything";
  const [plain, inverse] = [listText(ports), `everything but ${listText(rest)}`];
  return inverse.length < plain.length ? inverse : plain;
}

function complement(ports: readonly KeyRange[]): KeyRange[] {
  const rest: KeyRange[] = [];
  let next = 0;
  for (const { first, last } of [...ports, { first: LAST_KEY + 1, last: LAST_KEY + 1 }]) {
    if (next < first) rest.push({ first: next, last: first - 1 });
    next = last + 1;
  }
  return rest;
}

function listText(ports: readonly KeyRange[]): string {
  const texts: string[] = [];
  const unnamed: number[] = [];
  for (const [protocol, ranges] of byProtocol(ports)) {
    const isWhole = ranges.length === 1 && ranges[0]?.first === 0 && ranges[0].last === LAST_PORT;
    if (isWhole && !PROTOCOL_NAMES.has(protocol)) unnamed.push(protocol);
    else if (isWhole) texts.push(`all ${PROTOCOL_NAMES.get(protocol)}`);
    else texts.push(`${PROTOCOL_NAMES.get(protocol) ?? `protocol ${protocol}`} ${numbersText(protocol, ranges)}`);
  }
  if (unnamed.length === 256 - PROTOCOL_NAMES.size) texts.push("all other protocols");
  else if (unnamed.length > 0) texts.push(`protocols ${runsText(unnamed)}`);
  return texts.join("; ");
}

/** `2-5, 7` */
function runsText(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(", ");
}

function byProtocol(ports: readonly KeyRange[]): Map<number, KeyRange[]> {
  const found = new Map<number, KeyRange[]>();
  for (const { first, last } of ports) {
    for (let protocol = first >>> 16; protocol <= last >>> 16; protocol++) {
      const base = protocol * 65536;
      const range = { first: Math.max(first - base, 0), last: Math.min(last - base, LAST_PORT) };
      const known = found.get(protocol);
      if (known === undefined) found.set(protocol, [range]);
      else known.push(range);
    }
  }
  return found;
}

function numbersText(protocol: number, ranges: readonly KeyRange[]): string {
  const isPort = WITH_PORTS.has(protocol);
  const text = (number: number) => (isPort ? String(number) : `type ${number >>> 8} code ${number & 255}`);
  return ranges
    .map(({ first, last }) => {
      if (first === last) return text(first);
      if (!isPort && (first & 255) === 0 && (last & 255) === 255 && first >>> 8 === last >>> 8)
        return `type ${first >>> 8}`;
      return `${text(first)}-${text(last)}`;
    })
    .join(", ");
}
