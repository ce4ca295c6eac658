import { z } from "zod";
import type { Labels } from "../model/resources.ts";
import { policyAnnotations } from "./enforcement.ts";
import { shown } from "./issue.ts";
import {
  labelComplaint,
  labelKeyComplaint,
  labelValueComplaint,
  labelValues,
  namespaceNames,
  objectNames,
} from "./names.ts";
import { anything, fields, isMapping, optional, text, textOf } from "./schema.ts";

/** More labels than this on one object or in one selector are refused. */
const LABELS_MAX = 1000;

/** A map of label keys to label values. Every entry is looked at, also one named `__proto__`. */
export const labels = z
  .custom<Labels>(isMapping, { error: ({ input }) => `must be a mapping of label keys to values, not ${shown(input)}` })
  .superRefine((value, context) => {
    const entries = Object.entries(value);
    if (entries.length > LABELS_MAX)
      context.addIssue({ code: "custom", message: `has more than ${LABELS_MAX} labels` });
    for (const [key, labelValue] of entries.slice(0, LABELS_MAX)) {
      const message = keyComplaint(key) ?? valueComplaint(labelValue);
      if (message !== undefined) context.addIssue({ code: "custom", path: [key], message });
    }
  })
  .meta({
    type: "object",
    maxProperties: LABELS_MAX,
    additionalProperties: { type: "string", maxLength: labelValues.longest, pattern: labelValues.pattern.source },
  });

const keyComplaint = (key: string) => {
  const complaint = labelKeyComplaint(key);
  return complaint === undefined ? undefined : `${shown(key)} ${complaint}`;
};

/** YAML reads `true` and `1` as other things than text; the Kubernetes API refuses those, and so do we. */
function valueComplaint(value: unknown): string | undefined {
  if (typeof value !== "string")
    return `must be a text, not ${shown(value)}${typeof value === "object" ? "" : "; put it in quotes"}`;
  const complaint = labelValueComplaint(value);
  return complaint === undefined ? undefined : `${shown(value)} ${complaint}`;
}

/** What an API server adds to objects (`kubectl get -o yaml`): taken and not looked at. */
const fromServer = {
  annotations: anything,
  generateName: anything,
  uid: anything,
  resourceVersion: anything,
  generation: anything,
  creationTimestamp: anything,
  deletionTimestamp: anything,
  deletionGracePeriodSeconds: anything,
  finalizers: anything,
  managedFields: anything,
  ownerReferences: anything,
  selfLink: anything,
};

/** An empty namespace means `default` (meta/v1 ObjectMeta). */
export const namespaceName = text((value) => (value === "" ? undefined : labelComplaint(value)));

const objectName = textOf(objectNames);
const clusterScoped = { namespace: "must be removed: objects of this kind belong to no namespace" };

/** `metadata` of a policy in a namespace. */
export const policyMetadata = fields({
  name: objectName,
  namespace: optional(namespaceName),
  labels: optional(labels),
  ...fromServer,
  annotations: policyAnnotations,
});

/** `metadata` of a policy of the whole cluster. */
export const clusterPolicyMetadata = fields(
  { name: objectName, labels: optional(labels), ...fromServer, annotations: policyAnnotations },
  clusterScoped,
);

/** `metadata` of a cluster-scoped object. */
export const clusterMetadata = fields({ name: objectName, labels: optional(labels), ...fromServer }, clusterScoped);

/** `metadata` of a Namespace, whose name is a label (core/v1). */
export const namespaceMetadata = fields(
  { name: textOf(namespaceNames), labels: optional(labels), ...fromServer },
  clusterScoped,
);
