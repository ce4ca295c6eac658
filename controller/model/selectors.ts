import type { Labels, Requirement, Selector } from "./resources.ts";

/** An empty selector, which selects everything. */
export const EVERYTHING: Selector = { requirements: [] };

/** Does the selector match? meta/v1 LabelSelector: all requirements hold; NotIn holds where the key is absent. */
export function selects(selector: Selector, labels: Labels): boolean {
  return selector.requirements.every((requirement) => holds(requirement, labels));
}

/** A text that two selectors share only if they select the same; equal up to order and repetition is enough. */
export function selectorText(selector: Selector): string {
  if (selector.requirements.length === 0) return "";
  const texts = selector.requirements.map(requirementText);
  return [...new Set(texts)].sort().join("\n");
}

function holds(requirement: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  switch (requirement.operator) {
    case "In":
      return value !== undefined && requirement.values.includes(value);
    case "NotIn":
      return value === undefined || !requirement.values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}

function requirementText({ key, operator, values }: Requirement): string {
  if (operator === "Exists" || operator === "DoesNotExist") return `${operator} ${key}`;
  const [only, ...more] = values;
  // Neither keys nor values of Kubernetes labels contain a space, a comma or a line feed.
  return `${operator} ${key} ${more.length === 0 ? (only ?? "") : [...new Set(values)].sort().join(",")}`;
}
