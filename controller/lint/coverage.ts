import { without } from "../compile/ranges.ts";
import type { Requirement, Selector } from "../model/resources.ts";
import { selects } from "../model/selectors.ts";
import type { PodsOf, Rule, RulePeer } from "../offline/statements.ts";
import type { Facts } from "./facts.ts";

/** Whether everything that `narrow` matches is sure to be matched by `wide`, whatever the members are. */
export function coversRule(facts: Facts, wide: Rule, narrow: Rule): boolean {
  return wide.direction === narrow.direction && coversPeers(facts, wide, narrow) && coversTraffic(wide, narrow);
}

function coversPeers(facts: Facts, { peers: wide }: Rule, { peers: narrow }: Rule): boolean {
  if (wide === undefined) return true;
  if (narrow === undefined || narrow.length === 0) return false;
  return narrow.every((one) => wide.some((other) => coversPeer(facts, other, one)));
}

function coversPeer(facts: Facts, wide: RulePeer, narrow: RulePeer): boolean {
  if (wide.kind === "pods") return narrow.kind === "pods" && coversPods(facts, wide.pods, narrow.pods);
  if (wide.kind === "addresses") {
    return (
      narrow.kind === "addresses" && narrow.ranges.every((range) => wide.ranges.reduce(without, [range]).length === 0)
    );
  }
  if (wide.kind === "names") return narrow.kind === "names" && narrow.names.every((name) => wide.names.includes(name));
  if (wide.kind === "identity") return narrow.kind === "identity" && narrow.identity === wide.identity;
  return narrow.kind === "nodes" && implies(narrow.selector, wide.selector);
}

export function coversPods(facts: Facts, wide: PodsOf, narrow: PodsOf): boolean {
  return coversPlace(facts, wide, narrow) && implies(narrow.pods, wide.pods);
}

function coversPlace(facts: Facts, wide: PodsOf, narrow: PodsOf): boolean {
  if ("namespace" in wide) return "namespace" in narrow && wide.namespace === narrow.namespace;
  if ("namespaces" in narrow) return implies(narrow.namespaces, wide.namespaces);
  return facts.namespacesOf(wide.namespaces).includes(narrow.namespace);
}

/** Whether labels that meet the one selector must meet the other. */
function implies(narrow: Selector, wide: Selector): boolean {
  return wide.requirements.every((one) => narrow.requirements.some((other) => impliesRequirement(other, one)));
}

function impliesRequirement(narrow: Requirement, wide: Requirement): boolean {
  if (narrow.key !== wide.key) return false;
  if (narrow.operator === "In")
    return narrow.values.every((value) => selects({ requirements: [wide] }, { [wide.key]: value }));
  if (narrow.operator === "DoesNotExist") return selects({ requirements: [wide] }, {});
  if (narrow.operator === "Exists") return wide.operator === "Exists";
  return wide.operator === "NotIn" && wide.values.every((value) => narrow.values.includes(value));
}

function coversTraffic({ traffic: wide }: Rule, { traffic: narrow }: Rule): boolean {
  if (wide === undefined) return true;
  if (narrow === undefined || narrow.length === 0) return false;
  return narrow.every((one) =>
    wide.some((other) => {
      if ("name" in other) return "name" in one && other.name === one.name && other.protocol === one.protocol;
      if (other.protocol !== one.protocol) return false;
      return "name" in one
        ? other.first <= 1 && other.last === 0xffff
        : other.first <= one.first && one.last <= other.last;
    }),
  );
}
