import { Sha256 } from "../crypto/sha256.ts";
import {
  ACTION_MASK,
  Action,
  AUDIT_RULE_SHIFT,
  AUDIT_SHIFT,
  Audit,
  addressSlot,
  CLASS_RECORD,
  EXCEPTION_SLOT,
  exceptionSlot,
  GATEWAY_RECORD,
  INTERVAL_RECORD,
  KEY_RECORD,
  MEMBER_SLOT,
  NONE,
  OWN_RECORD,
  PATH_MAX_LENGTH,
  PATH_RECORD,
  PORT_SET_RECORD,
  RANGE_RECORD,
  ROW_RECORD,
  SECTION_COUNT,
  Section,
  STRING_RECORD,
} from "../wire/image.ts";
import { checkImage, ImageFault, recordLength, sectionLength, sectionOffset } from "./image-check.ts";
import { Verdict } from "./verdict.ts";

/** Which sides of a flow a place checks: an endpoint its own, a gateway both. */
export enum Side {
  Egress = 1,
  Ingress = 2,
  Both = 3,
}

/** Where a class record has its rows. */
enum ClassField {
  Egress = 0,
  Ingress = 4,
  FarIngress = 8,
  FarEgress = 12,
}

/** A path that no image has. */
const BROKEN_PATH: u32 = 0xfffffffe;

/** Whose image is expected, set once from the filter's configuration. */
export class Expectation {
  node: DataView = new DataView(new ArrayBuffer(8));
  overlay: u32 = 0;
  role: u32 = 0;
}

/**
 * A node image, read in place. `open` validates everything that a lookup relies on once; a lookup then is two hash
 * probes or binary searches for the addresses, one probe and one binary search a side, whatever the number of policies.
 */
export class Image {
  ready: bool = false;
  overlay: u32 = 0;
  sequence: u32 = 0;
  term: u32 = 0;
  notAfter: u32 = 0;
  epochSeconds: u32 = 1;
  keyGeneration: u32 = 0;
  flags: u32 = 0;
  defaultPath: u32 = 0;
  /** The rule that decided each side in the last `decide`, an index for `ruleAt`. */
  egressRule: u32 = 0;
  ingressRule: u32 = 0;
  /** The path of the flow in the last `decide`, an index. */
  path: u32 = 0;
  /** What the last `decide` would have said with audited policies enforced, if that is something else, and by which rule. */
  audit: Audit = Audit.None;
  auditRule: u32 = 0;

  private view: DataView = new DataView(new ArrayBuffer(0));
  private offsets: Int32Array = new Int32Array(SECTION_COUNT);
  private counts: Int32Array = new Int32Array(SECTION_COUNT);

  /** Takes `bytes[0..length]` as the new image if nothing is wrong with it, else changes nothing. Keeps `bytes`. */
  open(bytes: Uint8Array, length: i32, want: Expectation, sha: Sha256, now: u32): ImageFault {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const fault = checkImage(view, bytes, length, sha, this.view);
    if (fault != ImageFault.None) return fault;
    const stranger = this.checkAddressee(view, want, now);
    if (stranger != ImageFault.None) return stranger;
    this.adopt(view);
    return ImageFault.None;
  }

  /** Class of an address: its own for a member, its range's for an outsider, 0 where no rule sees it. */
  classOf(address: DataView, at: i32): u32 {
    const slot = this.member(address, at);
    return slot >= 0 ? this.memberClass(slot) : this.rangeClass(address, at);
  }

  /** Offset of a member address' slot, or -1. */
  member(address: DataView, at: i32): i32 {
    const capacity = this.counts[Section.Members] as i32;
    if (capacity == 0) return -1;
    const a = address.getUint32(at, true);
    const b = address.getUint32(at + 4, true);
    const c = address.getUint32(at + 8, true);
    const d = address.getUint32(at + 12, true);
    if ((a | b | c | d) == 0) return -1;
    const base = this.offsets[Section.Members] as i32;
    let slot = addressSlot(a, b, c, d, capacity as u32) as i32;
    for (let probes = 0; probes < capacity; probes++) {
      const from = base + slot * MEMBER_SLOT;
      const first = this.view.getUint32(from, true);
      const last = this.view.getUint32(from + 12, true);
      const middle = this.view.getUint32(from + 8, true);
      const second = this.view.getUint32(from + 4, true);
      if (last == d && first == a && second == b && middle == c) return from;
      if ((first | second | middle | last) == 0) return -1;
      slot = (slot + 1) & (capacity - 1);
    }
    return -1;
  }

  memberClass(slot: i32): u32 {
    return this.view.getUint32(slot + 24, true);
  }

  /** Index of the member's SPIFFE id, or NONE in an endpoint's image. */
  memberIdentity(slot: i32): u32 {
    return this.view.getUint32(slot + 28, true);
  }

  /** Is the node at this slot the one with the 8-byte id at `id[at]`? */
  memberIsNode(slot: i32, id: DataView, at: i32): bool {
    return sameId(this.view, slot + 16, id, at);
  }

  copyMemberNode(slot: i32, to: DataView, at: i32): void {
    copyId(this.view, slot + 16, to, at);
  }

  /** Is the address one of this node's own? */
  isOwn(address: DataView, at: i32): bool {
    const count = this.counts[Section.Own] as i32;
    for (let i = 0; i < count; i++) {
      const from = (this.offsets[Section.Own] as i32) + i * OWN_RECORD;
      if (sameId(this.view, from, address, at) && sameId(this.view, from + 8, address, at + 8)) return true;
    }
    return false;
  }

  /** Policy's answer for a flow between two classes; sets the rules, `path` and `audit`. */
  decide(source: u32, destination: u32, key: u32, sides: Side): Verdict {
    this.egressRule = 0;
    this.ingressRule = 0;
    this.path = this.defaultPath;
    this.audit = Audit.None;
    const asksEgress = (sides & Side.Egress) != 0;
    const asksIngress = (sides & Side.Ingress) != 0;
    const egress = asksEgress ? this.interval(this.row(source, ClassField.Egress), destination, key) : -1;
    const ingress = asksIngress ? this.interval(this.row(destination, ClassField.Ingress), source, key) : -1;
    if ((asksEgress && egress < 0) || (asksIngress && ingress < 0)) return Verdict.ImageInvalid;
    if (asksEgress) this.egressRule = this.view.getUint32(egress + 4, true);
    if (asksIngress) this.ingressRule = this.view.getUint32(ingress + 4, true);
    this.weigh(egress, ingress);
    if (!this.allows(egress)) return Verdict.PolicyEgress;
    if (!this.allows(ingress)) return Verdict.PolicyIngress;
    if (!asksIngress)
      return this.takePath(this.pathOf(egress), this.farPath(source, ClassField.FarIngress, destination, key));
    if (!asksEgress)
      return this.takePath(this.pathOf(ingress), this.farPath(destination, ClassField.FarEgress, source, key));
    return this.takePath(this.pathOf(egress), this.pathOf(ingress));
  }

  /** Offset of the 32-byte key for a purpose, peer and epoch, or -1. `peer` is an 8-byte node id. */
  key(purpose: u32, peer: DataView, at: i32, epoch: u32): i32 {
    const count = this.counts[Section.Keys] as i32;
    for (let i = 0; i < count; i++) {
      const from = (this.offsets[Section.Keys] as i32) + i * KEY_RECORD;
      if (this.view.getUint32(from, true) != epoch || this.view.getUint32(from + 4, true) != purpose) continue;
      if (sameId(this.view, from + 8, peer, at)) return from + 16;
    }
    return -1;
  }

  copyKey(from: i32, to: Uint8Array): void {
    for (let i = 0; i < 32; i++) to[i] = this.view.getUint8(from + i) as u8;
  }

  pathId(path: u32): u32 {
    return this.view.getUint32((this.offsets[Section.Paths] as i32) + (path as i32) * PATH_RECORD, true);
  }

  pathLength(path: u32): i32 {
    if (path >= (this.counts[Section.Paths] as u32)) return 0;
    const length = this.view.getUint32((this.offsets[Section.Paths] as i32) + (path as i32) * PATH_RECORD + 4, true);
    return length > (PATH_MAX_LENGTH as u32) ? 0 : (length as i32);
  }

  /** Index of the gateway at a place of a path, or NONE when the path has no such place. */
  gatewayOn(path: u32, place: i32): u32 {
    if (place < 0 || place >= this.pathLength(path)) return NONE;
    const from = (this.offsets[Section.Paths] as i32) + (path as i32) * PATH_RECORD + 8;
    const index = this.view.getUint8(from + place) as u32;
    return index < (this.counts[Section.Gateways] as u32) ? index : NONE;
  }

  /** Index of the gateway with the 8-byte id at `id[at]`, or NONE. */
  gatewayOf(id: DataView, at: i32): u32 {
    const count = this.counts[Section.Gateways] as u32;
    for (let i: u32 = 0; i < count; i++) if (sameId(this.view, this.gatewayAt(i), id, at)) return i;
    return NONE;
  }

  /** Is the gateway with this index the node with the 8-byte id at `id[at]`? */
  gatewayIsNode(gateway: u32, id: DataView, at: i32): bool {
    return gateway != NONE && sameId(this.view, this.gatewayAt(gateway), id, at);
  }

  copyGatewayNode(gateway: u32, to: DataView, at: i32): void {
    copyId(this.view, this.gatewayAt(gateway), to, at);
  }

  gatewayIdentity(gateway: u32): u32 {
    return this.view.getUint32(this.gatewayAt(gateway) + 8, true);
  }

  /** Is the SPIFFE id with this index the ASCII text `text[0..length]`? */
  isIdentity(index: u32, text: DataView, length: i32): bool {
    if (index >= (this.counts[Section.Identities] as u32)) return false;
    const record = (this.offsets[Section.Identities] as i32) + (index as i32) * STRING_RECORD;
    const from = this.stringAt(record);
    if (from < 0 || this.stringLength(record) != length) return false;
    for (let i = 0; i < length; i++) if (this.view.getUint8(from + i) != text.getUint8(i)) return false;
    return true;
  }

  /** Copies an identity's ASCII bytes into `to` and returns their number; 0 if there is none or no room. */
  copyIdentity(index: u32, to: Uint8Array): i32 {
    return this.copyString(Section.Identities, index, to);
  }

  /** Copies a rule's name, ASCII, into `to` and returns the number of bytes; 0 if there is none or no room. */
  copyRule(index: u32, to: Uint8Array): i32 {
    return this.copyString(Section.Rules, index, to);
  }

  private checkAddressee(view: DataView, want: Expectation, now: u32): ImageFault {
    if (!sameId(view, 16, want.node, 0)) return ImageFault.ForeignNode;
    if (view.getUint32(12, true) != want.overlay) return ImageFault.ForeignOverlay;
    if ((view.getUint8(40) as u32) != want.role) return ImageFault.Role;
    const sequence = view.getUint32(24, true);
    const term = view.getUint32(28, true);
    if (this.ready && (term < this.term || (term == this.term && sequence <= this.sequence))) return ImageFault.Older;
    return view.getUint32(32, true) <= now ? ImageFault.Expired : ImageFault.None;
  }

  private adopt(view: DataView): void {
    this.view = view;
    this.overlay = view.getUint32(12, true);
    this.sequence = view.getUint32(24, true);
    this.term = view.getUint32(28, true);
    this.notAfter = view.getUint32(32, true);
    this.epochSeconds = view.getUint32(36, true);
    this.keyGeneration = view.getUint8(41) as u32;
    this.flags = view.getUint8(42) as u32;
    this.defaultPath = view.getUint32(44, true);
    for (let i = 0; i < SECTION_COUNT; i++) {
      this.offsets[i] = sectionOffset(view, i);
      this.counts[i] = sectionLength(view, i) / recordLength(i);
    }
    this.ready = true;
  }

  private rangeClass(address: DataView, at: i32): u32 {
    const base = this.offsets[Section.Ranges] as i32;
    let low = 0;
    let high = this.counts[Section.Ranges] as i32;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareAddress(this.view, base + middle * RANGE_RECORD, address, at) <= 0) low = middle + 1;
      else high = middle;
    }
    return low == 0 ? 0 : this.view.getUint32(base + (low - 1) * RANGE_RECORD + 16, true);
  }

  private row(cls: u32, field: ClassField): u32 {
    if (cls >= (this.counts[Section.Classes] as u32)) return NONE;
    const record = (this.offsets[Section.Classes] as i32) + (cls as i32) * CLASS_RECORD;
    return this.view.getUint32(record + (field as i32), true);
  }

  /** Notes what the answer of two intervals, -1: not asked, would be with audited policies enforced. */
  private weigh(egress: i32, ingress: i32): void {
    const out = this.auditOf(egress);
    const into = this.auditOf(ingress);
    if (out == Audit.None && into == Audit.None) return;
    const allowed = this.allows(egress) && this.allows(ingress);
    const would = this.wouldAllow(egress, out) && this.wouldAllow(ingress, into);
    if (allowed != would) this.audit = would ? Audit.Allow : Audit.Deny;
    else if (allowed && (out == Audit.Path || into == Audit.Path)) this.audit = Audit.Path;
    if (this.audit == Audit.None) return;
    this.auditRule = this.view.getUint32((out == this.audit ? egress : ingress) + 12, true) >>> AUDIT_RULE_SHIFT;
  }

  private auditOf(interval: i32): Audit {
    if (interval < 0) return Audit.None;
    return ((this.view.getUint32(interval + 12, true) >>> AUDIT_SHIFT) & 15) as Audit;
  }

  private wouldAllow(interval: i32, audit: Audit): bool {
    return audit == Audit.None ? this.allows(interval) : audit != Audit.Deny;
  }

  /** Offset of the interval that decides, or -1 where the image says nothing: no row, or a broken reference. */
  private interval(row: u32, peer: u32, key: u32): i32 {
    if (row >= (this.counts[Section.Rows] as u32)) return -1;
    const set = this.portSet(row, peer);
    if (set >= (this.counts[Section.PortSets] as u32)) return -1;
    const record = (this.offsets[Section.PortSets] as i32) + (set as i32) * PORT_SET_RECORD;
    const first = this.view.getUint32(record, true);
    const count = this.view.getUint32(record + 4, true);
    const all = this.counts[Section.Intervals] as u32;
    if (count == 0 || first > all || count > all - first) return -1;
    let low: u32 = 0;
    let high: u32 = count;
    while (low < high) {
      const middle: u32 = (low + high) >>> 1;
      if (this.view.getUint32(this.intervalAt(first + middle), true) <= key) low = middle + 1;
      else high = middle;
    }
    return low == 0 ? -1 : this.intervalAt(first + low - 1);
  }

  private portSet(row: u32, peer: u32): u32 {
    const record = (this.offsets[Section.Rows] as i32) + (row as i32) * ROW_RECORD;
    const capacity = this.counts[Section.Exceptions] as i32;
    const base = this.offsets[Section.Exceptions] as i32;
    let slot = capacity == 0 ? 0 : (exceptionSlot(row, peer, capacity as u32) as i32);
    for (let probes = 0; probes < capacity; probes++) {
      const from = base + slot * EXCEPTION_SLOT;
      const taken = this.view.getUint32(from, true);
      if (taken == NONE) break;
      if (taken == row && this.view.getUint32(from + 4, true) == peer) return this.view.getUint32(from + 8, true);
      slot = (slot + 1) & (capacity - 1);
    }
    const portSet = this.view.getUint32(record, true);
    const dense = this.view.getUint32(record + 4, true);
    if (dense == NONE) return portSet;
    const entry: u32 = (dense + peer) >>> 0;
    if (entry < dense || entry >= (this.counts[Section.Dense] as u32)) return NONE;
    const further = this.view.getUint16((this.offsets[Section.Dense] as i32) + (entry as i32) * 2, true) as u32;
    return (portSet + further) >>> 0;
  }

  private intervalAt(index: u32): i32 {
    return (this.offsets[Section.Intervals] as i32) + (index as i32) * INTERVAL_RECORD;
  }

  /** -1: a side that isn't asked objects to nothing. */
  private allows(interval: i32): bool {
    return interval < 0 || (this.view.getUint32(interval + 12, true) & ACTION_MASK) == Action.Allow;
  }

  private pathOf(interval: i32): u32 {
    return this.view.getUint32(interval + 8, true);
  }

  /** By which path the far side's rules send the flow, as far as this side was told; NONE: they don't say. */
  private farPath(cls: u32, field: ClassField, peer: u32, key: u32): u32 {
    const row = this.row(cls, field);
    if (row == NONE) return NONE;
    const interval = this.interval(row, peer, key);
    return interval < 0 ? BROKEN_PATH : this.pathOf(interval);
  }

  /** The flow passes the path that either side's rules name; a flow can't pass two. */
  private takePath(near: u32, far: u32): Verdict {
    if (far == BROKEN_PATH) return Verdict.ImageInvalid;
    if (near != NONE && far != NONE && near != far) return Verdict.PathConflict;
    if (near != NONE) this.path = near;
    else if (far != NONE) this.path = far;
    return Verdict.Allow;
  }

  private gatewayAt(gateway: u32): i32 {
    return (this.offsets[Section.Gateways] as i32) + (gateway as i32) * GATEWAY_RECORD;
  }

  private copyString(section: Section, index: u32, to: Uint8Array): i32 {
    if (index >= (this.counts[section] as u32)) return 0;
    const record = (this.offsets[section] as i32) + (index as i32) * STRING_RECORD;
    const from = this.stringAt(record);
    const length = this.stringLength(record);
    if (from < 0 || length > to.length) return 0;
    for (let i = 0; i < length; i++) to[i] = this.view.getUint8(from + i) as u8;
    return length;
  }

  /** Offset of a string, or -1 if it isn't within Strings. */
  private stringAt(record: i32): i32 {
    const all = this.counts[Section.Strings] as u32;
    const from = this.view.getUint32(record, true);
    const length = this.view.getUint32(record + 4, true);
    return from > all || length > all - from ? -1 : (this.offsets[Section.Strings] as i32) + (from as i32);
  }

  private stringLength(record: i32): i32 {
    return this.view.getUint32(record + 4, true) as i32;
  }
}

function sameId(a: DataView, at: i32, b: DataView, bt: i32): bool {
  return a.getUint32(at) == b.getUint32(bt) && a.getUint32(at + 4) == b.getUint32(bt + 4);
}

function copyId(from: DataView, at: i32, to: DataView, bt: i32): void {
  to.setUint32(bt, from.getUint32(at));
  to.setUint32(bt + 4, from.getUint32(at + 4));
}

function compareAddress(a: DataView, at: i32, b: DataView, bt: i32): i32 {
  for (let i = 0; i < 16; i += 4) {
    const x = a.getUint32(at + i);
    const y = b.getUint32(bt + i);
    if (x != y) return x < y ? -1 : 1;
  }
  return 0;
}
