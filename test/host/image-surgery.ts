/** Takes images apart and puts them together again with digests that fit, to see what lookups make of bad contents. */
import {
  HEADER_DIGEST,
  HEADER_LENGTH,
  SECTION_COUNT,
  SECTION_ENTRY,
  SECTION_TABLE,
  type Section,
} from "../../assembly/wire/image.ts";
import { sha256 } from "./decisions.ts";

/** The contents of an image's sections, without padding. */
export function sectionsOf(image: Uint8Array): Uint8Array[] {
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  return Array.from({ length: SECTION_COUNT }, (_, number) => {
    const entry = SECTION_TABLE + number * SECTION_ENTRY;
    const at = view.getUint32(entry + 4, true);
    return image.slice(at, at + view.getUint32(entry + 8, true));
  });
}

/** An image with this one's header and these sections; lengths, offsets and digests are made to fit. */
export function withSections(image: Uint8Array, sections: readonly Uint8Array[]): Uint8Array {
  const padded = sections.map((bytes) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 7)]));
  const whole = Buffer.concat([image.subarray(0, HEADER_LENGTH), ...padded]);
  whole.writeUInt32LE(whole.length, 8);
  let at = HEADER_LENGTH;
  padded.forEach((bytes, number) => {
    const entry = SECTION_TABLE + number * SECTION_ENTRY;
    whole.writeUInt32LE(at, entry + 4);
    whole.writeUInt32LE((sections[number] as Uint8Array).length, entry + 8);
    whole.set(sha256(bytes), entry + 16);
    at += bytes.length;
  });
  return withHeader(whole, () => {});
}

/** The image with one section changed. */
export function withSection(
  image: Uint8Array,
  section: Section,
  change: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  return withSections(
    image,
    sectionsOf(image).map((bytes, number) => (number === section ? change(bytes) : bytes)),
  );
}

/** The image with its header changed, and a header digest that fits. */
export function withHeader(image: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const changed = new Uint8Array(image);
  change(new DataView(changed.buffer));
  changed.set(sha256(changed.subarray(0, HEADER_DIGEST)), HEADER_DIGEST);
  return changed;
}
