/**
 * A filter that lets everything pass and does nothing else, for Wasm: what it costs, Envoy's Wasm itself costs.
 * Compiled by asc at each bench.
 */
export function proxy_abi_version_0_2_1(): void {}

/** Nothing is ever asked of the host, so it never has anything to put into memory but the configuration. */
export function proxy_on_memory_allocate(_size: u32): u32 {
  return 1024;
}

export function proxy_on_context_create(_context: u32, _root: u32): void {}

export function proxy_on_configure(_root: u32, _length: u32): u32 {
  return 1;
}

export function proxy_on_new_connection(_context: u32): u32 {
  return 0;
}

export function proxy_on_request_headers(_context: u32, _headers: u32, _endOfStream: u32): u32 {
  return 0;
}

export function proxy_on_delete(_context: u32): void {}
