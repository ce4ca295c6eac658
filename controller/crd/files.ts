import { stringify } from "yaml";
import { customResourceDefinitions } from "./definitions.ts";

const HEAD = "# Made from the schemas in controller/read by `npm run build:crd`.\n";

/** Where they are, from the project's folder. Helm takes no file from outside of a chart, so that one has its own. */
export const CRD_FOLDERS = ["manifests/crd", "manifests/chart/crds"];

/** The texts of the files in each folder, by file name. */
export function crdFiles(): ReadonlyMap<string, string> {
  const definitions = [...customResourceDefinitions()];
  return new Map(definitions.map(([name, object]) => [name, HEAD + text(object)]));
}

function text(object: object): string {
  return stringify(object, { lineWidth: 120, aliasDuplicateObjects: false });
}
