import type { z } from "zod";
import { familyOf, formatAddress, formatBlock, parseAddress, parseBlock } from "../model/address.ts";
import { shown } from "./issue.ts";
import { portNameComplaint, spiffeIdComplaint } from "./names.ts";
import { fields, integer, oneOf, text } from "./schema.ts";

/** Texts of the network in our own kinds. NetworkPolicy has looser rules: see `policy-peer.ts`. */

/** An address of one machine; its value is canonical text. */
export const address = text(addressComplaint).transform(canonicalAddress);

/** A block without host bits; its value is canonical text. */
export const block = text(blockComplaint).transform((value) => {
  const parsed = parseBlock(value);
  return parsed === undefined ? value : formatBlock(parsed);
});

/** `10.0.0.5:15042` or `[2001:db8::5]:15042`; its value is canonical text. */
export const socketAddress = text(socketComplaint).transform((value) => {
  const [host, port] = splitSocket(value) ?? [value, ""];
  return host.includes(":") ? `[${canonicalAddress(host)}]:${port}` : `${host}:${port}`;
});

export const spiffeId = text(spiffeIdComplaint);

export const protocol = oneOf("TCP", "UDP", "SCTP");

export const portNumber = integer(1, 65535);

export const namedPort = fields({
  name: text(portNameComplaint),
  protocol: protocol.nullish().transform((value) => value ?? "TCP"),
  port: portNumber,
});

/** `local: {}` of gateways and endpoints: this machine runs them. */
export const local = fields({
  concurrency: integer(1, 128)
    .nullish()
    .transform((value) => value ?? 1),
});

export function addressComplaint(value: string): string | undefined {
  const parsed = parseAddress(value);
  if (parsed === undefined)
    return "is not an IP address: write 10.0.0.5 or 2001:db8::5, without leading zeros, zone or port";
  return isOfOneMachine(parsed) ? undefined : "is not an address of one machine (unspecified or multicast)";
}

function blockComplaint(value: string): string | undefined {
  const parsed = parseBlock(value);
  if (parsed === undefined) return "is not a block of addresses: write 10.77.0.0/16 or 2001:db8::/64";
  const given = parseAddress(value.slice(0, value.indexOf("/")));
  const canonical = formatBlock(parsed);
  if (given !== undefined && `${formatAddress(given)}${value.slice(value.indexOf("/"))}` === canonical)
    return undefined;
  return `has bits set after the prefix: write ${canonical}`;
}

function socketComplaint(value: string): string | undefined {
  const [host, port] = splitSocket(value) ?? [];
  if (host === undefined || addressComplaint(host) !== undefined) {
    return "is not an address with a port: write 10.0.0.5:15042 or [2001:db8::5]:15042";
  }
  return Number(port) >= 1 && Number(port) <= 65535 ? undefined : "has no port from 1 to 65535 after the last ':'";
}

function splitSocket(value: string): [string, string] | undefined {
  const match = /^(?:([0-9.]+)|\[([0-9a-fA-F:.]+)\]):([1-9][0-9]{0,4})$/.exec(value);
  return match === null ? undefined : [(match[1] ?? match[2]) as string, match[3] as string];
}

function canonicalAddress(value: string): string {
  const parsed = parseAddress(value);
  return parsed === undefined ? value : formatAddress(parsed);
}

function isOfOneMachine(bytes: Uint8Array): boolean {
  if (familyOf(bytes) === 6) return bytes[0] !== 0xff && bytes.some((byte) => byte !== 0);
  const first = bytes[12] as number;
  return first !== 0 && first < 224;
}

/** Refuses lists that name the same thing twice. */
export function distinct<T>(key: (value: T) => string) {
  return (values: readonly T[], context: z.RefinementCtx) => {
    const seen = new Set<string>();
    for (const [i, value] of values.entries()) {
      if (seen.has(key(value)))
        context.addIssue({ code: "custom", path: [i], message: `repeats ${shown(key(value))}: remove it` });
      seen.add(key(value));
    }
  };
}
