/** A cluster's facts in, what is wrong out. */
import { CHECKS, type Check } from "./catalog.ts";
import type { Facts, Listing } from "./facts.ts";
import type { Finding, Result } from "./finding.ts";

const ASK = "ask somebody who may, or be granted it";

/** A line or more for each check, in the order of `CHECKS`; findings of one check by object. */
export function check(facts: Facts): Result[] {
  return CHECKS.flatMap((one) => resultsOf(one, facts));
}

function resultsOf(one: Check, facts: Facts): Result[] {
  const unknown = one.needs.flatMap((kind) => unseen(kind, facts.listings.get(kind)));
  // Half of what is there would look as if the rest weren't.
  const all = unknown.length > 0 ? unknown : [...one.find(facts)].sort(byObject);
  if (all.length === 0) return [{ check: one.id, severity: "ok", object: "", message: one.ok, advice: "" }];
  return all.map((finding) => ({ check: one.id, ...finding }));
}

/** Why objects of a kind can't be looked at. That a kind isn't installed is said elsewhere. */
function unseen(kind: string, listing: Listing | undefined): Finding[] {
  if (listing?.state !== "refused") return [];
  const { right, reason } = listing;
  if (right !== undefined)
    return [{ severity: "warning", object: "", message: `can't be told: you may not ${right}`, advice: ASK }];
  const message = `can't be told: ${kind}s could not be listed: ${reason}`;
  return [{ severity: "warning", object: "", message, advice: "try again" }];
}

function byObject(a: Finding, b: Finding): number {
  const key = ({ object, message }: Finding) => `${object}\n${message}`;
  return key(a) < key(b) ? -1 : 1;
}
