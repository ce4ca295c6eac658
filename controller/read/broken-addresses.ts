import { formatAddress, parseAddress } from "../model/address.ts";
import { hasEnded } from "./pod.ts";
import { isMapping } from "./schema.ts";

/**
 * The addresses of an object that could not be decoded, as far as they can be read. Without it they would be an
 * outsider's, and what is denied to the object by its labels could be allowed to its address.
 */
export function brokenAddresses(object: unknown): string[] {
  return textsIn(object).flatMap((text) => {
    const bytes = typeof text === "string" ? parseAddress(text) : undefined;
    return bytes === undefined ? [] : [formatAddress(bytes)];
  });
}

function textsIn(object: unknown): unknown[] {
  const { kind, spec, status } = record(object);
  if (kind === "OverlayEndpoint") return entries(record(spec).addresses);
  if (kind === "Node") return entries(record(status).addresses).map((entry) => record(entry).address);
  if (kind !== "Pod" || record(spec).hostNetwork === true || hasEnded(record(status).phase)) return [];
  return [record(status).podIP, ...entries(record(status).podIPs).map((entry) => record(entry).ip)];
}

const record = (value: unknown): Record<string, unknown> => (isMapping(value) ? value : {});
const entries = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
