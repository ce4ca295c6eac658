import { Sha256 } from "../crypto/sha256.ts";
import {
  CLASS_RECORD,
  EXCEPTION_SLOT,
  GATEWAY_RECORD,
  HEADER_DIGEST,
  HEADER_LENGTH,
  IMAGE_MAGIC,
  IMAGE_MAX_LENGTH,
  IMAGE_VERSION,
  INTERVAL_RECORD,
  KEY_RECORD,
  MEMBER_SLOT,
  OWN_RECORD,
  PATH_RECORD,
  PORT_SET_RECORD,
  RANGE_RECORD,
  ROW_RECORD,
  SECTION_COUNT,
  SECTION_ENTRY,
  SECTION_TABLE,
  Section,
  STRING_RECORD,
} from "../wire/image.ts";

/** Why an image was refused; the last good one stays. Only `None` accepts. */
export enum ImageFault {
  None = 0,
  TooShort = 1,
  TooLarge = 2,
  Magic = 3,
  Version = 4,
  /** The length in the header is not the length received. */
  Length = 5,
  HeaderDigest = 6,
  /** Sections overlap, leave a gap, are out of order, or aren't whole records. */
  SectionTable = 7,
  SectionDigest = 8,
  ForeignNode = 9,
  ForeignOverlay = 10,
  /** An endpoint's image at a gateway or the other way round. */
  Role = 11,
  /** Not newer than the image in force. */
  Older = 12,
  /** The keys in it have run out already. */
  Expired = 13,
}

/**
 * Magic, version, lengths, digests and the tiling of sections; says nothing about whose image it is. `last` is an image
 * that passed, or empty: a section that it has to the letter is compared and not hashed again, which is ten times faster.
 */
export function checkImage(view: DataView, bytes: Uint8Array, length: i32, sha: Sha256, last: DataView): ImageFault {
  if (length < HEADER_LENGTH || length > bytes.length) return ImageFault.TooShort;
  if (length > IMAGE_MAX_LENGTH) return ImageFault.TooLarge;
  if (view.getUint32(0, true) != IMAGE_MAGIC) return ImageFault.Magic;
  if ((view.getUint16(4, true) as u32) != IMAGE_VERSION) return ImageFault.Version;
  if ((view.getUint16(6, true) as i32) != SECTION_COUNT) return ImageFault.Version;
  if ((view.getUint32(8, true) as i32) != length) return ImageFault.Length;
  if (!digestIs(view, bytes, 0, HEADER_DIGEST, HEADER_DIGEST, sha)) return ImageFault.HeaderDigest;
  if (!isTiled(view, length) || view.getUint32(36, true) == 0) return ImageFault.SectionTable;
  for (let i = 0; i < SECTION_COUNT; i++) {
    if (!isSection(view, bytes, i, sha, last)) return ImageFault.SectionDigest;
  }
  return ImageFault.None;
}

/** Sections in order, of whole records, without a gap, up to the end. */
function isTiled(view: DataView, length: i32): bool {
  let at = HEADER_LENGTH;
  for (let i = 0; i < SECTION_COUNT; i++) {
    if ((view.getUint32(SECTION_TABLE + i * SECTION_ENTRY, true) as i32) != i) return false;
    if (sectionOffset(view, i) != at) return false;
    const size = sectionLength(view, i);
    if (size < 0 || size > length || padded(size) > length - at || !isWhole(i, size)) return false;
    at += padded(size);
  }
  return at == length;
}

function isSection(view: DataView, bytes: Uint8Array, section: i32, sha: Sha256, last: DataView): bool {
  const from = sectionOffset(view, section);
  const length = padded(sectionLength(view, section));
  const digest = SECTION_TABLE + section * SECTION_ENTRY + 16;
  if (last.byteLength > 0 && sectionLength(view, section) == sectionLength(last, section)) {
    const same =
      isSame(view, digest, last, digest, 32) && isSame(view, from, last, sectionOffset(last, section), length);
    if (same) return true;
  }
  return digestIs(view, bytes, from, length, digest, sha);
}

/** `length` is a multiple of four. */
function isSame(a: DataView, at: i32, b: DataView, bt: i32, length: i32): bool {
  for (let i = 0; i < length; i += 4) if (a.getUint32(at + i) != b.getUint32(bt + i)) return false;
  return true;
}

const digest: Uint8Array = new Uint8Array(32);
const digestView: DataView = new DataView(digest.buffer);

function digestIs(view: DataView, bytes: Uint8Array, from: i32, length: i32, at: i32, sha: Sha256): bool {
  sha.reset();
  sha.update(bytes, from, length);
  sha.digest(digest, 0);
  return isSame(digestView, 0, view, at, 32);
}

export function sectionOffset(view: DataView, section: i32): i32 {
  return view.getUint32(SECTION_TABLE + section * SECTION_ENTRY + 4, true) as i32;
}

export function sectionLength(view: DataView, section: i32): i32 {
  return view.getUint32(SECTION_TABLE + section * SECTION_ENTRY + 8, true) as i32;
}

/** Whole records, and a power of two of slots in hash tables, so that a mask finds a slot. */
function isWhole(section: i32, size: i32): bool {
  const record = recordLength(section);
  const count = size / record;
  if (section == Section.Members || section == Section.Exceptions) {
    return ((count | 0) & ((count | 0) - 1)) == 0 && size % record == 0;
  }
  return size % record == 0;
}

export function recordLength(section: i32): i32 {
  if (section == Section.Keys) return KEY_RECORD;
  if (section == Section.Gateways) return GATEWAY_RECORD;
  if (section == Section.Paths) return PATH_RECORD;
  if (section == Section.Own) return OWN_RECORD;
  if (section == Section.Members) return MEMBER_SLOT;
  if (section == Section.Ranges) return RANGE_RECORD;
  if (section == Section.Classes) return CLASS_RECORD;
  if (section == Section.Rows) return ROW_RECORD;
  if (section == Section.Exceptions) return EXCEPTION_SLOT;
  if (section == Section.Dense) return 2;
  if (section == Section.PortSets) return PORT_SET_RECORD;
  if (section == Section.Intervals) return INTERVAL_RECORD;
  if (section == Section.Rules || section == Section.Identities) return STRING_RECORD;
  return 1;
}

function padded(size: i32): i32 {
  return (size + 7) & ~7;
}
