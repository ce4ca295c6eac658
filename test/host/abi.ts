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

export enum MetricType {
  Counter = 0,
  Gauge = 1,
}

/** What a filter callback answers. */
export enum Action {
  Continue = 0,
  Pause = 1,
}
