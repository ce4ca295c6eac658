import type { Readable } from "node:stream";

/** Longer answers and lines are given up: a page of a list has a few MB, an object 1.5 MB at most. */
const BODY_MAX_BYTES = 256 * 1024 * 1024;
const LINE_MAX_BYTES = 16 * 1024 * 1024;
const LINE_FEED = 0x0a;

/** The one JSON value that the stream is; text, such as a proxy's, is left as it is. */
export async function jsonOf(stream: Readable): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_MAX_BYTES) throw new Error(`the answer is longer than ${BODY_MAX_BYTES >> 20} MiB`);
    chunks.push(chunk);
  }
  return parsed(Buffer.concat(chunks));
}

/** The JSON values of a stream, one per line. */
export async function* jsonLines(stream: Readable): AsyncGenerator<unknown> {
  let begun: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const line = Buffer.concat([...begun, chunk.subarray(start, end)]);
      begun = [];
      length = 0;
      start = end + 1;
      if (line.length > 0) yield parsed(line);
    }
    begun.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > LINE_MAX_BYTES) throw new Error(`a line is longer than ${LINE_MAX_BYTES >> 20} MiB`);
  }
  const last = Buffer.concat(begun);
  if (last.length > 0) yield parsed(last);
}

function parsed(bytes: Buffer): unknown {
  const text = bytes.toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
