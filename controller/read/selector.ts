import type { Requirement, Selector } from "../model/resources.ts";

import { labels } from "./metadata.ts";
import { labelKeyComplaint, labelKeys, labelValues } from "./names.ts";
import { fields, LIST_MAX, manyTextsOf, oneOf, optional, published, sizedList } from "./schema.ts";

function expressionOf(mostValues: number) {
  return published(
    fields({
      key: manyTextsOf(labelKeys, labelKeyComplaint).describe("A label's key."),
      operator: oneOf("In", "NotIn", "Exists", "DoesNotExist").describe("How the label's value is compared."),
      values: optional(sizedList(manyTextsOf(labelValues), 0, mostValues, "values of the label"))
        .meta({ "x-kubernetes-list-type": "atomic" })
        .describe("For In and NotIn."),
    }).superRefine(({ operator, values = [] }, context) => {
      const takesValues = operator === "In" || operator === "NotIn";
      if (takesValues === values.length > 0) return;
      const message = takesValues
        ? `is empty: ${operator} needs one value or more`
        : `must be removed: ${operator} takes no values; to compare values use In or NotIn`;
      context.addIssue({ code: "custom", path: ["values"], message });
    }),
    {
      rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
      message: "In and NotIn need one value or more, Exists and DoesNotExist take none",
      fieldPath: ".values",
    },
  );
}

/** meta/v1 LabelSelector; `{}` selects everything. matchLabels are requirements with operator In. */
export function selectorOf(mostExpressions: number, mostValues: number) {
  return fields(
    {
      matchLabels: optional(labels).describe("Labels that are all there, with these values."),
      matchExpressions: optional(
        sizedList(expressionOf(mostValues), 0, mostExpressions, "requirements, all of which must hold"),
      )
        .meta({ "x-kubernetes-list-type": "atomic" })
        .describe("Requirements that all hold."),
    },
    {
      operator: "belongs into an entry of matchExpressions",
    },
  ).transform(({ matchLabels = {}, matchExpressions = [] }): Selector => {
    const equal = Object.entries(matchLabels).map(
      ([key, value]): Requirement => ({ key, operator: "In", values: [value] }),
    );
    return {
      requirements: [
        ...equal,
        ...matchExpressions.map(({ values = [], ...rest }): Requirement => ({ ...rest, values })),
      ],
    };
  });
}

/** Of Kubernetes' own kinds. */
export const selector = selectorOf(LIST_MAX, LIST_MAX);
