import { Verdict } from "./verdict.ts";

/** The verdict as metrics, logs and `explain` spell it: low cardinality, stable. */
export function verdictName(verdict: Verdict): string {
  switch (verdict) {
    case Verdict.Allow:
      return "allow";
    case Verdict.NoImage:
      return "no-image";
    case Verdict.ImageExpired:
      return "image-expired";
    case Verdict.Method:
      return "method";
    case Verdict.StampMissing:
      return "stamp-missing";
    case Verdict.StampLength:
      return "stamp-length";
    case Verdict.StampAlphabet:
      return "stamp-alphabet";
    case Verdict.StampVersion:
      return "stamp-version";
    case Verdict.StampKind:
      return "stamp-kind";
    case Verdict.StampHop:
      return "stamp-hop";
    case Verdict.StampOverlay:
      return "stamp-overlay";
    case Verdict.StampKeyGeneration:
      return "stamp-key-generation";
    case Verdict.StampEpoch:
      return "stamp-epoch";
    case Verdict.StampStale:
      return "stamp-stale";
    case Verdict.UnknownSource:
      return "unknown-source";
    case Verdict.PeerIdentity:
      return "peer-identity";
    case Verdict.PeerAddress:
      return "peer-address";
    case Verdict.SourceMismatch:
      return "source-mismatch";
    case Verdict.Throttled:
      return "throttled";
    case Verdict.KeyMissing:
      return "key-missing";
    case Verdict.StampTag:
      return "stamp-tag";
    case Verdict.DestinationMalformed:
      return "destination-malformed";
    case Verdict.DestinationForbidden:
      return "destination-forbidden";
    case Verdict.UnknownDestination:
      return "unknown-destination";
    case Verdict.NotMine:
      return "not-mine";
    case Verdict.PolicyEgress:
      return "policy-egress";
    case Verdict.PolicyIngress:
      return "policy-ingress";
    case Verdict.WrongPath:
      return "wrong-path";
    case Verdict.WrongPlace:
      return "wrong-place";
    case Verdict.Overload:
      return "overload";
    case Verdict.HostError:
      return "host-error";
    case Verdict.ImageInvalid:
      return "image-invalid";
    case Verdict.PathConflict:
      return "path-conflict";
    case Verdict.NotTunnelled:
      return "not-tunnelled";
    default:
      return "undecided";
  }
}
