import type { z } from "zod";
import { COMPANION_LABEL } from "../model/labels.ts";
import type { NetworkPolicy, Origin, PolicyRule, Rejection } from "../model/resources.ts";
import { EVERYTHING } from "../model/selectors.ts";
import { auditAnnotation } from "./enforcement.ts";
import { type Decoded, type Issue, rejection } from "./issue.ts";
import { namespaceName, policyMetadata } from "./metadata.ts";
import { egressRule, ingressRule } from "./policy-rule.ts";
import { anything, check, fields, isMapping, list, oneOf, optional } from "./schema.ts";
import { selector } from "./selector.ts";

/**
 * networking.k8s.io/v1 NetworkPolicy. What can't be understood only ever removes access:
 *
 * - a broken rule loses its allow; the other rules stand;
 * - anything broken outside of the rules: no rule stands, and the policy still isolates what it selects, in both
 *   directions unless `policyTypes` is readable;
 * - a broken podSelector: it isolates its whole namespace;
 * - a broken namespace: its namespace is empty, which stands for every namespace.
 */
export function decodeNetworkPolicy(
  object: unknown,
  origin: Origin,
): { policy: NetworkPolicy; rejections: Rejection[] } {
  const { value, issues } = takeNetworkPolicy(object, origin);
  return { policy: value, rejections: issues.map((issue) => rejection(origin, issue)) };
}

/**
 * One that Sallyport made for the network beneath: it is no policy of the overlay. Whoever gives the label to another
 * one takes it away, which needs the same right as deleting it.
 */
export function isCompanion(object: unknown): boolean {
  const metadata = isMapping(object) ? object.metadata : undefined;
  const labels = isMapping(metadata) ? metadata.labels : undefined;
  return isMapping(labels) && Object.hasOwn(labels, COMPANION_LABEL);
}

type Direction = "Ingress" | "Egress";

const policyTypes = list(oneOf<Direction>("Ingress", "Egress"));
const rawRules = optional(list(anything));

/** Everything but the rules. */
const frame = fields(
  {
    apiVersion: oneOf("networking.k8s.io/v1"),
    kind: oneOf("NetworkPolicy"),
    metadata: policyMetadata,
    spec: fields(
      {
        podSelector: optional(selector),
        policyTypes: optional(policyTypes),
        ingress: rawRules,
        egress: rawRules,
      },
      {
        matchLabels: "belongs under podSelector",
        from: "belongs into an entry of ingress",
        to: "belongs into an entry of egress",
      },
    ),
    status: anything,
  },
  {
    podSelector: "belongs under spec",
    policyTypes: "belongs under spec",
    ingress: "belongs under spec",
    egress: "belongs under spec",
  },
);

/** `decodeNetworkPolicy`, with the places of the issues as paths. */
export function takeNetworkPolicy(object: unknown, origin: Origin): Decoded<NetworkPolicy> {
  const checked = check(frame, object, []);
  if (!checked.ok) return { value: isolationOnly(object, origin), issues: checked.issues };
  const { metadata, spec } = checked.value;
  const { ingress = [], egress = [] } = spec;
  const directions = spec.policyTypes?.length ? spec.policyTypes : defaultTypes(egress);
  const issues: Issue[] = [];
  const inward = readable(ingressRule, ingress, "ingress", issues);
  const outward = readable(egressRule, egress, "egress", issues);
  const value: NetworkPolicy = {
    origin,
    namespace: metadata.namespace || "default",
    name: metadata.name,
    ...auditAnnotation(metadata),
    podSelector: spec.podSelector ?? EVERYTHING,
    ...(directions.includes("Ingress") && { ingress: inward }),
    ...(directions.includes("Egress") && { egress: outward }),
  };
  return { value, issues };
}

/** networking/v1 `SetDefaults_NetworkPolicy`: always Ingress, and Egress when there are egress rules. */
function defaultTypes(egress: readonly unknown[]): Direction[] {
  return egress.length > 0 ? ["Ingress", "Egress"] : ["Ingress"];
}

function readable(
  schema: z.ZodType<Omit<PolicyRule, "index">>,
  rules: readonly unknown[],
  field: string,
  issues: Issue[],
): PolicyRule[] {
  return rules.flatMap((rule, index) => {
    const checked = check(schema, rule, ["spec", field, index]);
    if (checked.ok) return [{ index, ...checked.value }];
    issues.push(...checked.issues);
    return [];
  });
}

/** What is left of a policy that is there twice: which of the two is meant isn't known. */
export function isolating({ ingress, egress, ...policy }: NetworkPolicy): NetworkPolicy {
  return { ...policy, ...(ingress && { ingress: [] }), ...(egress && { egress: [] }) };
}

/** What is left of a policy that is broken outside of its rules: it isolates, and allows nothing. Fail closed. */
export function isolationOnly(object: unknown, origin: Origin): NetworkPolicy {
  const { metadata, spec } = isMapping(object) ? object : {};
  const { name, namespace } = isMapping(metadata) ? metadata : {};
  const directions = readableTypes(spec);
  return {
    origin,
    namespace: isMapping(metadata) ? readableNamespace(namespace) : "",
    name: scalar(name),
    ...auditAnnotation(metadata),
    podSelector: readableSelector(spec),
    ...(directions.includes("Ingress") && { ingress: [] }),
    ...(directions.includes("Egress") && { egress: [] }),
  };
}

function readableNamespace(value: unknown): string {
  const checked = check(optional(namespaceName), value, []);
  return checked.ok ? checked.value || "default" : "";
}

/** The selector, if nothing is wrong around it that could have been meant to be part of it; else the whole namespace. */
function readableSelector(spec: unknown) {
  if (!isMapping(spec) || !isMapping(spec.podSelector)) return EVERYTHING;
  const checked = check(selector, spec.podSelector, []);
  return checked.ok ? checked.value : EVERYTHING;
}

function readableTypes(spec: unknown): readonly Direction[] {
  const types = isMapping(spec) ? spec.policyTypes : undefined;
  const checked = check(policyTypes, types, []);
  return checked.ok && checked.value.length > 0 ? checked.value : ["Ingress", "Egress"];
}

function scalar(value: unknown): string {
  return typeof value === "object" || value === undefined ? "" : String(value);
}
