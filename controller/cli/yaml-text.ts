import { stringify } from "yaml";

/** Documents as Go's YAML reads them, which takes `yes` and `0o7` for other things than text. */
export function yamlOf(resources: readonly object[]): string {
  const settings = { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false } as const;
  return resources
    .map((resource) => stringify(resource, settings))
    .join("---\n")
    .trimEnd();
}
