import { describe, expect, test } from "@jest/globals";
import { HmacSha256 } from "../../assembly/crypto/hmac.ts";
import { Image } from "../../assembly/decide/image.ts";
import { KeyCache } from "../../assembly/decide/key-cache.ts";

/** Whose key: purpose, peer id in two words, epoch. */
type Key = readonly [purpose: number, high: number, low: number, epoch: number];

const KEY: Key = [4, 0x01020304, 0x05060708, 491_000];
const MESSAGE = Uint8Array.of(1, 2, 3);

const changes: readonly { name: string; change: (key: Key, by: number) => Key }[] = [
  { name: "purpose", change: ([purpose, ...rest], by) => [purpose + by, ...rest] },
  { name: "first half of the peer's id", change: ([purpose, high, ...rest], by) => [purpose, high + by, ...rest] },
  {
    name: "second half of the peer's id",
    change: ([purpose, high, low, epoch], by) => [purpose, high, low + by, epoch],
  },
  { name: "epoch", change: ([purpose, high, low, epoch], by) => [purpose, high, low, epoch + by] },
];

describe("a cache of prepared keys", () => {
  test("gives back the key that it was given", () => {
    const { cache, image, tag } = filled();
    const hmac = new HmacSha256();
    expect(cache.restore(hmac, image, ...KEY)).toBe(true);
    expect(tagOf(hmac)).toEqual(tag);
  });

  // Far more peers than places, so that many of them fall on the place of the one that is there.
  test.each(changes)("gives no key for another $name", ({ change }) => {
    const { cache, image } = filled();
    const hmac = new HmacSha256();
    for (let by = 1; by <= 20_000; by++) expect(cache.restore(hmac, image, ...change(KEY, by))).toBe(false);
  });

  test.each(["term", "sequence"] as const)("forgets all keys when an image of another %s came", (field) => {
    const { cache, image } = filled();
    image[field] += 1;
    expect(cache.restore(new HmacSha256(), image, ...KEY)).toBe(false);
  });
});

function filled() {
  const image = new Image();
  image.term = 1;
  image.sequence = 1;
  const cache = new KeyCache();
  const hmac = new HmacSha256();
  cache.restore(hmac, image, ...KEY);
  hmac.setKey(
    Uint8Array.from({ length: 32 }, (_, i) => i),
    0,
    32,
  );
  cache.save(hmac, ...KEY);
  return { cache, image, tag: tagOf(hmac) };
}

function tagOf(hmac: HmacSha256): number[] {
  const tag = new Uint8Array(32);
  hmac.begin();
  hmac.update(MESSAGE, 0, MESSAGE.length);
  hmac.finish(tag, 0);
  return [...tag];
}
