import { expect, test } from "@jest/globals";
import {
  addressSlot,
  HEADER_DIGEST,
  HEADER_LENGTH,
  SECTION_COUNT,
  SECTION_ENTRY,
  SECTION_TABLE,
} from "../../assembly/wire/image.ts";

test("places the header digest right behind the section table", () => {
  expect(SECTION_TABLE + SECTION_COUNT * SECTION_ENTRY).toBe(HEADER_DIGEST);
  expect(HEADER_DIGEST + 32).toBe(HEADER_LENGTH);
});

test("keeps a slot within the table", () => {
  for (let i = 0; i < 1000; i++) expect(addressSlot(i * 2654435761, i, 0xffff0000, i, 64)).toBeLessThan(64);
});
