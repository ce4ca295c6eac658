import { Status } from "./abi.ts";

/** A filter's linear memory as its host sees it: every access is checked, because the guest isn't trusted either. */
export class GuestMemory {
  private seen = Buffer.alloc(0);

  constructor(
    private readonly memory: WebAssembly.Memory,
    /** `proxy_on_memory_allocate`: where the host may write what it returns; 0 for nowhere. */
    private readonly allocate: (size: number) => number,
  ) {}

  get byteLength(): number {
    return this.memory.buffer.byteLength;
  }

  /** The bytes themselves, valid until the guest runs again; undefined if they aren't all there. */
  bytes(at: number, length: number): Buffer | undefined {
    const from = at >>> 0;
    const all = this.all();
    return from + (length >>> 0) <= all.length ? all.subarray(from, from + (length >>> 0)) : undefined;
  }

  /** One character per byte. */
  text(at: number, length: number): string | undefined {
    return this.bytes(at, length)?.toString("latin1");
  }

  writeU32(at: number, value: number): Status {
    if (this.bytes(at, 4) === undefined) return Status.InvalidMemoryAccess;
    this.all().writeUInt32LE(value, at >>> 0);
    return Status.Ok;
  }

  writeU64(at: number, value: bigint): Status {
    if (this.bytes(at, 8) === undefined) return Status.InvalidMemoryAccess;
    this.all().writeBigUInt64LE(value, at >>> 0);
    return Status.Ok;
  }

  /** Returns a value the way the real host does: in memory that the guest gave out for it, or at 0 if it is empty. */
  give(value: Uint8Array, pointerAt: number, lengthAt: number): Status {
    let pointer = 0;
    if (value.length > 0) {
      pointer = this.allocate(value.length) >>> 0;
      const room = pointer === 0 ? undefined : this.bytes(pointer, value.length);
      if (room === undefined) return Status.InvalidMemoryAccess;
      room.set(value);
    }
    return this.writeU32(pointerAt, pointer) || this.writeU32(lengthAt, value.length);
  }

  /** A grown memory has a new buffer, and views of the old one are empty. */
  private all(): Buffer {
    const { buffer } = this.memory;
    if (this.seen.buffer !== buffer) this.seen = Buffer.from(buffer);
    return this.seen;
  }
}
