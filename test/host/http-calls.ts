import type { HeaderList } from "./context.ts";
import { fromLatin1 } from "./vectors.ts";

/** A call that a filter made and nobody answered yet. */
export interface HttpCall {
  readonly token: number;
  /** Context that made it. */
  readonly caller: number;
  readonly cluster: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly timeoutMs: number;
  readonly madeAtMs: number;
}

export interface HttpAnswer {
  readonly headers: HeaderList;
  readonly body: Uint8Array;
  /** What the host says is the length of the body. */
  readonly announced?: number;
}

/** u32 count, (u32 key length, u32 value length) pairs, then key NUL value NUL ...; undefined if it isn't just that. */
export function readPairs(bytes: Buffer): Map<string, string> | undefined {
  if (bytes.length < 4) return undefined;
  const count = bytes.readUInt32LE(0);
  let at = 4 + count * 8;
  if (at > bytes.length) return undefined;
  const pairs = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const keyEnd = at + bytes.readUInt32LE(4 + i * 8);
    const valueEnd = keyEnd + 1 + bytes.readUInt32LE(8 + i * 8);
    if (bytes[keyEnd] !== 0 || bytes[valueEnd] !== 0) return undefined;
    pairs.set(bytes.toString("latin1", at, keyEnd), bytes.toString("latin1", keyEnd + 1, valueEnd));
    at = valueEnd + 1;
  }
  return at === bytes.length ? pairs : undefined;
}

/** The reverse of `readPairs`; here a name may come more than once. */
export function writePairs(list: HeaderList): Uint8Array {
  const start = 4 + list.length * 8;
  const bytes = Buffer.alloc(list.reduce((sum, [name, value]) => sum + name.length + value.length + 2, start));
  bytes.writeUInt32LE(list.length, 0);
  let at = start;
  list.forEach(([name, value], i) => {
    bytes.writeUInt32LE(name.length, 4 + i * 8);
    bytes.writeUInt32LE(value.length, 8 + i * 8);
    bytes.write(name, at, "latin1");
    bytes.set(value, at + name.length + 1);
    at += name.length + value.length + 2;
  });
  return bytes;
}

export function answerOf(status: number, body: Uint8Array = new Uint8Array(0)): HttpAnswer {
  return { headers: [[":status", fromLatin1(String(status))]], body };
}

/** What Envoy reports for a call that failed: no headers at all. */
export const FAILURE: HttpAnswer = { headers: [], body: new Uint8Array(0) };
