/**
 * Draws an image as text, field by field, from the byte picture in `assembly/wire/image.ts` alone: its offsets are
 * written out here once more, so that a change of the layout can't go unnoticed.
 */
import { createHash } from "node:crypto";
import { formatAddress } from "../../controller/model/address.ts";

export function drawImage(image: Uint8Array): string {
  const bytes = Buffer.from(image);
  const sections = SECTIONS.map((_, number) => sectionAt(bytes, number));
  const text = (offset: number, length: number) =>
    (sections[14] as Drawn).bytes.toString("latin1", offset, offset + length);
  const lines = [...header(bytes)];
  sections.forEach(({ at, bytes, digest }, number) => {
    const { name, size, draw } = SECTIONS[number] as (typeof SECTIONS)[number];
    lines.push("", `${name} at ${at}, ${bytes.length} bytes, ${digest}`);
    for (let from = 0; size > 0 && from < bytes.length; from += size) {
      const line = draw(bytes.subarray(from, from + size), text);
      if (line !== "") lines.push(`  ${String(from / size).padStart(2)}  ${line}`);
    }
  });
  return `${lines.join("\n")}\n`;
}

interface Drawn {
  readonly at: number;
  readonly bytes: Buffer;
  readonly digest: string;
}

function header(b: Buffer): string[] {
  return [
    `magic ${b.toString("latin1", 0, 4)}, version ${b.readUInt16LE(4)}, ${b.readUInt16LE(6)} sections, ${b.readUInt32LE(8)} bytes`,
    `overlay ${b.readUInt32LE(12)}, node ${b.toString("hex", 16, 24)}, generation ${b.readBigUInt64LE(24)}`,
    `not after ${b.readUInt32LE(32)}, epochs of ${b.readUInt32LE(36)} s, role ${b[40]}, key generation ${b[41]}, flags ${b[42]}`,
    `default path ${b.readUInt32LE(44)}, zeros ${b.toString("hex", 48, 64)}`,
    `header digest ${sha256(b.subarray(0, 784)).equals(b.subarray(784, 816)) ? "right" : "wrong"}`,
  ];
}

function sectionAt(image: Buffer, number: number): Drawn {
  const entry = 64 + 48 * number;
  const [own, at, length] = [0, 4, 8].map((offset) => image.readUInt32LE(entry + offset)) as [number, number, number];
  const padded = image.subarray(at, at + Math.ceil(length / 8) * 8);
  const right = own === number && sha256(padded).equals(image.subarray(entry + 16, entry + 48));
  return { at, bytes: image.subarray(at, at + length), digest: `digest ${right ? "right" : "wrong"}` };
}

type Text = (offset: number, length: number) => string;

const u32 = (b: Buffer, at: number) => (b.readUInt32LE(at) === 0xffffffff ? "none" : String(b.readUInt32LE(at)));
const string = (b: Buffer, text: Text) => text(b.readUInt32LE(0), b.readUInt32LE(4));
const isZero = (b: Buffer) => b.every((byte) => byte === 0);
const address = (b: Buffer) => formatAddress(b.subarray(0, 16));

const SECTIONS: readonly { name: string; size: number; draw: (b: Buffer, text: Text) => string }[] = [
  {
    name: "Keys",
    size: 48,
    draw: (b) =>
      `epoch ${u32(b, 0)}, purpose ${u32(b, 4)}, peer ${b.toString("hex", 8, 16)}, key ${b.toString("hex", 16)}`,
  },
  {
    name: "Gateways",
    size: 16,
    draw: (b) => `node ${b.toString("hex", 0, 8)}, identity ${u32(b, 8)}, zero ${u32(b, 12)}`,
  },
  {
    name: "Paths",
    size: 16,
    draw: (b) =>
      `id ${b.toString("hex", 0, 4)} (little-endian), length ${u32(b, 4)}, gateways ${[...b.subarray(8)].join(" ")}`,
  },
  { name: "Own", size: 16, draw: address },
  {
    name: "Members",
    size: 32,
    draw: (b) =>
      isZero(b) ? "" : `${address(b)}, node ${b.toString("hex", 16, 24)}, class ${u32(b, 24)}, identity ${u32(b, 28)}`,
  },
  { name: "Ranges", size: 24, draw: (b) => `from ${address(b)}: class ${u32(b, 16)}, zero ${u32(b, 20)}` },
  {
    name: "Classes",
    size: 16,
    draw: (b) => `rows: egress ${u32(b, 0)}, ingress ${u32(b, 4)}, far ingress ${u32(b, 8)}, far egress ${u32(b, 12)}`,
  },
  { name: "Rows", size: 8, draw: (b) => `port set ${u32(b, 0)}, Dense at ${u32(b, 4)}` },
  {
    name: "Exceptions",
    size: 12,
    draw: (b) => (u32(b, 0) === "none" ? "" : `row ${u32(b, 0)}, class ${u32(b, 4)}: port set ${u32(b, 8)}`),
  },
  { name: "Dense", size: 2, draw: (b) => `+${b.readUInt16LE(0)}` },
  { name: "PortSets", size: 8, draw: (b) => `intervals from ${u32(b, 0)}, ${u32(b, 4)} of them` },
  {
    name: "Intervals",
    size: 16,
    draw: (b) =>
      `from ${b[2]}/${b.readUInt16LE(0)}: rule ${u32(b, 4)}, path ${u32(b, 8)}, ${answer(b.readUInt32LE(12))}`,
  },
  { name: "Rules", size: 8, draw: string },
  { name: "Identities", size: 8, draw: string },
  { name: "Strings", size: 0, draw: () => "" },
];

function answer(word: number): string {
  const audit = (word >>> 4) & 15;
  return `action ${word & 15}${audit === 0 ? "" : `, audit ${audit} by rule ${word >>> 8}`}`;
}

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
