/** Writes an image to a stream at the pace of its reader. */
import { constants as http2, type ServerHttp2Stream } from "node:http2";
import { pipeline, Readable } from "node:stream";

/** Slices bound what one slow reader holds in the server's buffers. */
const SLICE = 256 * 1024;
/** A reader that takes nothing for so long is gone. */
const STALL_MS = 60_000;

/** Answers 200 with the parts, one after the other. */
export function sendImage(stream: ServerHttp2Stream, generation: bigint, parts: readonly Uint8Array[]): void {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  stream.respond({
    ":status": 200,
    "content-type": "application/octet-stream",
    "content-length": String(length),
    "sallyport-generation": String(generation),
  });
  stream.setTimeout(STALL_MS, () => stream.close(http2.NGHTTP2_CANCEL));
  // An error here is a reader that left; it will ask again.
  pipeline(Readable.from(slices(parts)), stream, () => {});
}

function* slices(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += SLICE) yield part.subarray(at, at + SLICE);
  }
}
