import { fromHex, readVectors } from "./vectors.ts";

/** One epoch's keys: gateways by name, pairs as `from>to`, endpoints as `endpoint@gateway`. Hex. */
export interface KeyRow {
  epoch: number;
  keyGeneration: number;
  epochKey: string;
  gatewayKey: Record<string, string>;
  transitKey: Record<string, string>;
  endpointKey: Record<string, string>;
  deliveryKey: Record<string, string>;
}

export interface StampRow {
  name: string;
  kind: number;
  hopIndex: number;
  keyGeneration: number;
  overlay: number;
  epoch: number;
  issued: number;
  sourceNode: string;
  stampingNode: string;
  sourceAddress: string;
  pathId: number;
  nonce: number;
  destination: string;
  protocol: number;
  port: number;
  audience: string;
  key: string;
  stamp: string;
  header: string;
}

interface StampVectors {
  master: string;
  overlay: number;
  /** Node ids by full name. */
  nodes: Record<string, string>;
  keys: KeyRow[];
  stamps: StampRow[];
}

export const stampVectors = readVectors<StampVectors>("stamp");

/** Node id by the name that the key rows use: `edge-a`, `web`. */
export function nodeIdOf(name: string): Uint8Array {
  const known = Object.entries(stampVectors.nodes).find(
    ([full]) => full === `gateway/${name}` || full.includes(`/${name}-0/`),
  );
  if (known === undefined) throw new Error(`no node ${name} in the vectors`);
  return fromHex(known[1]);
}

/** The addresses that the stamp rows use, as 16 bytes. */
export function addressOf(text: string): Uint8Array {
  const known: Record<string, string> = {
    "10.1.0.10": "00000000000000000000ffff0a01000a",
    "10.1.0.20": "00000000000000000000ffff0a010014",
    "203.0.113.9": "00000000000000000000ffffcb007109",
    "fd00:7::10": "fd000007000000000000000000000010",
    "fd00:7::20": "fd000007000000000000000000000020",
  };
  const hex = known[text];
  if (hex === undefined) throw new Error(`no address ${text}`);
  return fromHex(hex);
}
