/** The bootstrap that the controller has written for this gateway's pods. */
import { readFile } from "node:fs/promises";
import { isMapping } from "../read/schema.ts";

export interface Bootstrap {
  readonly text: string;
  /** Path of the Unix socket of Envoy's admin interface. */
  readonly adminSocket: string;
}

export async function readBootstrap(file: string): Promise<Bootstrap | { readonly problem: string }> {
  const text = await readFile(file, "utf8").catch(({ code }: NodeJS.ErrnoException) => ({ code }));
  if (typeof text !== "string")
    return {
      problem: `${file} can't be read (${text.code}): the controller writes it for an OverlayGateway with a service`,
    };
  const adminSocket = adminSocketIn(text);
  return adminSocket === undefined
    ? { problem: `${file} has no admin socket: it is no bootstrap of a gateway` }
    : { text, adminSocket };
}

function adminSocketIn(text: string): string | undefined {
  try {
    const path = ["admin", "address", "pipe", "path"].reduce(
      (value: unknown, field) => (isMapping(value) ? value[field] : undefined),
      JSON.parse(text),
    );
    return typeof path === "string" ? path : undefined;
  } catch {
    return undefined;
  }
}
