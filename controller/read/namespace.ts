import type { Labels, Namespace } from "../model/resources.ts";
import { namespaceMetadata } from "./metadata.ts";
import type { Taken } from "./overlay-kinds.ts";
import { anything, check, fields, oneOf } from "./schema.ts";

const NAME_LABEL = "kubernetes.io/metadata.name";

const schema = fields({
  apiVersion: oneOf("v1"),
  kind: anything,
  metadata: namespaceMetadata,
  spec: anything,
  status: anything,
});

export function decodeNamespace(object: unknown): Taken<Namespace> {
  const checked = check(schema, object, []);
  if (!checked.ok) return { issues: checked.issues };
  const { name, labels } = checked.value.metadata;
  return { value: namespace(name, labels), issues: [] };
}

/** The label with its name is always there and always true (Kubernetes "Automatic labelling" of namespaces). */
export function namespace(name: string, labels: Labels = {}): Namespace {
  return { name, labels: { ...labels, [NAME_LABEL]: name } };
}
