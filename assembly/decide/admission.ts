import { Destination, isForbidden } from "../wire/destination.ts";
import { Audit, ImageFlag, KeyPurpose, NONE } from "../wire/image.ts";
import { STAMP_HEADER_LENGTH, STAMP_VERSION, Stamp, StampField, StampKind } from "../wire/stamp.ts";
import { StampTag } from "../wire/stamp-tag.ts";
import { FlowField } from "./flow-record.ts";
import { Image, Side } from "./image.ts";
import { KeyCache } from "./key-cache.ts";
import { KEY_LENGTH, KeyDerivation } from "./keys.ts";
import { isProxyPort } from "./ports.ts";
import { Throttle } from "./throttle.ts";
import { Verdict } from "./verdict.ts";

export const TCP: u32 = 6;
/** A stamp is good this many seconds before and after it was issued. */
const FRESH_SECONDS: u32 = 60;

/** What a filter knows about the request in front of it; filled anew for each. */
export class Facts {
  /** Unix seconds. */
  now: u32 = 0;
  /** Value of `sallyport-stamp`; length -1: absent. Room for one byte too many, so that a long one shows. */
  readonly header: Uint8Array = new Uint8Array(STAMP_HEADER_LENGTH + 1);
  headerLength: i32 = -1;
  /** CONNECT's `:authority`, or the app's destination, as text. */
  readonly authority: Uint8Array = new Uint8Array(64);
  authorityLength: i32 = -1;
  /** SPIFFE id of the TLS peer, as text; length -1: none. */
  readonly peerIdentity: Uint8Array = new Uint8Array(256);
  peerIdentityLength: i32 = -1;
  /** Address of the TLS peer, or of the app's socket; 16 bytes. */
  readonly peerAddress: Uint8Array = new Uint8Array(16);
}

/** What was decided; valid until the next decision. */
export class Outcome {
  /** Members: offsets of their slots in the image. */
  source: i32 = -1;
  destination: i32 = -1;
  /** Not for the overlay: the app's connection goes on as it is. */
  direct: bool = false;
  /** Index of the next gateway, or NONE when the next hop is the destination endpoint. */
  nextGateway: u32 = NONE;
  /** SPIFFE id that the destination endpoint must show, ASCII; meant only where that is the next hop. */
  readonly identity: Uint8Array = new Uint8Array(256);
  identityLength: i32 = 0;
  path: u32 = 0;
  /** What policy would have said with audited policies enforced, if that is something else; None where it wasn't asked. */
  audit: Audit = Audit.None;
  /** The stamp for the next hop, as header text. */
  readonly header: Uint8Array = new Uint8Array(STAMP_HEADER_LENGTH);
  /** A newer image may turn the refusal around: worth a short wait. */
  worthWaiting: bool = false;
}

/**
 * Decides at each of the three places that a flow passes: leaving its endpoint, at a gateway, arriving. The order of
 * checks is part of the contract, and every refusal has a name. Nothing is allocated after construction.
 */
export class Admission {
  readonly facts: Facts = new Facts();
  readonly outcome: Outcome = new Outcome();
  readonly to: Destination = new Destination();
  readonly stamp: Stamp = new Stamp();
  private readonly stampView: DataView = new DataView(this.stamp.bytes.buffer);
  private readonly self: DataView = new DataView(new ArrayBuffer(8));
  private readonly toView: DataView = new DataView(this.to.address.buffer);
  private readonly peerView: DataView = new DataView(this.facts.peerAddress.buffer);
  private readonly identityView: DataView = new DataView(this.facts.peerIdentity.buffer);
  private readonly audience: Uint8Array = new Uint8Array(8);
  private readonly audienceView: DataView = new DataView(this.audience.buffer);
  private readonly key: Uint8Array = new Uint8Array(KEY_LENGTH);
  private readonly tags: StampTag = new StampTag();
  private readonly peer: Uint8Array = new Uint8Array(8);
  private readonly derivation: KeyDerivation = new KeyDerivation();
  private readonly cache: KeyCache = new KeyCache();
  private readonly throttle: Throttle = new Throttle();
  private nonce: u32 = 0;

  constructor(
    private readonly image: Image,
    self: DataView,
  ) {
    for (let i = 0; i < 8; i++) this.self.setUint8(i, self.getUint8(i));
  }

  /** The app's connection leaves its endpoint: stamp it for the first gateway of its path, or send it on directly. */
  outbound(): Verdict {
    const ready = this.begin();
    if (ready != Verdict.Allow) return ready;
    const image = this.image;
    if (this.isOwnProxy()) return Verdict.DestinationForbidden;
    this.outcome.destination = image.member(this.toView, 0);
    if (this.outcome.destination < 0 || image.isOwn(this.toView, 0)) {
      this.outcome.direct = (image.flags & ImageFlag.InterceptAll) == 0 || image.isOwn(this.toView, 0);
      return this.outcome.direct ? Verdict.Allow : Verdict.UnknownDestination;
    }
    const forbidden = this.checkDestination();
    if (forbidden != Verdict.Allow) return forbidden;
    this.outcome.source = image.member(this.peerView, 0);
    if (this.outcome.source < 0 || !image.isOwn(this.peerView, 0)) return Verdict.SourceMismatch;
    const verdict = this.policy(Side.Egress);
    return verdict == Verdict.Allow ? this.stampFirst() : verdict;
  }

  /** A CONNECT at a gateway: verify the stamp, decide both ways, stamp for the next hop. */
  transit(): Verdict {
    const ready = this.begin();
    if (ready != Verdict.Allow) return ready;
    const shape = this.checkShape();
    if (shape != Verdict.Allow) return shape;
    const hop = this.stamp.hop;
    const kind = this.stamp.kind;
    if (kind == StampKind.Delivery || (kind != StampKind.Endpoint && kind != StampKind.Transit))
      return Verdict.StampKind;
    if ((kind == StampKind.Endpoint) != (hop == 0)) return Verdict.StampHop;
    const time = this.checkContext();
    if (time != Verdict.Allow) return time;
    const peer = hop == 0 ? this.checkEndpointPeer() : this.checkGatewayPeer();
    if (peer != Verdict.Allow) return peer;
    const tag = this.checkTag(hop == 0 ? KeyPurpose.Endpoint : KeyPurpose.TransitIn, this.self);
    if (tag != Verdict.Allow) return tag;
    const forbidden = this.checkDestination();
    if (forbidden != Verdict.Allow) return forbidden;
    this.outcome.destination = this.image.member(this.toView, 0);
    if (this.outcome.destination < 0) return this.wait(Verdict.UnknownDestination);
    const verdict = this.policy(Side.Both);
    if (verdict != Verdict.Allow) return verdict;
    const place = this.checkPlace(hop);
    return place == Verdict.Allow ? this.stampNext(hop + 1) : place;
  }

  /** A CONNECT at the destination endpoint: only from the last gateway of the flow's path, only to an own address. */
  delivery(): Verdict {
    const ready = this.begin();
    if (ready != Verdict.Allow) return ready;
    const shape = this.checkShape();
    if (shape != Verdict.Allow) return shape;
    const hop = this.stamp.hop;
    if (this.stamp.kind != StampKind.Delivery) return Verdict.StampKind;
    if (hop == 0) return Verdict.StampHop;
    const time = this.checkContext();
    if (time != Verdict.Allow) return time;
    const peer = this.checkGatewayPeer();
    if (peer != Verdict.Allow) return peer;
    const tag = this.checkTag(KeyPurpose.Delivery, this.self);
    if (tag != Verdict.Allow) return tag;
    const forbidden = this.checkDestination();
    if (forbidden != Verdict.Allow) return forbidden;
    if (!this.image.isOwn(this.toView, 0)) return Verdict.NotMine;
    this.outcome.destination = this.image.member(this.toView, 0);
    if (this.outcome.destination < 0) return Verdict.ImageInvalid;
    const verdict = this.policy(Side.Ingress);
    return verdict == Verdict.Allow ? this.checkArrival(hop) : verdict;
  }

  /** Writes what a later `reconsider` needs into a 64-byte flow record (layout: `flow-record.ts`). */
  remember(record: DataView, at: i32): void {
    for (let i = 0; i < 16; i++)
      record.setUint8(at + FlowField.Source + i, this.stampView.getUint8(StampField.SourceAddress + i));
    for (let i = 0; i < 16; i++) record.setUint8(at + FlowField.Destination + i, this.toView.getUint8(i));
    for (let i = 0; i < 8; i++)
      record.setUint8(at + FlowField.SourceNode + i, this.stampView.getUint8(StampField.SourceNode + i));
    record.setUint32(at + FlowField.Key, (TCP << 16) | (this.to.port as u32), true);
    record.setUint32(at + FlowField.Path, this.image.pathId(this.outcome.path), true);
    record.setUint8(at + FlowField.KeyGeneration, this.image.keyGeneration as u8);
  }

  /**
   * Would a live flow be let in by the image in force? It also ends when the overlay was re-keyed, because the key that
   * let it in may have been the stolen one.
   */
  reconsider(record: DataView, at: i32, sides: Side, now: u32): Verdict {
    const image = this.image;
    if (!image.ready) return Verdict.NoImage;
    if (now >= image.notAfter) return Verdict.ImageExpired;
    if ((record.getUint8(at + FlowField.KeyGeneration) as u32) != image.keyGeneration)
      return Verdict.StampKeyGeneration;
    const source = image.member(record, at + FlowField.Source);
    const destination = image.member(record, at + FlowField.Destination);
    if (source < 0) return Verdict.UnknownSource;
    if (destination < 0) return Verdict.UnknownDestination;
    if (!image.memberIsNode(source, record, at + FlowField.SourceNode)) return Verdict.SourceMismatch;
    if (sides == Side.Egress && !image.isOwn(record, at + FlowField.Source)) return Verdict.SourceMismatch;
    if (sides == Side.Ingress && !image.isOwn(record, at + FlowField.Destination)) return Verdict.NotMine;
    const key = record.getUint32(at + FlowField.Key, true);
    const verdict = image.decide(image.memberClass(source), image.memberClass(destination), key, sides);
    if (verdict != Verdict.Allow) return verdict;
    const samePath =
      image.pathLength(image.path) > 0 && image.pathId(image.path) == record.getUint32(at + FlowField.Path, true);
    return samePath ? Verdict.Allow : Verdict.WrongPath;
  }

  /** Name of the rule that denied the last flow, ASCII, into `to`; returns the number of bytes. */
  copyRule(verdict: Verdict, to: Uint8Array): i32 {
    return this.image.copyRule(verdict == Verdict.PolicyEgress ? this.image.egressRule : this.image.ingressRule, to);
  }

  /** Name of the rule that `outcome.audit` is about, ASCII, into `to`; returns the number of bytes. */
  copyAuditRule(to: Uint8Array): i32 {
    return this.image.copyRule(this.image.auditRule, to);
  }

  /** Node id of the next hop, 8 bytes; valid after an allowed `outbound` or `transit`. */
  audienceNode(): Uint8Array {
    return this.audience;
  }

  private begin(): Verdict {
    const outcome = this.outcome;
    outcome.source = -1;
    outcome.destination = -1;
    outcome.direct = false;
    outcome.nextGateway = NONE;
    outcome.worthWaiting = false;
    outcome.audit = Audit.None;
    if (!this.image.ready) return this.wait(Verdict.NoImage);
    if (this.facts.now >= this.image.notAfter) return Verdict.ImageExpired;
    const length = this.facts.authorityLength;
    if (length < 0 || !this.to.decode(this.facts.authority, 0, length)) return Verdict.DestinationMalformed;
    return Verdict.Allow;
  }

  /** Present, as long as it must be, of the right alphabet, of the version we speak. */
  private checkShape(): Verdict {
    if (this.facts.headerLength < 0) return Verdict.StampMissing;
    if (this.facts.headerLength != STAMP_HEADER_LENGTH) return Verdict.StampLength;
    if (!this.stamp.decode(this.facts.header, 0)) return Verdict.StampAlphabet;
    return this.stamp.version == STAMP_VERSION ? Verdict.Allow : Verdict.StampVersion;
  }

  /** Overlay, key generation, epoch and time of issue. */
  private checkContext(): Verdict {
    const stamp = this.stamp;
    if (stamp.overlay != this.image.overlay) return Verdict.StampOverlay;
    const ahead = (stamp.keyGeneration - (this.image.keyGeneration as i32)) & 0xff;
    // A peer that has the newer image already: ours is on its way. An older generation is refused at once.
    if (ahead != 0) return ahead < 128 ? this.wait(Verdict.StampKeyGeneration) : Verdict.StampKeyGeneration;
    const now = this.facts.now;
    const epoch = this.epoch();
    const stamped = stamp.epoch;
    if (stamped != epoch && stamped != (epoch + 1) >>> 0 && (stamped + 1) >>> 0 != epoch) return Verdict.StampEpoch;
    const issued = stamp.issued;
    const age = issued > now ? issued - now : now - issued;
    return age <= FRESH_SECONDS ? Verdict.Allow : Verdict.StampStale;
  }

  /** The stamping node is the source itself, and the TLS peer is that endpoint, by SPIFFE id and by address. */
  private checkEndpointPeer(): Verdict {
    const source = this.image.member(this.stampView, StampField.SourceAddress);
    if (source < 0) return this.wait(Verdict.UnknownSource);
    if (!this.image.memberIsNode(source, this.stampView, StampField.StampingNode)) return Verdict.SourceMismatch;
    if (!this.peerIs(this.image.memberIdentity(source))) return Verdict.PeerIdentity;
    const peer = this.image.member(this.peerView, 0);
    if (peer < 0 || !this.image.memberIsNode(peer, this.stampView, StampField.StampingNode)) return Verdict.PeerAddress;
    return this.checkSource(source);
  }

  /** The stamping node is a gateway, and the TLS peer has that gateway's SPIFFE id. */
  private checkGatewayPeer(): Verdict {
    const gateway = this.image.gatewayOf(this.stampView, StampField.StampingNode);
    if (gateway == NONE) return this.wait(Verdict.UnknownSource);
    if (!this.peerIs(this.image.gatewayIdentity(gateway))) return Verdict.PeerIdentity;
    const source = this.image.member(this.stampView, StampField.SourceAddress);
    return source < 0 ? this.wait(Verdict.UnknownSource) : this.checkSource(source);
  }

  private checkSource(source: i32): Verdict {
    this.outcome.source = source;
    return this.image.memberIsNode(source, this.stampView, StampField.SourceNode)
      ? Verdict.Allow
      : Verdict.SourceMismatch;
  }

  private peerIs(identity: u32): bool {
    const length = this.facts.peerIdentityLength;
    return length > 0 && this.image.isIdentity(identity, this.identityView, length);
  }

  /** The tag, in constant time, under the key that this place shares with the stamping node. */
  private checkTag(purpose: KeyPurpose, audience: DataView): Verdict {
    const high = this.stampView.getUint32(StampField.StampingNode);
    const low = this.stampView.getUint32(StampField.StampingNode + 4);
    if (!this.throttle.admits(high, low, this.facts.now)) return Verdict.Throttled;
    if (!this.loadKey(purpose, this.stampView, StampField.StampingNode, this.stamp.epoch)) return Verdict.KeyMissing;
    this.setAudience(audience, 0);
    this.bindTag();
    if (this.tags.matches(this.stamp)) return Verdict.Allow;
    this.throttle.charge(high, low, this.facts.now);
    return Verdict.StampTag;
  }

  /** The key shared with `peer` into `tags.hmac`; false if the image gives none. */
  private loadKey(purpose: KeyPurpose, peer: DataView, at: i32, epoch: u32): bool {
    const hmac = this.tags.hmac;
    const high = peer.getUint32(at);
    const low = peer.getUint32(at + 4);
    if (this.cache.restore(hmac, this.image, purpose, high, low, epoch)) return true;
    if (!this.findKey(purpose, peer, at, epoch)) return false;
    hmac.setKey(this.key, 0, KEY_LENGTH);
    this.cache.save(hmac, purpose, high, low, epoch);
    return true;
  }

  /** The key shared with `peer` into `this.key`. A gateway derives what it shares with an endpoint. */
  private findKey(purpose: KeyPurpose, peer: DataView, at: i32, epoch: u32): bool {
    const shared = this.image.key(purpose, peer, at, epoch);
    if (shared >= 0) {
      this.image.copyKey(shared, this.key);
      return true;
    }
    if (purpose != KeyPurpose.Endpoint && purpose != KeyPurpose.Delivery) return false;
    const root = this.image.key(KeyPurpose.Gateway, this.self, 0, epoch);
    if (root < 0) return false;
    this.image.copyKey(root, this.key);
    for (let i = 0; i < 8; i++) this.peer[i] = peer.getUint8(at + i) as u8;
    this.derivation.hmac.setKey(this.key, 0, KEY_LENGTH);
    if (purpose == KeyPurpose.Endpoint) this.derivation.endpointKey(this.peer, 0, this.key, 0);
    else this.derivation.deliveryKey(this.peer, 0, this.key, 0);
    return true;
  }

  /** An app that connects to the proxy itself would make the proxy dial itself, again and again. */
  private isOwnProxy(): bool {
    if (!isProxyPort(this.to.port)) return false;
    return isForbidden(this.to.address, 0) || this.image.isOwn(this.toView, 0);
  }

  private checkDestination(): Verdict {
    if (isProxyPort(this.to.port)) return Verdict.DestinationForbidden;
    if (!isForbidden(this.to.address, 0)) return Verdict.Allow;
    // Without network namespaces members have loopback addresses; only then, and only members.
    const loopback = (this.image.flags & ImageFlag.LoopbackMembers) != 0 && this.image.member(this.toView, 0) >= 0;
    return loopback ? Verdict.Allow : Verdict.DestinationForbidden;
  }

  private policy(sides: Side): Verdict {
    const image = this.image;
    const key = (TCP << 16) | (this.to.port as u32);
    const verdict = image.decide(
      image.memberClass(this.outcome.source),
      image.memberClass(this.outcome.destination),
      key,
      sides,
    );
    this.outcome.path = image.path;
    this.outcome.audit = image.audit;
    return verdict;
  }

  /** This gateway and the one before it stand where the path that policy gives this flow has them. */
  private checkPlace(hop: i32): Verdict {
    const image = this.image;
    const path = this.outcome.path;
    if (image.pathLength(path) == 0 || image.pathId(path) != this.stamp.path) return Verdict.WrongPath;
    if (!image.gatewayIsNode(image.gatewayOn(path, hop), this.self, 0)) return Verdict.WrongPlace;
    if (hop > 0 && !image.gatewayIsNode(image.gatewayOn(path, hop - 1), this.stampView, StampField.StampingNode))
      return Verdict.WrongPlace;
    return Verdict.Allow;
  }

  /** The last gateway of the path stamped, and the flow passed as many hops as the path has. */
  private checkArrival(hop: i32): Verdict {
    const image = this.image;
    const path = this.outcome.path;
    const length = image.pathLength(path);
    if (length == 0 || image.pathId(path) != this.stamp.path) return Verdict.WrongPath;
    if (
      hop != length ||
      !image.gatewayIsNode(image.gatewayOn(path, length - 1), this.stampView, StampField.StampingNode)
    )
      return Verdict.WrongPlace;
    return Verdict.Allow;
  }

  private stampFirst(): Verdict {
    const image = this.image;
    const stamp = this.stamp;
    const gateway = image.gatewayOn(this.outcome.path, 0);
    if (gateway == NONE) return Verdict.ImageInvalid;
    this.outcome.nextGateway = gateway;
    image.copyGatewayNode(gateway, this.audienceView, 0);
    if (!this.loadKey(KeyPurpose.Endpoint, this.audienceView, 0, this.epoch())) return Verdict.KeyMissing;
    stamp.version = STAMP_VERSION;
    stamp.overlay = image.overlay;
    stamp.path = image.pathId(this.outcome.path);
    this.writeNode(StampField.SourceNode);
    for (let i = 0; i < 16; i++) stamp.bytes[StampField.SourceAddress + i] = this.facts.peerAddress[i] as u8;
    this.seal(StampKind.Endpoint, 0);
    return Verdict.Allow;
  }

  /** Re-stamps a verified flow: overlay, source and path stay, the rest is ours. */
  private stampNext(hop: i32): Verdict {
    const image = this.image;
    const outcome = this.outcome;
    outcome.nextGateway = image.gatewayOn(outcome.path, hop);
    const last = hop == image.pathLength(outcome.path);
    if (last) {
      image.copyMemberNode(outcome.destination, this.audienceView, 0);
      outcome.identityLength = image.copyIdentity(image.memberIdentity(outcome.destination), outcome.identity);
      if (outcome.identityLength == 0) return Verdict.ImageInvalid;
    } else {
      // A path that names no gateway in its middle must not end there.
      if (outcome.nextGateway == NONE) return Verdict.ImageInvalid;
      image.copyGatewayNode(outcome.nextGateway, this.audienceView, 0);
    }
    const purpose = last ? KeyPurpose.Delivery : KeyPurpose.TransitOut;
    if (!this.loadKey(purpose, this.audienceView, 0, this.epoch())) return Verdict.KeyMissing;
    this.seal(last ? StampKind.Delivery : StampKind.Transit, hop);
    return Verdict.Allow;
  }

  /** Fills in who stamps, when and for which hop, computes the tag under the key loaded last and encodes the header. */
  private seal(kind: StampKind, hop: i32): void {
    const stamp = this.stamp;
    this.nonce = (this.nonce + 1) >>> 0;
    stamp.kind = kind;
    stamp.hop = hop;
    stamp.keyGeneration = this.image.keyGeneration as i32;
    stamp.epoch = this.epoch();
    stamp.issued = this.facts.now;
    stamp.nonce = this.nonce;
    this.writeNode(StampField.StampingNode);
    this.bindTag();
    this.tags.sign(stamp);
    stamp.encode(this.outcome.header, 0);
  }

  /** The tag is for this destination and audience. */
  private bindTag(): void {
    this.tags.setDestination(this.to.address, 0, TCP as i32, this.to.port);
    this.tags.setAudience(this.audience, 0);
  }

  private writeNode(at: i32): void {
    for (let i = 0; i < 8; i++) this.stamp.bytes[at + i] = this.self.getUint8(i) as u8;
  }

  private setAudience(node: DataView, at: i32): void {
    for (let i = 0; i < 8; i++) this.audienceView.setUint8(i, node.getUint8(at + i));
  }

  private epoch(): u32 {
    return Math.floor(this.facts.now / this.image.epochSeconds) as u32;
  }

  private wait(verdict: Verdict): Verdict {
    this.outcome.worthWaiting = true;
    return verdict;
  }
}
