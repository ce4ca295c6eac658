/** Numbers of the proxy-wasm ABI 0.2.1 that a host and its filters exchange. Source: proxy-wasm/spec, abi-versions/v0.2.1. */

export enum Status {
  Ok = 0,
  NotFound = 1,
  BadArgument = 2,
  InvalidMemoryAccess = 6,
  InternalFailure = 10,
}

export enum HeaderMap {
  Request = 0,
  HttpCallResponse = 6,
}

export enum BufferType {
  HttpCallResponseBody = 4,
  PluginConfiguration = 7,
}

export enum StreamType {
  HttpRequest = 0,
  Downstream = 2,
}

/** Type of a metric; the other that filters use is a gauge. */
export const COUNTER = 0;

/** What a filter callback answers to let its stream go on; anything else pauses it. */
export const CONTINUE = 0;
