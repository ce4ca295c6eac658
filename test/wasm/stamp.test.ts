import { describe, expect, test } from "@jest/globals";
import { bothRuntimes } from "../host/portable.ts";
import vectors from "../vectors/stamp.json" with { type: "json" };

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
const hex = (data: Uint8Array): string => Buffer.from(data).toString("hex");

describe.each(await bothRuntimes())("$name", ({ portable }) => {
  test.each(vectors.stamps)("makes the known header: $name", (row) => {
    const address = bytes(row.stamp).slice(32, 48);
    const nodesAndAddress = new Uint8Array([...bytes(row.sourceNode), ...bytes(row.stampingNode), ...address]);
    const body = portable.stampBody(
      row.kind, row.hopIndex, row.keyGeneration, row.overlay, row.epoch, row.issued, nodesAndAddress, row.pathId, row.nonce,
    );
    const destination = row.destination.includes(":") ? bytes("fd000007000000000000000000000020") : bytes("00000000000000000000ffff0a010014");
    const header = portable.signedHeader(bytes(row.key), body, destination, row.protocol, row.port, bytes(row.audience));
    expect(Buffer.from(header).toString("latin1")).toBe(row.header);
    expect(hex(portable.fromBase64Url(header))).toBe(row.stamp);
    expect(portable.headerMatches(bytes(row.key), ascii(row.header), destination, row.protocol, row.port, bytes(row.audience))).toBe(true);
  });
});
