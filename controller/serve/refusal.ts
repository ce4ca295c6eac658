/** Why an image request was turned away: the HTTP status is for the peer, name and sentence are for operators. Pure. */
import { Repeats } from "./repeats.ts";

/** Names are in people's dashboards: they are never changed. */
export const REFUSALS = {
  "malformed-request": { status: 400, text: "not exactly the request that nodes make" },
  "unnamed-peer": { status: 403, text: "the certificate names no SPIFFE id, or more than one" },
  "certificate-ended": { status: 403, text: "the certificate that the connection began with has ended" },
  "other-node": { status: 403, text: "the image is that of a node with another SPIFFE id" },
  "other-address": {
    status: 403,
    text: "the node that was asked for isn't at this address, and its SPIFFE id alone doesn't tell it from others",
  },
  "unknown-node": { status: 404, text: "no node has this id: it was removed or renamed" },
  "too-many-polls": { status: 429, text: "more polls wait for this node than it can have workers" },
  "image-broken": { status: 500, text: "the image can't be rendered" },
  "nothing-published": { status: 503, text: "the controller has just started" },
  "too-busy": { status: 503, text: "more polls wait than this controller holds" },
} as const;

export type Refusal = keyof typeof REFUSALS;

/** `refused an image request of PEER for node ID: REASON (what it means)`, and how often by now. */
export function refusalText(refusal: Refusal, peer: string, detail: string, times: number): string {
  const what = ["refused an image request of", peer, ...(detail === "" ? [] : ["for", detail])].join(" ");
  const often = times === 1 ? "" : `, ${times} times by now`;
  return `${what}: reason=${refusal} (${REFUSALS[refusal].text})${often}`;
}

/** Counts refusals, and says which are worth a line. */
export class RefusalCounts {
  readonly #all: Partial<Record<Refusal, number>> = {};
  readonly #repeats = new Repeats();

  /** By name; those that never happened are absent. */
  get all(): Readonly<Partial<Record<Refusal, number>>> {
    return { ...this.#all };
  }

  /** How often whoever has this SPIFFE id was refused so, if it is to be said. */
  count(refusal: Refusal, identity: string): number | undefined {
    this.#all[refusal] = (this.#all[refusal] ?? 0) + 1;
    // Not by node or address: peers choose these as they like.
    return this.#repeats.count(`${refusal} ${identity}`);
  }
}
