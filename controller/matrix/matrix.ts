import { Side } from "../../assembly/decide/image.ts";
import { Verdict } from "../../assembly/decide/verdict.ts";
import type { CompiledEndpoint, CompiledPolicy } from "../compile/compiled.ts";
import { PROTOCOLS } from "../compile/statement.ts";
import { familyOf, formatAddress } from "../model/address.ts";
import type { Decider } from "../offline/decider.ts";
import { addressesOf } from "../offline/members.ts";
import type { MatrixPort } from "./ports.ts";

/** What policy says to one flow: bits. A cell with neither side's bit is denied by both. */
export enum Cell {
  Ingress = 1,
  Egress = 2,
  /** Both sides together. */
  Verdict = 4,
}
const OPEN = Cell.Ingress | Cell.Egress | Cell.Verdict;

/** Who reaches whom at which ports: every ordered pair of an overlay's members, a member and itself too. */
export class Matrix {
  readonly names: readonly string[];
  private readonly members: readonly CompiledEndpoint[];
  private readonly addresses: readonly (readonly ClassedAddress[])[];
  /** By port, source class and destination class; those classes numbered from 0 that members have. */
  private readonly cells: readonly Uint8Array[];
  private readonly classCount: number;

  constructor(
    { endpoints }: CompiledPolicy,
    readonly ports: readonly MatrixPort[],
    decider: Decider,
  ) {
    this.members = endpoints;
    this.names = endpoints.map(({ endpoint }) => `${endpoint.namespace}/${endpoint.name}`);
    const numbers = new Map<number, number>();
    this.addresses = endpoints.map((member) =>
      addressesOf(member).map((address) => classed(address, decider, numbers)),
    );
    this.classCount = numbers.size;
    const classes = [...numbers.keys()];
    this.cells = ports.map((port) => table(classes, (PROTOCOLS[port.protocol] << 16) | port.port, decider));
  }

  /**
   * Bits of `Cell`, for indexes of names and ports: of the destination's first address of a family that the source has
   * too. Without such addresses nothing flows. A member always reaches itself.
   */
  cell(from: number, to: number, port: number): number {
    if (from === to) return OPEN;
    const pair = this.firstPair(from, to);
    return pair < 0 ? 0 : ((this.cells[port] as Uint8Array)[pair] as number);
  }

  /** What is said to flows between other addresses of the two, where it isn't the same. */
  exceptions(from: number, to: number, port: number): CellException[] {
    if (from === to || (this.addresses[from]?.length === 1 && this.addresses[to]?.length === 1)) return [];
    const cell = this.cell(from, to, port);
    return this.flows(from, to)
      .filter((flow) => this.bits(flow, port) !== cell)
      .map((flow) => ({ from: flow.source.text, to: flow.destination.text, cell: this.bits(flow, port) }));
  }

  /** Members that no cell tells apart, as lists of indexes of names; in the order of their first. */
  get alike(): readonly (readonly number[])[] {
    const groups = new Map<string, number[]>();
    this.members.forEach((_, i) => {
      const key = (this.addresses[i] ?? []).map(({ number, family }) => `${family}:${number}`).join();
      const known = groups.get(key);
      if (known === undefined) groups.set(key, [i]);
      else known.push(i);
    });
    return [...groups.values()];
  }

  /** Index of the cell; -1: they have no addresses of one family. */
  private firstPair(from: number, to: number): number {
    const sources = this.addresses[from] ?? [];
    for (const target of this.addresses[to] ?? []) {
      const source = sources.find(({ family }) => family === target.family);
      if (source !== undefined) return source.number * this.classCount + target.number;
    }
    return -1;
  }

  private flows(from: number, to: number): AddressPair[] {
    const sources = this.addresses[from] ?? [];
    return (this.addresses[to] ?? []).flatMap((destination) =>
      sources.flatMap((source) => (source.family === destination.family ? [{ source, destination }] : [])),
    );
  }

  private bits({ source, destination }: AddressPair, port: number): number {
    return (this.cells[port] as Uint8Array)[source.number * this.classCount + destination.number] as number;
  }
}

/** Addresses of two members between which something else is said than between their first ones. */
export interface CellException {
  readonly from: string;
  readonly to: string;
  /** Bits of `Cell`. */
  readonly cell: number;
}

interface AddressPair {
  readonly source: ClassedAddress;
  readonly destination: ClassedAddress;
}

interface ClassedAddress {
  readonly text: string;
  readonly family: 4 | 6;
  readonly number: number;
}

function classed(address: Uint8Array, decider: Decider, numbers: Map<number, number>): ClassedAddress {
  const cls = decider.classOf(address);
  const number = numbers.get(cls) ?? numbers.size;
  numbers.set(cls, number);
  return { text: formatAddress(address), family: familyOf(address), number };
}

function table(classes: readonly number[], key: number, decider: Decider): Uint8Array {
  const cells = new Uint8Array(classes.length * classes.length);
  let at = 0;
  for (const source of classes) {
    for (const destination of classes) {
      const bit = (side: Side, value: Cell) =>
        decider.decide(source, destination, key, side) === Verdict.Allow ? value : 0;
      cells[at++] = bit(Side.Ingress, Cell.Ingress) | bit(Side.Egress, Cell.Egress) | bit(Side.Both, Cell.Verdict);
    }
  }
  return cells;
}
