import type { Requirement, Selector } from "../model/resources.ts";

import { labels } from "./metadata.ts";
import { labelKeyComplaint, labelValueComplaint } from "./names.ts";
import { fields, list, oneOf, optional, text } from "./schema.ts";

const expression = fields({
  key: text(labelKeyComplaint),
  operator: oneOf("In", "NotIn", "Exists", "DoesNotExist"),
  values: optional(list(text(labelValueComplaint))),
}).superRefine(({ operator, values = [] }, context) => {
  const takesValues = operator === "In" || operator === "NotIn";
  if (takesValues === values.length > 0) return;
  const message = takesValues
    ? `is empty: ${operator} needs one value or more`
    : `must be removed: ${operator} takes no values; to compare values use In or NotIn`;
  context.addIssue({ code: "custom", path: ["values"], message });
});

/** meta/v1 LabelSelector; `{}` selects everything. matchLabels are requirements with operator In. */
export const selector = fields(
  {
    matchLabels: optional(labels),
    matchExpressions: optional(list(expression)),
  },
  {
    operator: "belongs into an entry of matchExpressions",
  },
).transform(({ matchLabels = {}, matchExpressions = [] }): Selector => {
  const equal = Object.entries(matchLabels).map(
    ([key, value]): Requirement => ({ key, operator: "In", values: [value] }),
  );
  return {
    requirements: [...equal, ...matchExpressions.map(({ values = [], ...rest }): Requirement => ({ ...rest, values }))],
  };
});

export const EVERYTHING: Selector = { requirements: [] };
