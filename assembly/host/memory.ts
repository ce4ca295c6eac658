/**
 * What the host returns lands in one fixed arena that is empty again at the start of every callback, so nothing that a
 * peer sends can make a VM grow: a value that doesn't fit is refused and reads as a host error.
 */
const CAPACITY: usize = 131072;
const arena: usize = memory.data(131072);
/** Two words for pointers and lengths that the host writes. */
const out: usize = memory.data(16);
let used: usize = 0;

/** Where the host writes a pointer, a number or a 64-bit time. */
export function outPointer(): usize {
  return out;
}

export function outLength(): usize {
  return out + 8;
}

/** Empties the arena: first statement of every callback. */
export function beginCallback(): void {
  used = 0;
}

/** The host's allocator (`proxy_on_memory_allocate`). 0 when the arena is full, which the host reports as a failure. */
export function allocateForHost(size: usize): usize {
  const take = (size + 7) & ~7;
  if (take < size || take > CAPACITY - used) return 0;
  const at = arena + used;
  used += take;
  return at;
}

/** Copies what the host returned last to `to[at..]` and frees it; -1 if it doesn't fit. */
export function takeReturned(to: Uint8Array, at: i32): i32 {
  used = 0;
  const from = load<u32>(out) as usize;
  const length = load<u32>(out + 8) as i32;
  if (length < 0 || length > to.length - at) return -1;
  memory.copy(to.dataStart + at, from, length as usize);
  return length;
}

export function returnedWord(): u32 {
  return load<u32>(out);
}

export function returnedLong(): u64 {
  return load<u64>(out);
}

export function clearOut(): void {
  store<u64>(out, 0);
  store<u64>(out + 8, 0);
}
