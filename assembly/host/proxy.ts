/** The proxy as filters see it: bytes in, bytes out, no pointer and no allocation. Absent is -1, empty is 0. */
import {
  proxy_close_stream,
  proxy_continue_stream,
  proxy_define_metric,
  proxy_get_buffer_bytes,
  proxy_get_current_time_nanoseconds,
  proxy_get_header_map_pairs,
  proxy_get_header_map_value,
  proxy_get_property,
  proxy_http_call,
  proxy_increment_metric,
  proxy_log,
  proxy_record_metric,
  proxy_remove_header_map_value,
  proxy_replace_header_map_value,
  proxy_send_local_response,
  proxy_set_effective_context,
  proxy_set_property,
  proxy_set_tick_period_milliseconds,
} from "./env.ts";
import { clearOut, outLength, outPointer, returnedLong, returnedWord, takeReturned } from "./memory.ts";

export enum HeaderMap {
  Request = 0,
  HttpCallResponse = 6,
}

export enum Buffer {
  HttpCallResponseBody = 4,
  PluginConfiguration = 7,
}

/** Targets of `closeStream` and `continueStream`. */
export enum Stream {
  HttpRequest = 0,
  Downstream = 2,
}

export enum LogLevel {
  Info = 2,
  Warn = 3,
}

/** What a filter callback answers. */
export enum Filter {
  Continue = 0,
  Pause = 1,
}

export enum Metric {
  Counter = 0,
  Gauge = 1,
}

const PIECE: i32 = 65536;
const NOTHING: Uint8Array = new Uint8Array(0);

/** ASCII text as bytes. Allocates: for constants at start-up only. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

export function nowNanoseconds(): u64 {
  clearOut();
  return proxy_get_current_time_nanoseconds(outPointer()) == 0 ? returnedLong() : 0;
}

export function nowMilliseconds(): u64 {
  return nowNanoseconds() / 1000000;
}

/** A property's bytes into `to`; -1 if it is absent or too long. `path` has NUL between its parts. */
export function property(path: Uint8Array, to: Uint8Array): i32 {
  clearOut();
  if (proxy_get_property(path.dataStart, path.length, outPointer(), outLength()) != 0) return -1;
  return takeReturned(to, 0);
}

/** Sets filter state `wasm.<name>`. */
export function setProperty(name: Uint8Array, value: Uint8Array, length: i32): bool {
  return proxy_set_property(name.dataStart, name.length, value.dataStart, length) == 0;
}

/** A header's first value into `to`; -1 if absent, -2 if it is longer than `to`. */
export function header(map: HeaderMap, name: Uint8Array, to: Uint8Array): i32 {
  clearOut();
  if (proxy_get_header_map_value(map, name.dataStart, name.length, outPointer(), outLength()) != 0) return -1;
  const length = takeReturned(to, 0);
  return length < 0 ? -2 : length;
}

/**
 * All headers into `to` as the ABI serialises them: u32 count, (u32 key length, u32 value length) pairs, then
 * key NUL value NUL ..., little-endian. The number of bytes; -1 if they don't fit. One call, and unlike `header` it
 * shows a header that comes twice.
 */
export function headerPairs(map: HeaderMap, to: Uint8Array): i32 {
  clearOut();
  if (proxy_get_header_map_pairs(map, outPointer(), outLength()) != 0) return -1;
  return takeReturned(to, 0);
}

export function replaceRequestHeader(name: Uint8Array, value: Uint8Array, length: i32): bool {
  return proxy_replace_header_map_value(HeaderMap.Request, name.dataStart, name.length, value.dataStart, length) == 0;
}

/** Removes the header whose name is `bytes[at..at + length]`. */
export function removeRequestHeader(bytes: Uint8Array, at: i32, length: i32): void {
  proxy_remove_header_map_value(HeaderMap.Request, bytes.dataStart + at, length);
}

/** The first `length` bytes of a buffer into `to`, piece by piece so that any size fits the arena. */
export function bufferBytes(buffer: Buffer, length: i32, to: Uint8Array): bool {
  let at = 0;
  while (at < length) {
    const piece = length - at < PIECE ? length - at : PIECE;
    clearOut();
    if (proxy_get_buffer_bytes(buffer, at, piece, outPointer(), outLength()) != 0) return false;
    if (takeReturned(to, at) != piece) return false;
    at += piece;
  }
  return true;
}

/** Answers the request with a status and no body: reasons are for operators, not for peers. */
export function respond(status: u32, details: Uint8Array): void {
  proxy_send_local_response(status, details.dataStart, details.length, 0, 0, 0, 0, -1);
}

export function closeStream(stream: Stream): void {
  proxy_close_stream(stream);
}

export function continueStream(stream: Stream): void {
  proxy_continue_stream(stream);
}

export function actAs(context: u32): bool {
  return proxy_set_effective_context(context) == 0;
}

export function tickEvery(milliseconds: u32): void {
  proxy_set_tick_period_milliseconds(milliseconds);
}

/** Starts a GET; the token of its answer, or -1. `headers` is the ABI's serialised header map. */
export function httpCall(cluster: Uint8Array, headers: Uint8Array, length: i32, timeoutMs: u32): i64 {
  clearOut();
  const none = NOTHING.dataStart;
  const status = proxy_http_call(
    cluster.dataStart,
    cluster.length,
    headers.dataStart,
    length,
    none,
    0,
    none,
    0,
    timeoutMs,
    outPointer(),
  );
  return status == 0 ? (returnedWord() as i64) : -1;
}

export function defineMetric(type: Metric, name: Uint8Array): u32 {
  clearOut();
  return proxy_define_metric(type, name.dataStart, name.length, outPointer()) == 0 ? returnedWord() : 0;
}

export function increment(metric: u32): void {
  proxy_increment_metric(metric, 1);
}

export function record(metric: u32, value: u64): void {
  proxy_record_metric(metric, value);
}

export function log(level: LogLevel, text: Uint8Array, length: i32): void {
  proxy_log(level, text.dataStart, length);
}
