/** SHA-256; an argument because the fast one belongs to the platform, and images are large. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** One section of an image, ready to be copied. */
export interface EncodedSection {
  /** Without padding. */
  readonly length: number;
  /** With zeros up to a multiple of 8. */
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`. */
  readonly digest: Uint8Array;
}

/** Pads and hashes. Done once for what nodes share. */
export function section(bytes: Uint8Array, sha256: Sha256): EncodedSection {
  const padded = new Uint8Array((bytes.length + 7) & ~7);
  padded.set(bytes);
  return { length: bytes.length, bytes: padded, digest: sha256(padded) };
}

/** Records of a fixed size; `write` fills the record that starts at byte `at`. */
export function records<T>(
  items: readonly T[],
  size: number,
  write: (view: DataView, at: number, item: T) => void,
): Uint8Array {
  const bytes = new Uint8Array(items.length * size);
  const view = new DataView(bytes.buffer);
  items.forEach((item, i) => {
    write(view, i * size, item);
  });
  return bytes;
}

export function copyBytes(view: DataView, at: number, bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) view.setUint8(at + i, bytes[i] as number);
}

/** Slots of a hash table for `count` entries: a power of two, at most seven tenths full; none for none. */
export function capacityFor(count: number): number {
  if (count === 0) return 0;
  let capacity = 1;
  while (capacity * 0.7 < count) capacity *= 2;
  return capacity;
}
