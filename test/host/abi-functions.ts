/** The functions of `assembly/host/env.ts`, as a proxy implements them. */
import { BufferType, HeaderMap, Status, StreamType } from "./abi.ts";
import type { HeaderList } from "./context.ts";
import { readPairs, writePairs } from "./http-calls.ts";
import type { ProxyHost } from "./proxy-host.ts";
import { fromLatin1 } from "./vectors.ts";

/** The imports of a filter's module. */
export function abiFunctions(host: ProxyHost): Record<string, (...args: never[]) => number> {
  return {
    ...general(host),
    ...properties(host),
    ...headers(host),
    ...streams(host),
    ...calls(host),
    ...metrics(host),
  };
}

function general(host: ProxyHost) {
  return {
    proxy_log(level: number, text: number, length: number): Status {
      return host.log(level, host.memory.text(text, length));
    },
    proxy_get_current_time_nanoseconds(out: number): Status {
      return host.memory.writeU64(out, host.nowNanoseconds);
    },
    proxy_set_tick_period_milliseconds(period: number): Status {
      return host.tickEvery(period);
    },
    proxy_set_effective_context(context: number): Status {
      return host.actAs(context >>> 0);
    },
    proxy_get_buffer_bytes(type: number, start: number, length: number, pointerAt: number, lengthAt: number): Status {
      const bytes = host.buffer(type);
      if (bytes === undefined) return Status.NotFound;
      if (start + length > 0xffffffff) return Status.BadArgument;
      // Less than asked for is no error, and for nothing at all nothing is written.
      const piece = bytes.subarray(start >>> 0, (start >>> 0) + (length >>> 0));
      return piece.length === 0 ? Status.Ok : host.memory.give(piece, pointerAt, lengthAt);
    },
  };
}

function properties(host: ProxyHost) {
  return {
    proxy_get_property(path: number, length: number, pointerAt: number, lengthAt: number): Status {
      const context = host.acting();
      const name = host.memory.text(path, length);
      if (name === undefined) return Status.InvalidMemoryAccess;
      const own = context.kind === "root" ? undefined : context.properties.get(name);
      const value = own ?? host.properties.get(name);
      return value === undefined ? Status.NotFound : host.memory.give(value, pointerAt, lengthAt);
    },
    proxy_set_property(path: number, length: number, value: number, valueLength: number): Status {
      if (host.conduct.fails === "proxy_set_property") return Status.InternalFailure;
      const context = host.acting();
      const name = host.memory.text(path, length);
      const text = host.memory.text(value, valueLength);
      if (name === undefined || text === undefined) return Status.InvalidMemoryAccess;
      if (context.kind === "root") return Status.NotFound;
      context.filterState.set(`wasm.${name}`, text);
      return Status.Ok;
    },
  };
}

function headers(host: ProxyHost) {
  return {
    proxy_get_header_map_value(map: number, key: number, length: number, pointerAt: number, lengthAt: number): Status {
      const name = host.memory.text(key, length);
      if (name === undefined) return Status.InvalidMemoryAccess;
      const list = readable(host, map);
      if (list === undefined) return Status.BadArgument;
      // Of several values Envoy gives the first.
      const found = list.find(([known]) => known === name);
      return found === undefined ? Status.NotFound : host.memory.give(found[1], pointerAt, lengthAt);
    },
    proxy_get_header_map_pairs(map: number, pointerAt: number, lengthAt: number): Status {
      const list = readable(host, map) ?? [];
      return host.memory.give(list.length === 0 ? new Uint8Array(0) : writePairs(list), pointerAt, lengthAt);
    },
    proxy_replace_header_map_value(
      map: number,
      key: number,
      length: number,
      value: number,
      valueLength: number,
    ): Status {
      if (host.conduct.fails === "proxy_replace_header_map_value") return Status.InternalFailure;
      const name = host.memory.text(key, length);
      const text = host.memory.text(value, valueLength);
      if (name === undefined || text === undefined) return Status.InvalidMemoryAccess;
      return edit(host, map, name, [[name, fromLatin1(text)]]);
    },
    proxy_remove_header_map_value(map: number, key: number, length: number): Status {
      const name = host.memory.text(key, length);
      return name === undefined ? Status.InvalidMemoryAccess : edit(host, map, name, []);
    },
  };
}

/** Undefined where the map can't be had now, which isn't the same as a header that is absent. */
function readable(host: ProxyHost, map: number): HeaderList | undefined {
  if (map === HeaderMap.HttpCallResponse) return host.answer?.headers;
  const context = host.acting();
  return map === HeaderMap.Request && context.kind !== "root" ? context.headers : undefined;
}

function edit(host: ProxyHost, map: number, name: string, replacement: HeaderList): Status {
  const list = map === HeaderMap.Request ? readable(host, map) : undefined;
  if (list === undefined) return Status.BadArgument;
  const at = list.findIndex(([known]) => known === name);
  const others = list.filter(([known]) => known !== name);
  others.splice(at < 0 ? others.length : at, 0, ...replacement);
  list.splice(0, list.length, ...others);
  return Status.Ok;
}

function streams(host: ProxyHost) {
  return {
    proxy_continue_stream(type: number): Status {
      const context = host.acting();
      if (type !== StreamType.HttpRequest) return Status.BadArgument;
      return context.kind === "http" ? host.letGoOn(context) : Status.Ok;
    },
    proxy_close_stream(type: number): Status {
      const context = host.acting();
      const kind = type === StreamType.HttpRequest ? "http" : "connection";
      if (type !== StreamType.HttpRequest && type !== StreamType.Downstream) return Status.BadArgument;
      return context.kind === kind ? host.close(context) : Status.Ok;
    },
    proxy_send_local_response(code: number, details: number, length: number): Status {
      const context = host.acting();
      const text = host.memory.text(details, length);
      if (text === undefined) return Status.InvalidMemoryAccess;
      return context.kind === "http" ? host.respond(context, code, text) : Status.Ok;
    },
  };
}

function calls(host: ProxyHost) {
  return {
    proxy_http_call(
      cluster: number,
      clusterLength: number,
      pairs: number,
      pairsLength: number,
      _body: number,
      _bodyLength: number,
      _trailers: number,
      _trailersLength: number,
      timeoutMs: number,
      tokenAt: number,
    ): Status {
      const name = host.memory.text(cluster, clusterLength);
      const bytes = host.memory.bytes(pairs, pairsLength);
      if (name === undefined || bytes === undefined) return Status.InvalidMemoryAccess;
      const sent = readPairs(bytes);
      const complete = sent?.has(":path") && sent.has(":method") && sent.has(":authority");
      if (sent === undefined || !complete || timeoutMs < 0) return Status.BadArgument;
      return host.call(name, sent, timeoutMs, tokenAt);
    },
  };
}

function metrics(host: ProxyHost) {
  return {
    proxy_define_metric(type: number, name: number, length: number, out: number): Status {
      const text = host.memory.text(name, length);
      return text === undefined
        ? Status.InvalidMemoryAccess
        : host.memory.writeU32(out, host.metrics.define(type, text));
    },
    proxy_increment_metric(metric: number, by: bigint): Status {
      return host.metrics.increment(metric, by);
    },
    proxy_record_metric(metric: number, value: bigint): Status {
      return host.metrics.record(metric, BigInt.asUintN(64, value));
    },
  };
}

/** Bytes behind a buffer type, or undefined if there is no such buffer now. */
export function bufferOf(host: ProxyHost, type: number): Uint8Array | undefined {
  if (type === BufferType.HttpCallResponseBody) return host.answer?.body;
  return type === BufferType.PluginConfiguration ? host.configuration : undefined;
}
