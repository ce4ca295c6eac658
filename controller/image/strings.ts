import { STRING_RECORD } from "../../assembly/wire/image.ts";
import { records } from "./section.ts";

/** Collects the ASCII bytes that string records point into. */
export class Strings {
  private readonly chunks: Uint8Array[] = [];
  private length = 0;

  /** The records of some texts, in their order. */
  records(texts: readonly string[]): Uint8Array {
    return records(texts, STRING_RECORD, (view, at, text) => {
      const bytes = ascii(text);
      view.setUint32(at, this.length, true);
      view.setUint32(at + 4, bytes.length, true);
      this.chunks.push(bytes);
      this.length += bytes.length;
    });
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const chunk of this.chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }
}

/** Other characters become `?`, which no SPIFFE id holds. */
function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    bytes[i] = code >= 0x20 && code < 0x7f ? code : 0x3f;
  }
  return bytes;
}
