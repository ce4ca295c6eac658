import type { CompiledEndpoint } from "../compile/compiled.ts";
import { parseAddress } from "../model/address.ts";

/** The addresses of a member in the order in which they were written: the first is the one that others use. */
export function addressesOf({ endpoint }: CompiledEndpoint): Uint8Array[] {
  return endpoint.addresses.flatMap((text) => parseAddress(text) ?? []);
}
