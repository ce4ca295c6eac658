import {
  HEADER_DIGEST,
  HEADER_LENGTH,
  IMAGE_MAGIC,
  IMAGE_VERSION,
  ImageFlag,
  KEY_RECORD,
  type KeyPurpose,
  OWN_RECORD,
  Role,
  SECTION_COUNT,
  SECTION_ENTRY,
  SECTION_TABLE,
  Section,
} from "../../assembly/wire/image.ts";
import type { CompiledEndpoint, CompiledGateway, CompiledPolicy } from "../compile/compiled.ts";
import type { PreparedImages } from "./prepare.ts";
import { copyBytes, type EncodedSection, records } from "./section.ts";

/** One entry of the Keys section. */
export interface KeyRecord {
  readonly epoch: number;
  readonly purpose: KeyPurpose;
  /** 8-byte node id of the other side; a gateway's own for its gateway key. */
  readonly peer: Uint8Array;
  /** 32 bytes, secret. */
  readonly key: Uint8Array;
}

/** What makes one image of a node newer than another. */
export interface Issue {
  /** The generation is `term << 32 | sequence`, both u32. */
  readonly term: number;
  readonly sequence: number;
  /** Unix seconds at which the keys run out. */
  readonly notAfter: number;
  readonly keys: readonly KeyRecord[];
}

/** The image of one node, as `assembly/wire/image.ts` draws it. */
export function encodeImage(
  prepared: PreparedImages,
  node: CompiledGateway | CompiledEndpoint,
  issue: Issue,
): Uint8Array {
  const parts = encodeParts(prepared, node, issue);
  const image = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    image.set(part, at);
    at += part.length;
  }
  return image;
}

/** The same in pieces to be written in order: the header, then sections, most of which other nodes' images share. */
export function encodeParts(
  prepared: PreparedImages,
  node: CompiledGateway | CompiledEndpoint,
  issue: Issue,
): Uint8Array[] {
  const sections = new Map("gateway" in node ? prepared.gateway : prepared.forEndpoint(node));
  sections.set(Section.Keys, prepared.section(keyRecords(issue.keys)));
  if ("endpoint" in node) sections.set(Section.Own, prepared.section(ownRecords(node)));
  const ordered = Array.from({ length: SECTION_COUNT }, (_, number) => sections.get(number) as EncodedSection);
  const contents = ordered.map(({ bytes }) => bytes);
  const header = new Uint8Array(HEADER_LENGTH);
  const view = new DataView(header.buffer);
  writeHeader(view, HEADER_LENGTH + lengthOf(contents), prepared.policy, node, issue);
  let at = HEADER_LENGTH;
  ordered.forEach((section, number) => {
    writeEntry(view, SECTION_TABLE + number * SECTION_ENTRY, number, at, section);
    at += section.bytes.length;
  });
  header.set(prepared.sha256(header.subarray(0, HEADER_DIGEST)), HEADER_DIGEST);
  return [header, ...contents.filter(({ length }) => length > 0)];
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

function writeHeader(
  view: DataView,
  length: number,
  policy: CompiledPolicy,
  node: CompiledGateway | CompiledEndpoint,
  issue: Issue,
): void {
  const { overlay } = policy;
  view.setUint32(0, IMAGE_MAGIC, true);
  view.setUint16(4, IMAGE_VERSION, true);
  view.setUint16(6, SECTION_COUNT, true);
  view.setUint32(8, length, true);
  view.setUint32(12, overlay.id, true);
  copyBytes(view, 16, node.id);
  view.setUint32(24, issue.sequence, true);
  view.setUint32(28, issue.term, true);
  view.setUint32(32, issue.notAfter, true);
  view.setUint32(36, overlay.keys.epochSeconds, true);
  view.setUint8(40, "gateway" in node ? Role.Gateway : Role.Endpoint);
  view.setUint8(41, overlay.keys.keyGeneration);
  const loopback = policy.loopbackMembers ? ImageFlag.LoopbackMembers : 0;
  view.setUint8(42, loopback | (overlay.interception === "All" ? ImageFlag.InterceptAll : 0));
}

function writeEntry(
  view: DataView,
  entry: number,
  number: number,
  at: number,
  { length, digest }: EncodedSection,
): void {
  view.setUint32(entry, number, true);
  view.setUint32(entry + 4, at, true);
  view.setUint32(entry + 8, length, true);
  copyBytes(view, entry + 16, digest);
}

function keyRecords(keys: readonly KeyRecord[]): Uint8Array {
  const sorted = [...keys].sort((a, b) => a.epoch - b.epoch || a.purpose - b.purpose || compareBytes(a.peer, b.peer));
  return records(sorted, KEY_RECORD, (view, at, { epoch, purpose, peer, key }) => {
    view.setUint32(at, epoch, true);
    view.setUint32(at + 4, purpose, true);
    copyBytes(view, at + 8, peer);
    copyBytes(view, at + 16, key);
  });
}

function ownRecords({ addresses }: CompiledEndpoint): Uint8Array {
  return records(addresses, OWN_RECORD, (view, at, { address }) => copyBytes(view, at, address));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return 0;
}
