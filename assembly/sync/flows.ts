import { FLOW_RECORD, FlowField } from "../decide/flow-record.ts";

export enum FlowState {
  Undecided = 0,
  Live = 1,
  Held = 2,
  Refused = 3,
}

/**
 * The flows of this worker, from a stream's first callback to its last, so that a new image can decide them again.
 * Records are reused: the table grows with the number of flows alive at once and with nothing else.
 */
export class Flows {
  bytes: Uint8Array = new Uint8Array(FLOW_RECORD * 64);
  view: DataView = new DataView(this.bytes.buffer);
  /** Records ever used: iterate below it and skip free ones. */
  used: i32 = 0;
  alive: i32 = 0;
  private freeList: i32 = -1;
  private index: Int32Array = new Int32Array(256);

  state(at: i32): FlowState {
    return this.view.getUint8(at + FlowField.State) as FlowState;
  }

  setState(at: i32, state: FlowState): void {
    this.view.setUint8(at + FlowField.State, state as u8);
  }

  /** A cleared record for a context that has none; its offset, which stays the same until it is removed. */
  add(context: u32, root: u32): i32 {
    if (this.freeList < 0 && this.used * FLOW_RECORD == this.bytes.length) this.grow();
    if (this.alive * 2 >= this.index.length) this.rehash(this.index.length * 2);
    const record = this.take();
    this.alive++;
    const at = record * FLOW_RECORD;
    this.bytes.fill(0, at, at + FLOW_RECORD);
    this.view.setUint32(at + FlowField.Context, context, true);
    this.view.setUint32(at + FlowField.Root, root, true);
    this.link(context, record);
    return at;
  }

  remove(context: u32): void {
    const slot = this.find(context);
    if (slot < 0) return;
    const record = (this.index[slot] as i32) - 1;
    this.view.setUint32(record * FLOW_RECORD + FlowField.Context, 0, true);
    this.view.setInt32(record * FLOW_RECORD + FlowField.Root, this.freeList, true);
    this.freeList = record;
    this.alive--;
    this.unlink(slot);
  }

  /** Offset of a context's record, or -1. */
  of(context: u32): i32 {
    const slot = this.find(context);
    return slot < 0 ? -1 : ((this.index[slot] as i32) - 1) * FLOW_RECORD;
  }

  private take(): i32 {
    if (this.freeList < 0) return this.used++;
    const record = this.freeList;
    this.freeList = this.view.getInt32(record * FLOW_RECORD + FlowField.Root, true);
    return record;
  }

  private find(context: u32): i32 {
    const mask = this.index.length - 1;
    let slot = (context & mask) as i32;
    while (this.index[slot] != 0) {
      if (this.contextOf((this.index[slot] as i32) - 1) == context) return slot;
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  private link(context: u32, record: i32): void {
    const mask = this.index.length - 1;
    let slot = (context & mask) as i32;
    while (this.index[slot] != 0) slot = (slot + 1) & mask;
    this.index[slot] = record + 1;
  }

  /** Empties a slot and moves back what only its being taken kept apart from its home. */
  private unlink(hole: i32): void {
    const mask = this.index.length - 1;
    let slot = hole;
    this.index[slot] = 0;
    for (let next = (slot + 1) & mask; this.index[next] != 0; next = (next + 1) & mask) {
      const home = (this.contextOf((this.index[next] as i32) - 1) & mask) as i32;
      if (((next - home) & mask) < ((next - slot) & mask)) continue;
      this.index[slot] = this.index[next] as i32;
      this.index[next] = 0;
      slot = next;
    }
  }

  private contextOf(record: i32): u32 {
    return this.view.getUint32(record * FLOW_RECORD + FlowField.Context, true);
  }

  private grow(): void {
    const bytes = new Uint8Array(this.bytes.length * 2);
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  private rehash(length: i32): void {
    this.index = new Int32Array(length);
    for (let record = 0; record < this.used; record++) {
      const context = this.contextOf(record);
      if (context != 0) this.link(context, record);
    }
  }
}
