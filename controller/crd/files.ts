import { stringify } from "yaml";
import { customResourceDefinitions } from "./definitions.ts";

const HEAD = "# Made from the schemas in controller/read by `npm run build:crd`.\n";

/** The texts of `manifests/crd`, by file name. */
export function crdFiles(): ReadonlyMap<string, string> {
  const definitions = [...customResourceDefinitions()];
  return new Map(definitions.map(([name, object]) => [name, HEAD + text(object)]));
}

function text(object: object): string {
  return stringify(object, { lineWidth: 120, aliasDuplicateObjects: false });
}
