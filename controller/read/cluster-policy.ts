import type { z } from "zod";
import type { Origin } from "../model/resources.ts";
import { EVERYTHING } from "../model/selectors.ts";
import { type ClusterNetworkPolicy, type Subject, type TierRule, UNREADABLE_PRIORITY } from "../model/tiers.ts";
import { auditAnnotation } from "./enforcement.ts";
import type { Decoded, Issue } from "./issue.ts";
import { clusterPolicyMetadata } from "./metadata.ts";
import {
  anything,
  check,
  fields,
  integer,
  isMapping,
  LIST_MAX,
  list,
  oneField,
  oneOf,
  optional,
  sized,
} from "./schema.ts";
import { selector } from "./selector.ts";
import { egressTierRule, ingressTierRule, namespacedPods, RULES_MAX } from "./tier-rule.ts";

/**
 * policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy. What can't be understood only ever removes access:
 *
 * - a broken rule, as its documentation demands: an Accept matches nothing, a Deny or Pass denies everything;
 * - anything broken outside of the rules: no Accept stands, a Pass is a Deny, and what can't be read is taken for the
 *   widest there is: everybody as the subject, the Admin tier, before all other priorities;
 * - no list of rules then, or anything that could have been meant to be one: everything is denied.
 */
export const CLUSTER_POLICY_VERSION = "policy.networking.k8s.io/v1alpha2";

export const priority = integer(0, 1000);
const tier = oneOf("Admin", "Baseline");

const subject = oneField(
  {
    namespaces: selector.transform((namespaceSelector): Subject => ({ namespaceSelector, podSelector: EVERYTHING })),
    pods: namespacedPods,
  },
  {
    namespaceSelector: "belongs under pods; for all pods of some namespaces write namespaces",
    podSelector: "belongs under pods",
    matchLabels: "belongs under namespaces",
  },
);

const rawRules = optional(list(anything).superRefine(sized(0, RULES_MAX, "split the policy")));
const specShape = { tier, priority, subject, ingress: rawRules, egress: rawRules };
const shape = {
  apiVersion: oneOf(CLUSTER_POLICY_VERSION),
  kind: oneOf("ClusterNetworkPolicy"),
  metadata: clusterPolicyMetadata,
  spec: fields(specShape),
  status: anything,
};

/** Everything but the rules. */
const frame = fields(shape, Object.fromEntries(Object.keys(specShape).map((name) => [name, "belongs under spec"])));

export function takeClusterPolicy(object: unknown, origin: Origin): Decoded<ClusterNetworkPolicy> {
  const checked = check(frame, object, []);
  if (!checked.ok) return { value: denialsOnly(object, origin), issues: checked.issues };
  const { metadata, spec } = checked.value;
  const issues: Issue[] = [];
  const value: ClusterNetworkPolicy = {
    origin,
    name: metadata.name,
    ...auditAnnotation(metadata),
    tier: spec.tier,
    priority: spec.priority,
    subject: spec.subject,
    ingress: readRules(ingressTierRule, spec.ingress, "ingress", issues),
    egress: readRules(egressTierRule, spec.egress, "egress", issues),
  };
  return { value, issues };
}

type RuleSchema = z.ZodType<Omit<TierRule, "index">>;

function readRules(schema: RuleSchema, rules: readonly unknown[] = [], field: string, issues: Issue[]): TierRule[] {
  return rules.flatMap((rule, index) => {
    const checked = check(schema, rule, ["spec", field, index]);
    if (checked.ok) return [{ index, ...checked.value }];
    issues.push(...checked.issues);
    return leftOver(rule, index);
  });
}

/** ClusterNetworkPolicyEgressPeer: how to fail closed. */
function leftOver(rule: unknown, index: number): TierRule[] {
  const isAllowing = isMapping(rule) && (rule.action === "Accept" || rule.action === "Allow");
  return isAllowing ? [] : [{ index, name: "", action: "Deny" }];
}

/** What is left of a policy that is broken outside of its rules. */
export function denialsOnly(object: unknown, origin: Origin): ClusterNetworkPolicy {
  const { metadata, spec } = isMapping(object) ? object : {};
  const { name } = isMapping(metadata) ? metadata : {};
  const written = isMapping(spec) ? spec : {};
  const hasTier = check(tier, written.tier, []).ok;
  const hasRules = written.ingress !== undefined || written.egress !== undefined;
  const hidesRules = !hasRules || hasUnknown(object as object, shape) || hasUnknown(written, specShape);
  return {
    origin,
    name: typeof name === "string" ? name : "",
    ...auditAnnotation(metadata),
    tier: readable(tier, written.tier, "Admin"),
    // A Pass before it would lead past a Deny that was meant for the Baseline tier.
    priority: hasTier ? readable(priority, written.priority, UNREADABLE_PRIORITY) : UNREADABLE_PRIORITY,
    subject: readable(subject, written.subject, { namespaceSelector: EVERYTHING, podSelector: EVERYTHING }),
    ingress: hidesRules ? leftOver(undefined, 0) : denials(ingressTierRule, written.ingress),
    egress: hidesRules ? leftOver(undefined, 0) : denials(egressTierRule, written.egress),
  };
}

function denials(schema: RuleSchema, rules: unknown): TierRule[] {
  if (rules === undefined || rules === null) return [];
  if (!Array.isArray(rules) || rules.length > LIST_MAX) return leftOver(undefined, 0);
  return rules.flatMap((rule, index): TierRule[] => {
    const checked = check(schema, rule, []);
    if (!checked.ok) return leftOver(rule, index);
    return denial({ index, ...checked.value });
  });
}

/** What is left of a policy that is there twice: which of the two is meant isn't known. */
export function withoutGrants(policy: ClusterNetworkPolicy): ClusterNetworkPolicy {
  return { ...policy, ingress: policy.ingress.flatMap(denial), egress: policy.egress.flatMap(denial) };
}

function denial(rule: TierRule): TierRule[] {
  return rule.action === "Accept" ? [] : [{ ...rule, action: "Deny" }];
}

/** The part as it is written, or `widest` if that can't be read. */
export function readable<T>(schema: z.ZodType<T>, value: unknown, widest: T): T {
  const checked = check(schema, value, []);
  return checked.ok ? checked.value : widest;
}

export function hasUnknown(object: object, known: object): boolean {
  return Object.keys(object).some((key) => !Object.hasOwn(known, key));
}
