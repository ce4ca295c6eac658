import { Action, AUDIT_RULE_SHIFT, AUDIT_SHIFT, Audit } from "../../assembly/wire/image.ts";
import type { Claim } from "./claims.ts";
import { lowerBound } from "./lower-bound.ts";
import { Effect } from "./statement.ts";

/** From `start` on, until the next interval. */
export interface Interval {
  /** `protocol << 16 | port` */
  readonly start: number;
  readonly rule: number;
  readonly path: number;
  /** Action, Audit and its rule as an image has them in one word. */
  readonly answer: number;
}

/**
 * What claims in the order of their tiers come to: a key goes to the first claim that covers it, unless that passes it on
 * to the next tier. The last claim must be enforced, cover every key and pass nothing.
 */
export function paint(claims: readonly Claim[]): Interval[] {
  const first = claims[0] as Claim;
  if (first.ports === undefined && first.effect !== Effect.Pass && !first.audited) return [interval(0, first, first)];
  const starts = boundsOf(claims);
  const would = owners(claims, starts);
  const enforced = claims.some(({ audited }) => audited)
    ? owners(
        claims.filter(({ audited }) => !audited),
        starts,
      )
    : would;
  const intervals: Interval[] = [];
  starts.forEach((start, i) => {
    const next = interval(start, enforced[i] as Claim, would[i] as Claim);
    const before = intervals.at(-1);
    if (before?.rule !== next.rule || before.answer !== next.answer || before.path !== next.path) intervals.push(next);
  });
  return intervals;
}

function interval(start: number, enforced: Claim, would: Claim): Interval {
  const { rule, path, effect } = enforced;
  const action = effect === Effect.Allow ? Action.Allow : Action.Deny;
  const audit = auditOf(enforced, would);
  if (audit === Audit.None) return { start, rule, path, answer: action };
  return { start, rule, path, answer: (action | (audit << AUDIT_SHIFT) | (would.rule << AUDIT_RULE_SHIFT)) >>> 0 };
}

function auditOf(enforced: Claim, would: Claim): Audit {
  if (enforced.effect !== would.effect) return would.effect === Effect.Allow ? Audit.Allow : Audit.Deny;
  return would.effect === Effect.Allow && enforced.path !== would.path ? Audit.Path : Audit.None;
}

function boundsOf(claims: readonly Claim[]): number[] {
  const starts = new Set([0]);
  for (const { ports } of claims) {
    for (const { first, last } of ports ?? []) starts.add(first).add(last + 1);
  }
  return [...starts].sort((a, b) => a - b);
}

/** The claim that each piece between bounds goes to. */
function owners(claims: readonly Claim[], starts: readonly number[]): Claim[] {
  const found = new Array<Claim>(starts.length);
  let free = new Free(starts.length);
  for (let from = 0; from < claims.length; ) {
    const { tier } = claims[from] as Claim;
    let to = from;
    while (claims[to]?.tier === tier) to++;
    const inTier = claims.slice(from, to);
    for (const claim of inTier) claimPieces(claim, starts, free, found);
    // What a tier passes is free again for the next.
    if (inTier.some(({ effect }) => effect === Effect.Pass)) free = new Free(starts.length, found);
    from = to;
  }
  return found;
}

function claimPieces(claim: Claim, starts: readonly number[], free: Free, found: Claim[]): void {
  const isPass = claim.effect === Effect.Pass;
  const take = (piece: number) => {
    if (!isPass) found[piece] = claim;
  };
  if (claim.ports === undefined) free.take(0, starts.length, take);
  else
    for (const { first, last } of claim.ports) free.take(lowerBound(starts, first), lowerBound(starts, last + 1), take);
}

/** Pieces that nobody took yet; those taken are skipped, so that many wide claims stay linear. */
class Free {
  /** For each piece the next one that may be free. */
  private readonly next: Int32Array;

  constructor(count: number, taken: readonly (Claim | undefined)[] = []) {
    this.next = Int32Array.from({ length: count + 1 }, (_, i) => (taken[i] === undefined ? i : i + 1));
  }

  /** Takes what is free from `from` up to `to`. */
  take(from: number, to: number, each: (piece: number) => void): void {
    for (let i = this.from(from); i < to; i = this.from(i)) {
      each(i);
      this.next[i] = i + 1;
    }
  }

  /** The first free piece from `piece` on; shortens the way there for the next time. */
  private from(piece: number): number {
    const { next } = this;
    let found = piece;
    while (next[found] !== found) found = next[found] as number;
    for (let i = piece; i !== found; ) {
      const after = next[i] as number;
      next[i] = found;
      i = after;
    }
    return found;
  }
}
