/** The answer to "may this flow pass here?". Only `Allow` allows; every other value says why not. */
export enum Verdict {
  /** Nothing was decided: never an answer, and refused where it turns up. */
  Undecided = 0,
  Allow = 1,
  /** The node has no image yet. */
  NoImage = 2,
  /** The image's keys have run out: the controller was away for longer than the horizon. */
  ImageExpired = 3,
  /** Not CONNECT. */
  Method = 4,
  StampMissing = 5,
  StampLength = 6,
  StampAlphabet = 7,
  StampVersion = 8,
  /** The kind is not the one expected from a peer of this sort at this place. */
  StampKind = 9,
  StampHop = 10,
  StampOverlay = 11,
  StampKeyGeneration = 12,
  StampEpoch = 13,
  /** Issued more than 60 s before or after now. */
  StampStale = 14,
  /** Well-formed, but no node of this image has the stamping node's id or the source address. */
  UnknownSource = 15,
  /** The TLS peer's SPIFFE id is not the stamping node's. */
  PeerIdentity = 16,
  /** The TLS peer's address is not one of the stamping endpoint's. */
  PeerAddress = 17,
  /** The source address does not belong to the source node. */
  SourceMismatch = 18,
  /** This peer sent too many bad tags lately; refused before any HMAC is computed. */
  Throttled = 19,
  /** No key for that epoch and peer. */
  KeyMissing = 20,
  StampTag = 21,
  /** The CONNECT authority is absent, repeated or not canonical. */
  DestinationMalformed = 22,
  /** Loopback, unspecified, multicast, or a port of the proxies themselves. */
  DestinationForbidden = 23,
  /** No member has the destination address. */
  UnknownDestination = 24,
  /** The destination is not an address of this endpoint. */
  NotMine = 25,
  /** The source's egress policy denies the flow. */
  PolicyEgress = 26,
  /** The destination's ingress policy denies the flow. */
  PolicyIngress = 27,
  /** The stamp's path is not the one policy gives this flow. */
  WrongPath = 28,
  /** This gateway, or the one that stamped, has no place at that hop of the path. */
  WrongPlace = 29,
  /** Too many flows are held or live here. */
  Overload = 30,
  /** The host proxy failed to answer a question the filter must ask. */
  HostError = 31,
  /** The image contradicts itself. */
  ImageInvalid = 32,
  /** Policies of both sides send the flow by a path of their own, and it can't pass both. */
  PathConflict = 33,
  /** A connection to the app that didn't come out of the tunnel. */
  NotTunnelled = 34,
}

export const VERDICT_COUNT: i32 = 35;
