/** A flow at one place of its way, as a test describes it, and the stamp that it shows there. */
import { StampKind } from "../../assembly/wire/stamp.ts";
import { deliveryKey, endpointKey, epochKey, gatewayKey, transitKey } from "../../controller/keys/derive.ts";
import type { Secret } from "../../controller/keys/secret.ts";
import { parseAddress } from "../../controller/model/address.ts";
import { native } from "./portable.ts";
import {
  EPOCH_SECONDS,
  type IssueOptions,
  MASTER,
  type Role,
  type Shop,
  type ShopEdit,
  START_SECONDS,
  shopWith,
} from "./shop.ts";
import { toLatin1 } from "./vectors.ts";

export const PLACES = ["outbound", "first hop", "second hop", "delivery"] as const;
export type Place = (typeof PLACES)[number];

/** A stamp before it is signed: its fields, and whom it is for. Nodes by name. */
export interface Draft {
  readonly version: number;
  readonly kind: number;
  readonly hop: number;
  readonly keyGeneration: number;
  readonly overlay: number;
  readonly epoch: number;
  readonly issued: number;
  readonly sourceNode: string;
  readonly stampingNode: string;
  readonly sourceAddress: string;
  readonly path: number;
  readonly nonce: number;
  readonly destination: string;
  readonly audience: string;
}

export interface Flow {
  readonly place: Place;
  /** Node that decides, by name. */
  readonly node: string;
  /** Unix seconds. */
  readonly now: number;
  readonly authority: string | undefined;
  /** Values of `sallyport-stamp`; none: absent. */
  readonly stamps: readonly string[];
  readonly peer: { readonly identity: string | undefined; readonly address: string };
  /** Undefined: none came yet. */
  readonly image: Uint8Array | undefined;
  /** When the node took the image. */
  readonly imageTakenAt: number;
}

/** What is different from a flow that is allowed. */
export interface Negation {
  /** Fields of the stamp, which is signed with them. */
  readonly stamp?: Partial<Draft>;
  /** The key is that of a stamp with these fields. */
  readonly signedAs?: Partial<Draft>;
  /** What becomes of the signed header. */
  readonly header?: (valid: string) => readonly string[];
  /** Destination of the flow and of the stamp. */
  readonly to?: string;
  /** Destination of the flow alone; null: absent. */
  readonly authority?: string | null;
  readonly peer?: { readonly identity?: string | null; readonly address?: string };
  /** Node where the flow arrives. */
  readonly at?: string;
  readonly shop?: ShopEdit;
  /** `none`: no image came yet. */
  readonly image?: "none" | IssueOptions;
  /** What becomes of the image before the node takes it. */
  readonly edit?: (image: Uint8Array) => Uint8Array;
}

const EPOCH = Math.floor(START_SECONDS / EPOCH_SECONDS);
const WEB = "10.77.0.11";
const DESTINATION = "10.77.0.12:8080";

interface Station {
  readonly node: string;
  readonly role: Role;
  readonly peer: string;
  readonly peerAddress: string;
  readonly stamp: Pick<Draft, "kind" | "hop" | "stampingNode" | "audience">;
}

/** From web through edge-a and edge-b to api. */
const STATIONS: Record<Place, Station> = {
  outbound: {
    node: "web",
    role: "stamp",
    peer: "web",
    peerAddress: `${WEB}:33000`,
    stamp: stampOf(StampKind.Endpoint, 0, "web", "web"),
  },
  "first hop": {
    node: "edge-a",
    role: "gate",
    peer: "web",
    peerAddress: `${WEB}:41000`,
    stamp: stampOf(StampKind.Endpoint, 0, "web", "edge-a"),
  },
  "second hop": {
    node: "edge-b",
    role: "gate",
    peer: "edge-a",
    peerAddress: "10.78.0.2:42000",
    stamp: stampOf(StampKind.Transit, 1, "edge-a", "edge-b"),
  },
  delivery: {
    node: "api",
    role: "verify",
    peer: "edge-b",
    peerAddress: "10.78.0.4:43000",
    stamp: stampOf(StampKind.Delivery, 2, "edge-b", "api"),
  },
};

function stampOf(kind: number, hop: number, stampingNode: string, audience: string): Station["stamp"] {
  return { kind, hop, stampingNode, audience };
}

/** The filter that decides at a place. */
export function roleAt(place: Place): Role {
  return STATIONS[place].role;
}

/** The stamp of the allowed flow, before it is signed. */
export function draftAt(place: Place): Draft {
  const shop = shopWith();
  return {
    version: 1,
    keyGeneration: shop.policy.overlay.keys.keyGeneration,
    overlay: shop.policy.overlay.id,
    epoch: EPOCH,
    issued: START_SECONDS,
    sourceNode: "web",
    sourceAddress: WEB,
    path: shop.path("edge-a", "edge-b"),
    nonce: 1,
    destination: DESTINATION,
    ...STATIONS[place].stamp,
  };
}

/** The flow that is allowed at this place, but for what the negation says. */
export function flowAt(place: Place, negation: Negation = {}): Flow {
  const station = STATIONS[place];
  const shop = shopWith(negation.shop);
  const node = negation.at ?? station.node;
  const destination = negation.to ?? DESTINATION;
  const draft = { ...draftAt(place), destination, ...negation.stamp };
  const valid = place === "outbound" ? "" : signed(shopWith(), draft, { ...draft, ...negation.signedAs });
  const issue = negation.image === "none" ? undefined : { notAfter: START_SECONDS + 1000, ...negation.image };
  const image = issue && shop.image(node, issue);
  const identity = negation.peer?.identity === undefined ? shopWith().identity(station.peer) : negation.peer.identity;
  return {
    place,
    node,
    now: START_SECONDS,
    authority: negation.authority === undefined ? destination : (negation.authority ?? undefined),
    stamps: place === "outbound" ? [] : (negation.header?.(valid) ?? [valid]),
    peer: { identity: identity ?? undefined, address: negation.peer?.address ?? station.peerAddress },
    image: image && (negation.edit?.(image) ?? image),
    imageTakenAt: START_SECONDS - 1,
  };
}

/** The header of a stamp, with the key that a stamp like `keyOf` has. */
export function signed(shop: Shop, draft: Draft, keyOf: Draft = draft, master = MASTER): string {
  const { kind, hop, keyGeneration, overlay, epoch, issued, path, nonce } = draft;
  const middle = Buffer.concat([
    shop.node(draft.sourceNode).id,
    shop.node(draft.stampingNode).id,
    addressBytes(draft.sourceAddress),
  ]);
  const body = native.stampBody(kind, hop, keyGeneration, overlay, epoch, issued, middle, path, nonce);
  body[0] = draft.version;
  const [host, port] = splitDestination(draft.destination);
  const audience = shop.node(draft.audience).id;
  return toLatin1(
    native.signedHeader(keyFor(shop, keyOf, master).reveal(), body, addressBytes(host), 6, port, audience),
  );
}

function keyFor(
  shop: Shop,
  { kind, overlay, epoch, keyGeneration, stampingNode, audience }: Draft,
  master: Secret,
): Secret {
  const key = epochKey(master, overlay, epoch, keyGeneration);
  const [from, to] = [shop.node(stampingNode).id, shop.node(audience).id];
  if (kind === StampKind.Endpoint) return endpointKey(gatewayKey(key, to), from);
  return kind === StampKind.Delivery ? deliveryKey(gatewayKey(key, from), to) : transitKey(key, from, to);
}

/** `a.b.c.d:port` or `[ipv6]:port`; other texts have no meaning as a destination, and get none. */
function splitDestination(text: string): [host: string, port: number] {
  const colon = text.lastIndexOf(":");
  return [text.slice(0, colon).replace(/^\[|\]$/g, ""), Number(text.slice(colon + 1))];
}

function addressBytes(text: string): Uint8Array {
  return parseAddress(text) ?? new Uint8Array(16);
}
