/** The API server and the definitions of our kinds. */
import { type Facts, objectsOf } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { at, type Json, listAt, nameOf, recordAt, textAt } from "./json.ts";
import { isOlder } from "./version.ts";

/** From here on conditions of CRDs may ask `ip()` and `cidr()`. */
const KUBERNETES_MIN = "1.31";
const INSTALL = "run kubectl apply --server-side -f manifests/crd";

export function kubernetesVersion({ serverVersion }: Facts): Finding[] {
  if (serverVersion === undefined) {
    const message = "the API server doesn't say its version";
    return [{ severity: "warning", object: "", message, advice: `see that it is ${KUBERNETES_MIN} or later` }];
  }
  if (!isOlder(serverVersion, KUBERNETES_MIN)) return [];
  const message = `Kubernetes ${serverVersion} doesn't understand conditions of our CRDs, which ask ip() and cidr()`;
  return [{ severity: "error", object: "", message, advice: `upgrade to ${KUBERNETES_MIN} or later` }];
}

export function ownDefinitions(facts: Facts): Finding[] {
  const installed = new Map(objectsOf(facts, "CustomResourceDefinition").map((one) => [nameOf(one), one]));
  return facts.definitions.flatMap((wanted): Finding[] => {
    const object = `CustomResourceDefinition ${nameOf(wanted)}`;
    const found = installed.get(nameOf(wanted));
    if (found === undefined) return [{ severity: "error", object, message: "is not installed", advice: INSTALL }];
    const [ours, theirs] = [partsOf(wanted), partsOf(found)];
    const lacking = [...ours].filter((part) => !theirs.has(part));
    const unknown = [...theirs].filter((part) => !ours.has(part));
    if (lacking.length > 0) {
      const message = `is older than this program: it lacks ${lacking[0]}, so that the API server drops or takes what it shouldn't`;
      return [{ severity: "error", object, message, advice: INSTALL }];
    }
    if (unknown.length === 0) return [];
    const message = `is newer than this program, which doesn't know ${unknown[0]}`;
    return [{ severity: "warning", object, message, advice: "use the sallyport of the version that is installed" }];
  });
}

/** Fields, and conditions that must hold, as `spec.keys` and `spec.id: self == oldSelf`, of versions that are served. */
function partsOf(definition: Json): Set<string> {
  const served = listAt(definition, "spec", "versions").filter((one) => at(one, "served") === true);
  return new Set(served.flatMap((version) => [...schemaParts(at(version, "schema", "openAPIV3Schema"), "")]));
}

function* schemaParts(schema: unknown, path: string): Generator<string> {
  for (const rule of listAt(schema, "x-kubernetes-validations")) yield `${path}: ${textAt(rule, "rule")}`;
  for (const [name, part] of Object.entries(recordAt(schema, "properties"))) {
    const field = path === "" ? name : `${path}.${name}`;
    yield field;
    yield* schemaParts(part, field);
  }
  const items = at(schema, "items");
  if (items !== undefined) yield* schemaParts(items, `${path}[]`);
}
