/** What the controller, or whoever applies what `render` prints, has made for namespaces that are opted in. */

import { isAsWanted } from "../kube/same-object.ts";
import { OVERLAY_LABEL } from "../model/labels.ts";
import { type Emitted, type Facts, objectsOf } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { at, type Json, labelOf, listAt, nameOf, namespaceOf, textAt, titleOf } from "./json.ts";
import { optedInNames } from "./opted-in.ts";

/** Server-side apply by the controller, and by `rollout`. */
const MANAGER = "sallyport";
const EMITTED_KINDS = ["EnvoyFilter", "WasmPlugin", "NetworkPolicy"];
const ADVICE = "let the controller apply it, or apply what sallyport render prints";

export function emittedObjects({ emitted }: Facts): Finding[] {
  return emitted.flatMap(({ wanted, found }): Finding[] => {
    const object = titleOf(wanted);
    if (found === undefined) return [{ severity: "error", object, message: "isn't there", advice: ADVICE }];
    if (isAsWanted(wanted, found)) return [];
    return [{ severity: "error", object, ...difference({ wanted, found }) }];
  });
}

function difference({ wanted, found }: Emitted): Pick<Finding, "message" | "advice"> {
  const other = listAt(found, "metadata", "managedFields")
    .filter((one) => textAt(one, "manager") !== MANAGER && hasContent(one))
    .flatMap((one) => textAt(one, "manager") ?? [])
    .sort()[0];
  if (other !== undefined)
    return { message: `was changed by ${other}: it isn't what this program would write`, advice: ADVICE };
  const [ours, theirs] = [wanted, found].map((one) => digestsOf(one));
  const message =
    ours !== theirs
      ? "is of another version of this program: its filters have another digest"
      : "isn't what this program would write: it is of another version, or older than the last change of a gateway";
  return { message, advice: ADVICE };
}

/** Of filters' code, each once. */
function digestsOf(object: Json | undefined): string {
  return [...new Set(JSON.stringify(object).match(/\b[0-9a-f]{64}\b/g) ?? [])].sort().join();
}

function hasContent(entry: unknown): boolean {
  return ["f:spec", "f:data"].some((field) => at(entry, "fieldsV1", field) !== undefined);
}

/** Ours in namespaces that aren't opted in any more, or of another overlay. */
export function leftovers(facts: Facts): Finding[] {
  const names = optedInNames(facts);
  return EMITTED_KINDS.flatMap((kind) => objectsOf(facts, kind))
    .filter((one) => labelOf(one, "app.kubernetes.io/managed-by") === MANAGER)
    .filter((one) => labelOf(one, OVERLAY_LABEL) !== undefined && !names.has(namespaceOf(one)))
    .filter((one) => facts.namespace === undefined || namespaceOf(one) === facts.namespace)
    .map((one) => ({
      severity: "warning",
      object: titleOf(one),
      message: `is in namespace ${namespaceOf(one)}, which isn't opted in: its sidecars still have our filters`,
      advice: `run kubectl -n ${namespaceOf(one)} delete ${String(one.kind).toLowerCase()} ${nameOf(one)}, or sallyport rollout ${namespaceOf(one)} --leave`,
    }));
}
