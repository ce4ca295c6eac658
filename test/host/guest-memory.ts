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
    return this.holds(at, length) ? this.all().subarray(at >>> 0, (at >>> 0) + (length >>> 0)) : undefined;
  }

  /** One character per byte. */
  text(at: number, length: number): string | undefined {
    return this.holds(at, length) ? this.all().toString("latin1", at >>> 0, (at >>> 0) + (length >>> 0)) : undefined;
  }

  writeU32(at: number, value: number): Status {
    if (!this.holds(at, 4)) return Status.InvalidMemoryAccess;
    this.all().writeUInt32LE(value, at >>> 0);
    return Status.Ok;
  }

  writeU64(at: number, value: bigint): Status {
    if (!this.holds(at, 8)) return Status.InvalidMemoryAccess;
    this.all().writeBigUInt64LE(value, at >>> 0);
    return Status.Ok;
  }

  /** Returns a value the way the real host does: in memory that the guest gave out for it, or at 0 if it is empty. */
  give(value: Uint8Array, pointerAt: number, lengthAt: number): Status {
    let pointer = 0;
    if (value.length > 0) {
      pointer = this.allocate(value.length) >>> 0;
      if (pointer === 0 || !this.holds(pointer, value.length)) return Status.InvalidMemoryAccess;
      this.all().set(value, pointer);
    }
    return this.writeU32(pointerAt, pointer) || this.writeU32(lengthAt, value.length);
  }

  private holds(at: number, length: number): boolean {
    return (at >>> 0) + (length >>> 0) <= this.memory.buffer.byteLength;
  }

  /** A grown memory has a new buffer, and views of the old one are empty. */
  private all(): Buffer {
    const { buffer } = this.memory;
    if (this.seen.buffer !== buffer) this.seen = Buffer.from(buffer);
    return this.seen;
  }
}
