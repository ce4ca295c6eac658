import { ascii } from "../host/proxy.ts";
import { configFields } from "./config-text.ts";

/** What the request to the controller has room for. */
const MAX_CLUSTER_BYTES: i32 = 128;

/**
 * A plugin's configuration. Every root context keeps its own. What needs an image says whose: a node's, or with
 * `pod-of=<cluster>` that of the pod whose proxy this is.
 */
export class PluginConfig {
  role: i32 = PluginRole.None;
  overlay: u32 = 0;
  /** 16 lower-case hex digits, as in the image's address. */
  nodeHex: string = "";
  /** Name of the Kubernetes cluster; empty: `nodeHex` was said. */
  podOf: string = "";
  /** Guard: pods with the label `sallyport.dev/overlay: none` may stay outside. */
  mayOptOut: bool = false;
  /** Guard: counts what it would refuse, and lets it in. */
  audits: bool = false;
  /** Name of the cluster that leads to the controller. */
  cluster: Uint8Array = ascii("");

  /** Same image: same node of the same overlay from the same controller. */
  sharesImage(other: PluginConfig): bool {
    return this.overlay == other.overlay && this.nodeHex == other.nodeHex && sameBytes(this.cluster, other.cluster);
  }
}

export enum PluginRole {
  None = 0,
  Stamp = 1,
  Verify = 2,
  Gate = 3,
  /** Needs no image. */
  Guard = 4,
}

/** Reads a configuration; null if anything in it is unknown, missing or malformed: the proxy then refuses the plugin. */
export function readConfig(text: string): PluginConfig | null {
  const config = new PluginConfig();
  const fields = configFields(text);
  if (fields === null) return null;
  for (let i = 0; i < fields.length; i += 2) if (!setField(config, fields[i], fields[i + 1])) return null;
  return isComplete(config) ? config : null;
}

function isComplete(config: PluginConfig): bool {
  const namesNode = (config.nodeHex.length == 16) != config.podOf.length > 0;
  const knowsNothing = config.overlay == 0 && config.nodeHex.length + config.podOf.length + config.cluster.length == 0;
  if (config.role == PluginRole.Guard) return knowsNothing;
  if (config.mayOptOut || config.audits) return false;
  return config.role != PluginRole.None && config.overlay != 0 && namesNode && config.cluster.length > 0;
}

/** The 8 bytes that 16 hex digits say, into `to`. */
export function nodeBytes(hex: string, to: DataView): void {
  for (let i = 0; i < 8; i++) {
    to.setUint8(i, ((digit(hex.charCodeAt(i * 2)) << 4) | digit(hex.charCodeAt(i * 2 + 1))) as u8);
  }
}

/** Takes a field; false if it is unknown, malformed or there already. */
function setField(config: PluginConfig, key: string, value: string): bool {
  if (key == "role" && config.role == PluginRole.None) {
    if (value == "stamp") config.role = PluginRole.Stamp;
    else if (value == "verify") config.role = PluginRole.Verify;
    else if (value == "gate") config.role = PluginRole.Gate;
    else if (value == "guard") config.role = PluginRole.Guard;
    return config.role != PluginRole.None;
  }
  if (key == "overlay" && config.overlay == 0) {
    config.overlay = parseDecimal(value);
    return config.overlay != 0;
  }
  if (key == "node" && config.nodeHex.length == 0) {
    config.nodeHex = value;
    return isHex(value) && value.length == 16;
  }
  if (key == "pod-of" && config.podOf.length == 0) {
    config.podOf = value;
    return value.length > 0 && value.length <= MAX_CLUSTER_BYTES && !value.includes("/");
  }
  if (key == "audit" && !config.audits) {
    config.audits = value == "true";
    return config.audits;
  }
  if (key == "opt-out" && !config.mayOptOut) {
    config.mayOptOut = value == "allow";
    return config.mayOptOut;
  }
  if (key == "control" && config.cluster.length == 0) {
    config.cluster = ascii(value);
    return config.cluster.length > 0 && config.cluster.length <= MAX_CLUSTER_BYTES;
  }
  return false;
}

/** 0 for anything but 1..2^24-1. */
function parseDecimal(text: string): u32 {
  if (text.length == 0 || text.length > 8) return 0;
  let value: u32 = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i) - 0x30;
    if (c < 0 || c > 9) return 0;
    value = value * 10 + (c as u32);
  }
  return value < 16777216 ? value : 0;
}

function isHex(text: string): bool {
  for (let i = 0; i < text.length; i++) if (digit(text.charCodeAt(i)) < 0) return false;
  return true;
}

function digit(c: i32): i32 {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  return c >= 0x61 && c <= 0x66 ? c - 0x57 : -1;
}

function sameBytes(a: Uint8Array, b: Uint8Array): bool {
  if (a.length != b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] != b[i]) return false;
  return true;
}
