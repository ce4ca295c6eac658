import { Facts } from "../decide/admission.ts";
import { FlowField, HeldField } from "../decide/flow-record.ts";
import { FlowState, Flows } from "./flows.ts";

/** Bounds of the flows held at once: in all, from one SPIFFE id, and from one address under it. */
const MAX_HELD: i32 = 1024;
const MAX_OF_IDENTITY: i32 = 256;
const MAX_OF_PEER: i32 = 32;

const FNV_BASIS: u64 = ((0xcbf29ce4 as u64) << 32) | (0x84222325 as u64);
const FNV_PRIME: u64 = ((1 as u64) << 40) | 0x1b3;

/** The flows that wait for a newer image. No peer may take the places of all, so a flood of strangers is cut off early. */
export class Holding {
  count: i32 = 0;
  /** Offsets of the records. */
  private readonly records: Int32Array = new Int32Array(MAX_HELD);

  constructor(private readonly flows: Flows) {}

  /** Offset of the record at a place below `count`. Places change when a flow leaves: walk from the last to the first. */
  at(place: i32): i32 {
    return this.records[place];
  }

  /** Holds a flow of the peer in `facts` until the deadline, low 32 bits of milliseconds; false if it may hold no more. */
  add(flow: i32, facts: Facts, deadlineMs: u32): bool {
    if (this.flows.state(flow) == FlowState.Held) return true;
    const identity = hashOf(facts.peerIdentity, facts.peerIdentityLength);
    if (this.count >= MAX_HELD || !this.hasPlace(facts.peerAddress, identity)) return false;
    const view = this.flows.view;
    for (let i = 0; i < 16; i++) view.setUint8(flow + HeldField.PeerAddress + i, facts.peerAddress[i]);
    view.setUint64(flow + HeldField.PeerIdentity, identity, true);
    view.setUint32(flow + HeldField.Place, this.count as u32, true);
    view.setUint32(flow + FlowField.Deadline, deadlineMs, true);
    this.records[this.count++] = flow;
    this.flows.setState(flow, FlowState.Held);
    return true;
  }

  /** The flow is held no longer; what became of it is for the caller to say. Nothing happens if it wasn't held. */
  release(flow: i32): void {
    const view = this.flows.view;
    if (this.flows.state(flow) != FlowState.Held) return;
    const place = view.getUint32(flow + HeldField.Place, true) as i32;
    const last = this.records[--this.count];
    this.records[place] = last;
    view.setUint32(last + HeldField.Place, place as u32, true);
    this.flows.setState(flow, FlowState.Undecided);
  }

  private hasPlace(address: Uint8Array, identity: u64): bool {
    let ofIdentity = 0;
    let ofPeer = 0;
    for (let place = 0; place < this.count; place++) {
      const other = this.records[place];
      if (this.flows.view.getUint64(other + HeldField.PeerIdentity, true) != identity) continue;
      ofIdentity++;
      if (this.isOf(other, address)) ofPeer++;
    }
    return ofIdentity < MAX_OF_IDENTITY && ofPeer < MAX_OF_PEER;
  }

  private isOf(flow: i32, address: Uint8Array): bool {
    for (let i = 0; i < 16; i++)
      if (this.flows.view.getUint8(flow + HeldField.PeerAddress + i) != address[i]) return false;
    return true;
  }
}

/** FNV-1a. Peers whose ids collide share their places; nothing else depends on it. */
function hashOf(text: Uint8Array, length: i32): u64 {
  let hash = FNV_BASIS;
  for (let i = 0; i < length; i++) hash = (hash ^ (text[i] as u64)) * FNV_PRIME;
  return hash;
}
