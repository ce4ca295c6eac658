/** What every place of a flow's way answers when exactly one thing is different from a flow that it allows. */
import { KeyPurpose, NONE, Section, STRING_RECORD } from "../../assembly/wire/image.ts";
import { parseAddress } from "../../controller/model/address.ts";
import { draftAt, type Negation, type Place } from "../host/flow.ts";
import { withSection } from "../host/image-surgery.ts";
import { EPOCH_SECONDS, START_SECONDS, shopWith } from "../host/shop.ts";

export interface Row extends Negation {
  readonly name: string;
  readonly want: string;
  /** Held for a newer image before it is refused. */
  readonly waits?: true;
  /** Where it goes, where that isn't the next proxy of its path. */
  readonly next?: string;
}

/** A place where a stamp is shown, and what differs between such places. */
export type StampedPlace = Exclude<Place, "outbound">;

const TWIN = "10.77.0.14";
const GUEST = "10.77.0.66";

/** Rows that are the same at every place that a stamp is shown. */
export function stampRows(place: StampedPlace): Row[] {
  return [
    { name: "nothing else", want: "allow" },
    ...headerRows(),
    ...fieldRows(place),
    ...timeRows(place),
    ...tagRows(place),
    ...destinationRows(),
    ...imageRows(),
  ];
}

function headerRows(): Row[] {
  const plus = (at: number) => (valid: string) => [`${valid.slice(0, at)}+${valid.slice(at + 1)}`];
  return [
    { name: "no stamp", header: () => [], want: "stamp-missing" },
    { name: "an empty stamp", header: () => [""], want: "stamp-length" },
    { name: "a stamp of 95 characters", header: (valid) => [valid.slice(0, 95)], want: "stamp-length" },
    { name: "a stamp of 97 characters", header: (valid) => [`${valid}A`], want: "stamp-length" },
    { name: "a stamp of 98 characters", header: (valid) => [`${valid}AA`], want: "stamp-length" },
    { name: "a stamp of 4000 characters", header: (valid) => [valid.padEnd(4000, "A")], want: "stamp-length" },
    { name: "two stamps", header: (valid) => [valid, valid], want: "stamp-length" },
    { name: "a space before the stamp", header: (valid) => [` ${valid}`], want: "stamp-length" },
    { name: "the other alphabet of base64 at the start", header: plus(0), want: "stamp-alphabet" },
    { name: "the other alphabet of base64 at the end", header: plus(95), want: "stamp-alphabet" },
    { name: "padding", header: (valid) => [`${valid.slice(0, 95)}=`], want: "stamp-alphabet" },
    { name: "a NUL", header: (valid) => [`${valid.slice(0, 50)}\0${valid.slice(51)}`], want: "stamp-alphabet" },
    {
      name: "bytes above ASCII",
      header: (valid) => [`${valid.slice(0, 50)}\xff${valid.slice(51)}`],
      want: "stamp-alphabet",
    },
  ];
}

function fieldRows(place: StampedPlace): Row[] {
  const { keyGeneration, overlay } = draftAt(place);
  return [
    { name: "version 0", stamp: { version: 0 }, want: "stamp-version" },
    { name: "version 2", stamp: { version: 2 }, want: "stamp-version" },
    { name: "version 255", stamp: { version: 255 }, want: "stamp-version" },
    { name: "overlay 0", stamp: { overlay: 0 }, want: "stamp-overlay" },
    { name: "the overlay before", stamp: { overlay: overlay - 1 }, want: "stamp-overlay" },
    { name: "the overlay after", stamp: { overlay: overlay + 1 }, want: "stamp-overlay" },
    { name: "the key generation before", stamp: { keyGeneration: keyGeneration - 1 }, want: "stamp-key-generation" },
    {
      name: "the key generation after",
      stamp: { keyGeneration: keyGeneration + 1 },
      want: "stamp-key-generation",
      waits: true,
    },
    {
      name: "a key generation far ahead",
      stamp: { keyGeneration: keyGeneration + 127 },
      want: "stamp-key-generation",
      waits: true,
    },
    {
      name: "a key generation too far ahead",
      stamp: { keyGeneration: keyGeneration + 128 },
      want: "stamp-key-generation",
    },
    { name: "an unknown source address", stamp: { sourceAddress: "10.77.0.99" }, want: "unknown-source", waits: true },
    { name: "no source address", stamp: { sourceAddress: "::" }, want: "unknown-source", waits: true },
    { name: "a source node that has another address", stamp: { sourceNode: "twin" }, want: "source-mismatch" },
    { name: "a source address of another node", stamp: { sourceAddress: TWIN }, want: "source-mismatch" },
    { name: "another nonce", stamp: { nonce: NONE }, want: "allow" },
    { name: "no identity of the peer", peer: { identity: null }, want: "peer-identity" },
    { name: "an empty identity of the peer", peer: { identity: "" }, want: "peer-identity" },
    { name: "the identity of somebody else", peer: { identity: shopWith().identity("guest") }, want: "peer-identity" },
    {
      name: "an identity that only starts right",
      peer: { identity: `${peerIdentity(place)}/x` },
      want: "peer-identity",
    },
    { name: "an identity cut short", peer: { identity: peerIdentity(place).slice(0, -1) }, want: "peer-identity" },
    { name: "an identity in capitals", peer: { identity: peerIdentity(place).toUpperCase() }, want: "peer-identity" },
    {
      name: "an identity of 257 bytes",
      peer: { identity: peerIdentity(place).padEnd(257, "x") },
      want: "peer-identity",
    },
  ];
}

function peerIdentity(place: StampedPlace): string {
  return shopWith().identity(draftAt(place).stampingNode);
}

function timeRows(place: StampedPlace): Row[] {
  const { epoch } = draftAt(place);
  const epochs = [-2, -1, 0, 1, 2].map(
    (off): Row => ({
      name: `epoch ${off}`,
      stamp: { epoch: epoch + off },
      want: Math.abs(off) < 2 ? "allow" : "stamp-epoch",
    }),
  );
  const issued = [-61, -60, 0, 60, 61].map(
    (off): Row => ({
      name: `issued ${off} s from now`,
      stamp: { issued: START_SECONDS + off },
      want: Math.abs(off) < 61 ? "allow" : "stamp-stale",
    }),
  );
  return [
    ...epochs,
    ...issued,
    { name: "epoch zero", stamp: { epoch: 0 }, want: "stamp-epoch" },
    { name: "the last of all epochs", stamp: { epoch: NONE }, want: "stamp-epoch" },
    { name: "issued at the beginning of time", stamp: { issued: 0 }, want: "stamp-stale" },
    { name: "issued at the end of time", stamp: { issued: NONE }, want: "stamp-stale" },
    {
      name: "an epoch whose keys the image hasn't",
      stamp: { epoch: epoch - 1 },
      image: { at: START_SECONDS + EPOCH_SECONDS },
      want: "key-missing",
    },
  ];
}

/** Whatever else a stamp's key or tag was made for: it isn't this flow. */
function tagRows(place: StampedPlace): Row[] {
  const { keyGeneration, epoch, path } = draftAt(place);
  return [
    { name: "the first bit of the tag flipped", header: flip(56), want: "stamp-tag" },
    { name: "the last bit of the tag flipped", header: flip(71), want: "stamp-tag" },
    { name: "the path changed after signing", header: flip(48), want: "stamp-tag" },
    { name: "the nonce changed after signing", header: flip(55), want: "stamp-tag" },
    { name: "the key of the key generation before", signedAs: { keyGeneration: keyGeneration - 1 }, want: "stamp-tag" },
    { name: "the key of the epoch before", signedAs: { epoch: epoch - 1 }, want: "stamp-tag" },
    { name: "the key of another overlay", signedAs: { overlay: 8 }, want: "stamp-tag" },
    { name: "the key of another audience", signedAs: { audience: other(place) }, want: "stamp-tag" },
    { name: "a stamp for another audience", stamp: { audience: other(place) }, want: "stamp-tag" },
    {
      name: "a stamp for another audience under our key",
      stamp: { audience: other(place) },
      signedAs: { audience: draftAt(place).audience },
      want: "stamp-tag",
    },
    { name: "a stamp for another destination", stamp: { destination: "10.77.0.13:8080" }, want: "stamp-tag" },
    { name: "a stamp for the port before", stamp: { destination: "10.77.0.12:8079" }, want: "stamp-tag" },
    { name: "a stamp for the port after", stamp: { destination: "10.77.0.12:8081" }, want: "stamp-tag" },
    { name: "a path of other gateways", stamp: { path: shopWith().path("edge-c", "edge-b") }, want: "wrong-path" },
    { name: "a path in the wrong order", stamp: { path: shopWith().path("edge-b", "edge-a") }, want: "wrong-path" },
    { name: "an unknown path", stamp: { path: path + 1 }, want: "wrong-path" },
    { name: "no path", stamp: { path: 0 }, want: "wrong-path" },
  ];
}

function flip(at: number): (valid: string) => readonly string[] {
  return (valid) => {
    const bytes = Buffer.from(valid, "base64url");
    bytes[at] = (bytes[at] as number) ^ 1;
    return [bytes.toString("base64url")];
  };
}

/** Another node of the audience's kind. */
function other(place: StampedPlace): string {
  return place === "delivery" ? "db" : "edge-c";
}

const FORBIDDEN = [
  "127.0.0.1:8080",
  "127.255.255.255:8080",
  "0.0.0.0:8080",
  "224.0.0.1:8080",
  "255.255.255.255:8080",
  "[::1]:8080",
  "[::]:8080",
  "[ff02::1]:8080",
];
const PROXY_PORTS = [15000, 15021, 15041, 15042, 15049, 15053, 15090];
const NEIGHBOURS = [15022, 15040, 15050, 15052, 15054, 15089, 15091];

function destinationRows(): Row[] {
  return [
    ...FORBIDDEN.map((to): Row => ({ name: `a flow to ${to}`, to, want: "destination-forbidden" })),
    ...PROXY_PORTS.map(
      (port): Row => ({ name: `the proxies' port ${port}`, to: `10.77.0.12:${port}`, want: "destination-forbidden" }),
    ),
    ...NEIGHBOURS.map(
      (port): Row => ({ name: `port ${port} beside the proxies' own`, to: `10.77.0.12:${port}`, want: "allow" }),
    ),
    { name: "no destination", authority: null, want: "destination-malformed" },
    { name: "an empty destination", authority: "", want: "destination-malformed" },
    {
      name: "a destination of 65 characters",
      authority: "10.77.0.12:8080".padEnd(65, "0"),
      want: "destination-malformed",
    },
    { name: "the destination's other address", to: "[fd77::12]:8080", want: "allow" },
  ];
}

/** Both sides send the flow by gateways of their own. */
const TORN = { onePath: true, via: { egress: ["edge-a", "edge-b"], ingress: ["edge-c", "edge-b"] } } as const;

function imageRows(): Row[] {
  return [
    { name: "an image that expires now", image: { notAfter: START_SECONDS }, want: "image-expired" },
    { name: "an image that expires in a second", image: { notAfter: START_SECONDS + 1 }, want: "allow" },
    {
      name: "an image without the rows it must decide by",
      edit: (image) => withSection(image, Section.Classes, (bytes) => bytes.fill(0xff)),
      want: "image-invalid",
    },
    { name: "sides that send it by different gateways", shop: TORN, want: "path-conflict" },
  ];
}

/** What only the first gateway checks: that the source itself is its peer. */
export const FIRST_HOP: readonly Row[] = [
  {
    name: "a path with no gateway in its middle",
    edit: (image) => withSection(image, Section.Paths, (bytes) => bytes.fill(255, 9, 10)),
    want: "image-invalid",
  },
  { name: "no image yet", image: "none", want: "no-image", waits: true },
  ...[0, 3, 4, 255].map((kind): Row => ({ name: `kind ${kind}`, stamp: { kind }, want: "stamp-kind" })),
  { name: "a gateway's stamp", stamp: { kind: 2 }, want: "stamp-hop" },
  { name: "a gateway's stamp at a gateway's place", stamp: { kind: 2, hop: 1 }, want: "unknown-source", waits: true },
  ...[1, 2, 255].map((hop): Row => ({ name: `hop ${hop}`, stamp: { hop }, want: "stamp-hop" })),
  { name: "a stamping node that isn't the source", stamp: { stampingNode: "guest" }, want: "source-mismatch" },
  { name: "the key of another endpoint", signedAs: { stampingNode: "guest" }, want: "stamp-tag" },
  {
    name: "a replay by another endpoint",
    peer: { identity: shopWith().identity("guest"), address: `${GUEST}:41000` },
    want: "peer-identity",
  },
  {
    name: "a replay by another endpoint of the same identity",
    peer: { address: `${TWIN}:41000` },
    want: "peer-address",
  },
  { name: "a peer of unknown address", peer: { address: "192.0.2.1:41000" }, want: "peer-address" },
  { name: "the peer's other address", peer: { address: "[fd77::11]:41000" }, want: "allow" },
  { name: "the source's other address", stamp: { sourceAddress: "fd77::11" }, want: "allow" },
  { name: "an unknown destination", to: "10.77.0.99:8080", want: "unknown-destination", waits: true },
  { name: "a port that the source may not call", to: "10.77.0.12:9090", want: "policy-egress" },
  { name: "a destination that wants no calls of the source", to: "10.77.0.13:5432", want: "policy-ingress" },
  { name: "a skipped gateway", at: "edge-b", stamp: { audience: "edge-b" }, want: "wrong-place" },
  { name: "a gateway that isn't on the path", at: "edge-c", stamp: { audience: "edge-c" }, want: "wrong-place" },
  { name: "no key to stamp on with", image: { withoutKeys: KeyPurpose.TransitOut }, want: "key-missing" },
];

/** What a gateway checks whose peer is a gateway. */
export const SECOND_HOP: readonly Row[] = [
  { name: "no image yet", image: "none", want: "no-image", waits: true },
  ...[0, 3, 4, 255].map((kind): Row => ({ name: `kind ${kind}`, stamp: { kind }, want: "stamp-kind" })),
  { name: "an endpoint's stamp", stamp: { kind: 1 }, want: "stamp-hop" },
  { name: "hop 0", stamp: { hop: 0 }, want: "stamp-hop" },
  { name: "hop 2", stamp: { hop: 2 }, want: "wrong-place" },
  { name: "hop 255", stamp: { hop: 255 }, want: "wrong-place" },
  { name: "a stamping node that is no gateway", stamp: { stampingNode: "guest" }, want: "unknown-source", waits: true },
  { name: "the key of another gateway", signedAs: { stampingNode: "edge-c" }, want: "stamp-tag" },
  { name: "a gateway that shares no key", image: { withoutKeys: KeyPurpose.TransitIn }, want: "key-missing" },
  {
    name: "a gateway of another path",
    stamp: { stampingNode: "edge-c" },
    peer: { identity: shopWith().identity("edge-c") },
    want: "wrong-place",
  },
  { name: "a replay by another gateway", peer: { identity: shopWith().identity("edge-c") }, want: "peer-identity" },
  { name: "a replay by the source itself", peer: { identity: shopWith().identity("web") }, want: "peer-identity" },
  { name: "another replica of the gateway", peer: { address: "10.78.0.3:42000" }, want: "allow" },
  { name: "the source's other address", stamp: { sourceAddress: "fd77::11" }, want: "allow" },
  { name: "an unknown destination", to: "10.77.0.99:8080", want: "unknown-destination", waits: true },
  { name: "a port that the source may not call", to: "10.77.0.12:9090", want: "policy-egress" },
  { name: "a destination that wants no calls of the source", to: "10.77.0.13:5432", want: "policy-ingress" },
  {
    name: "a destination without identity",
    edit: (image) => withSection(image, Section.Identities, (bytes) => withoutText(bytes, 3)),
    want: "image-invalid",
  },
  {
    name: "a stamp for the gateway before",
    at: "edge-a",
    want: "unknown-source",
    waits: true,
    stamp: { stampingNode: "web" },
  },
];

export const DELIVERY: readonly Row[] = [
  { name: "no image yet", image: "none", want: "no-image", waits: true },
  ...[0, 1, 2, 4, 255].map((kind): Row => ({ name: `kind ${kind}`, stamp: { kind }, want: "stamp-kind" })),
  { name: "hop 0", stamp: { hop: 0 }, want: "stamp-hop" },
  ...[1, 3, 255].map((hop): Row => ({ name: `hop ${hop}`, stamp: { hop }, want: "wrong-place" })),
  { name: "a stamping node that is no gateway", stamp: { stampingNode: "guest" }, want: "unknown-source", waits: true },
  { name: "the key of another gateway", signedAs: { stampingNode: "edge-c" }, want: "stamp-tag" },
  {
    name: "a gateway that shares no key",
    stamp: { stampingNode: "edge-a" },
    peer: { identity: shopWith().identity("edge-a") },
    want: "key-missing",
  },
  {
    name: "the last gateway of another path",
    stamp: { stampingNode: "edge-c" },
    peer: { identity: shopWith().identity("edge-c") },
    want: "wrong-place",
  },
  { name: "a replay by another gateway", peer: { identity: shopWith().identity("edge-a") }, want: "peer-identity" },
  {
    name: "another endpoint that delivers itself",
    peer: { identity: shopWith().identity("web"), address: "10.77.0.11:1" },
    want: "peer-identity",
  },
  { name: "another replica of the gateway", peer: { address: "10.78.0.9:42000" }, want: "allow" },
  { name: "another endpoint's address", to: "10.77.0.13:8080", want: "not-mine" },
  { name: "an unknown destination", to: "10.77.0.99:8080", want: "not-mine" },
  {
    name: "a source whose calls aren't wanted",
    stamp: { sourceNode: "guest", sourceAddress: GUEST },
    want: "policy-ingress",
  },
  { name: "a port that only the source's side forbids", to: "10.77.0.12:9090", want: "allow" },
  {
    name: "an own address that is no member's",
    edit: (image) => withSection(image, Section.Members, (bytes) => withoutMember(bytes, "10.77.0.12")),
    want: "image-invalid",
  },
];

/** String records of which one is empty; of identities the gateways' are the first three, then api's. */
function withoutText(records: Uint8Array, index: number): Uint8Array {
  return records.fill(0, index * STRING_RECORD + 4, index * STRING_RECORD + 8);
}

/** A hash table of addresses in which this one became another. */
function withoutMember(slots: Uint8Array, address: string): Uint8Array {
  const at = Buffer.from(slots.buffer, slots.byteOffset, slots.length).indexOf(parseAddress(address) as Uint8Array);
  slots[at + 15] = 200;
  return slots;
}

export const OUTBOUND: readonly Row[] = [
  { name: "nothing else", want: "allow" },
  { name: "IPv6 at both ends", to: "[fd77::12]:8080", peer: { address: "[fd77::11]:33000" }, want: "allow" },
  { name: "a destination that will refuse it", to: "10.77.0.13:5432", want: "allow" },
  { name: "no image yet", image: "none", want: "no-image" },
  { name: "an address that isn't the overlay's", to: "192.0.2.1:443", want: "allow", next: "direct" },
  { name: "an address of the overlay that nobody has", to: "10.77.0.99:443", want: "allow", next: "direct" },
  {
    name: "an address of the overlay that nobody has, with all traffic taken",
    to: "10.77.0.99:443",
    shop: { overlay: { interception: "All" } },
    want: "unknown-destination",
  },
  { name: "its own address", to: "10.77.0.11:8080", want: "allow", next: "direct" },
  { name: "loopback", to: "127.0.0.1:8080", want: "allow", next: "direct" },
  { name: "its own proxy", to: "10.77.0.11:15041", want: "destination-forbidden" },
  { name: "its own proxy, by loopback", to: "127.0.0.1:15041", want: "destination-forbidden" },
  {
    name: "an address that isn't the overlay's, with all traffic taken",
    to: "192.0.2.1:443",
    shop: { overlay: { interception: "All" } },
    want: "unknown-destination",
  },
  {
    name: "loopback, with all traffic taken",
    to: "127.0.0.1:8080",
    shop: { overlay: { interception: "All" } },
    want: "unknown-destination",
  },
  {
    name: "its own address, with all traffic taken",
    to: "10.77.0.11:8080",
    shop: { overlay: { interception: "All" } },
    want: "allow",
    next: "direct",
  },
  ...PROXY_PORTS.map(
    (port): Row => ({ name: `the proxies' port ${port}`, to: `10.77.0.12:${port}`, want: "destination-forbidden" }),
  ),
  ...NEIGHBOURS.map(
    (port): Row => ({ name: `port ${port} beside the proxies' own`, to: `10.77.0.12:${port}`, want: "allow" }),
  ),
  { name: "another endpoint's source address", peer: { address: `${TWIN}:33000` }, want: "source-mismatch" },
  { name: "a source address that is nobody's", peer: { address: "192.0.2.1:33000" }, want: "source-mismatch" },
  { name: "a port that it may not call", to: "10.77.0.12:9090", want: "policy-egress" },
  { name: "a member that it may not call", to: "10.77.0.66:8080", want: "policy-egress" },
  { name: "no key for the first gateway", image: { withoutKeys: KeyPurpose.Endpoint }, want: "key-missing" },
  {
    name: "an image without any path",
    edit: (image) => withSection(image, Section.Paths, () => new Uint8Array(0)),
    want: "image-invalid",
  },
  { name: "a destination without port", authority: "10.77.0.12", want: "destination-malformed" },
  ...imageRows().slice(0, 2),
  { name: "sides that send it by different gateways", shop: TORN, want: "path-conflict" },
];
