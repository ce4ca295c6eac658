import { ImageFault } from "./image-check.ts";

/** The fault as logs spell it: stable. */
export function imageFaultName(fault: ImageFault): string {
  switch (fault) {
    case ImageFault.None:
      return "none";
    case ImageFault.TooShort:
      return "too-short";
    case ImageFault.TooLarge:
      return "too-large";
    case ImageFault.Magic:
      return "magic";
    case ImageFault.Version:
      return "version";
    case ImageFault.Length:
      return "length";
    case ImageFault.HeaderDigest:
      return "header-digest";
    case ImageFault.SectionTable:
      return "section-table";
    case ImageFault.SectionDigest:
      return "section-digest";
    case ImageFault.ForeignNode:
      return "foreign-node";
    case ImageFault.ForeignOverlay:
      return "foreign-overlay";
    case ImageFault.Role:
      return "role";
    case ImageFault.Older:
      return "older";
    case ImageFault.Expired:
      return "expired";
    default:
      return "unknown";
  }
}
