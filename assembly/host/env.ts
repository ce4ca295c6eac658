/**
 * The proxy-wasm ABI 0.2.1 functions that the filters import from module "env" (the module is this file's name).
 * Pointers and lengths are bytes of linear memory; results are statuses, 0 = Ok.
 * Source: proxy-wasm/spec, abi-versions/v0.2.1.
 */
export declare function proxy_log(level: i32, text: usize, length: usize): u32;
export declare function proxy_get_current_time_nanoseconds(out: usize): u32;
export declare function proxy_set_tick_period_milliseconds(period: u32): u32;
export declare function proxy_get_property(path: usize, length: usize, value: usize, valueLength: usize): u32;
export declare function proxy_set_property(path: usize, length: usize, value: usize, valueLength: usize): u32;
export declare function proxy_get_header_map_value(
  map: i32,
  key: usize,
  length: usize,
  value: usize,
  valueLength: usize,
): u32;
export declare function proxy_replace_header_map_value(
  map: i32,
  key: usize,
  length: usize,
  value: usize,
  valueLength: usize,
): u32;
export declare function proxy_remove_header_map_value(map: i32, key: usize, length: usize): u32;
export declare function proxy_get_header_map_pairs(map: i32, value: usize, valueLength: usize): u32;
export declare function proxy_get_buffer_bytes(
  buffer: i32,
  start: u32,
  length: u32,
  value: usize,
  valueLength: usize,
): u32;
export declare function proxy_send_local_response(
  code: u32,
  details: usize,
  detailsLength: usize,
  body: usize,
  bodyLength: usize,
  headers: usize,
  headersLength: usize,
  grpc: i32,
): u32;
export declare function proxy_continue_stream(stream: i32): u32;
export declare function proxy_close_stream(stream: i32): u32;
export declare function proxy_set_effective_context(context: u32): u32;
export declare function proxy_http_call(
  cluster: usize,
  clusterLength: usize,
  headers: usize,
  headersLength: usize,
  body: usize,
  bodyLength: usize,
  trailers: usize,
  trailersLength: usize,
  timeoutMs: u32,
  token: usize,
): u32;
export declare function proxy_define_metric(type: i32, name: usize, length: usize, out: usize): u32;
export declare function proxy_increment_metric(metric: u32, delta: i64): u32;
export declare function proxy_record_metric(metric: u32, value: u64): u32;
