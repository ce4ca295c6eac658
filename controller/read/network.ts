import type { z } from "zod";
import { familyOf, formatAddress, formatBlock, parseAddress, parseBlock } from "../model/address.ts";
import { shown } from "./issue.ts";
import { portNameComplaint, portNames, spiffeIds } from "./names.ts";
import { fields, integer, oneOf, published, text, textOf, withDefault } from "./schema.ts";

/** Texts of the network in our own kinds. NetworkPolicy has looser rules: see `policy-peer.ts`. */

const NO_ADDRESS = "is not an IP address: write 10.0.0.5 or 2001:db8::5, without leading zeros, zone or port";
const NO_MACHINE = "is not an address of one machine (unspecified or multicast)";
const NO_BLOCK = "is not a block of addresses: write 10.77.0.0/16 or 2001:db8::/64";
const NO_SOCKET = "is not an address with a port: write 10.0.0.5:15042 or [2001:db8::5]:15042";
const NO_PORT = "has no port from 1 to 65535 after the last ':'";

/** Blocks in which no machine has its address. */
const NO_MACHINES = ["0.0.0.0/8", "224.0.0.0/3", "::/128", "ff00::/8"];
const isOneMachine = (text: string) => NO_MACHINES.map((block) => `!cidr('${block}').containsIP(${text})`).join(" && ");

/** An address of one machine; its value is canonical text. */
export const address = published(
  text(addressComplaint).meta({ maxLength: 45 }),
  { rule: "isIP(self)", message: NO_ADDRESS },
  { rule: `!isIP(self) || (${isOneMachine("self")})`, message: NO_MACHINE },
).transform(canonicalAddress);

/** A block without host bits; its value is canonical text. */
export const block = published(
  text(blockComplaint).meta({ maxLength: 49 }),
  { rule: "isCIDR(self)", message: NO_BLOCK },
  { rule: "!isCIDR(self) || cidr(self) == cidr(self).masked()", message: "has bits set after the prefix" },
).transform((value) => {
  const parsed = parseBlock(value);
  return parsed === undefined ? value : formatBlock(parsed);
});

const SOCKET = /^(?:([0-9.]+)|\[([0-9a-fA-F:.]+)\]):([1-9][0-9]{0,4})$/;
const HOST = "self.substring(0, self.lastIndexOf(':')).replace('[', '').replace(']', '')";

/** `10.0.0.5:15042` or `[2001:db8::5]:15042`; its value is canonical text. */
export const socketAddress = published(
  text(socketComplaint).meta({ maxLength: 53 }),
  {
    rule: `self.matches(r'${SOCKET.source}') && isIP(${HOST}) && ${isOneMachine(HOST)}`,
    message: NO_SOCKET,
  },
  {
    rule: "!self.matches(':[1-9][0-9]{0,4}$') || int(self.substring(self.lastIndexOf(':') + 1)) <= 65535",
    message: NO_PORT,
  },
).transform((value) => {
  const [host, port] = splitSocket(value) ?? [value, ""];
  return host.includes(":") ? `[${canonicalAddress(host)}]:${port}` : `${host}:${port}`;
});

export const spiffeId = textOf(spiffeIds);

export const protocol = oneOf("TCP", "UDP", "SCTP");

export const portNumber = integer(1, 65535);

export const namedPort = fields({
  name: textOf(portNames, portNameComplaint).describe("What policies call the port."),
  protocol: withDefault(protocol, "TCP").describe("TCP, UDP or SCTP."),
  port: portNumber.describe("Its number."),
});

/** `local: {}` of gateways and endpoints: this machine runs them. */
export const local = fields({
  concurrency: withDefault(integer(1, 128), 1).describe("Worker threads of each Envoy."),
});

export function addressComplaint(value: string): string | undefined {
  const parsed = parseAddress(value);
  if (parsed === undefined) return NO_ADDRESS;
  return isOfOneMachine(parsed) ? undefined : NO_MACHINE;
}

function blockComplaint(value: string): string | undefined {
  const parsed = parseBlock(value);
  if (parsed === undefined) return NO_BLOCK;
  const given = parseAddress(value.slice(0, value.indexOf("/")));
  const canonical = formatBlock(parsed);
  if (given !== undefined && `${formatAddress(given)}${value.slice(value.indexOf("/"))}` === canonical)
    return undefined;
  return `has bits set after the prefix: write ${canonical}`;
}

function socketComplaint(value: string): string | undefined {
  const [host, port] = splitSocket(value) ?? [];
  if (host === undefined || addressComplaint(host) !== undefined) return NO_SOCKET;
  return Number(port) >= 1 && Number(port) <= 65535 ? undefined : NO_PORT;
}

function splitSocket(value: string): [string, string] | undefined {
  const match = SOCKET.exec(value);
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
