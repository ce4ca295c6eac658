/** The gateways of overlays that namespaces are in. */
import { GATEWAY_LABEL } from "../model/labels.ts";
import { selects } from "./controller.ts";
import { type Facts, objectsOf } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { type Json, labelOf, listAt, nameOf, namespaceOf, recordAt, textAt, textsAt, titleOf } from "./json.ts";
import { optedIn } from "./opted-in.ts";
import { conditionOf } from "./overlays.ts";

/** Gateways on the paths of overlays that are in use, and names on them that there is no gateway for. */
function paths(facts: Facts): { overlay: Json; name: string; gateway: Json | undefined }[] {
  const gateways = new Map(objectsOf(facts, "OverlayGateway").map((one) => [nameOf(one), one]));
  const overlays = new Map(optedIn(facts).map(({ overlayName, overlay }) => [overlayName, overlay]));
  return [...overlays].sort().flatMap(([, overlay]) => {
    if (overlay === undefined) return [];
    return textsAt(overlay, "spec", "path").map((name) => ({ overlay, name, gateway: gateways.get(name) }));
  });
}

/** Each once. */
function used(facts: Facts): Json[] {
  return [...new Set(paths(facts).flatMap(({ gateway }) => (gateway === undefined ? [] : [gateway])))];
}

export function gatewaysReady(facts: Facts): Finding[] {
  const absent = paths(facts)
    .filter(({ gateway }) => gateway === undefined)
    .map(({ overlay, name }): Finding => {
      const message = `its path names the OverlayGateway ${name}, which isn't there: no flow passes`;
      return { severity: "error", object: titleOf(overlay), message, advice: "create that OverlayGateway" };
    });
  return [...absent, ...used(facts).flatMap((gateway) => replicas(facts, gateway))];
}

function replicas(facts: Facts, gateway: Json): Finding[] {
  const object = titleOf(gateway);
  const programmed = conditionOf(gateway, "Programmed");
  const ready = readyAddresses(facts, gateway);
  if (ready === undefined) {
    if (textAt(programmed, "status") !== "False") return [];
    const message = `not all of its replicas run the current image: ${textAt(programmed, "message") ?? ""}`;
    return [{ severity: "warning", object, message, advice: "see that the replicas run and reach the controller" }];
  }
  const namespace = textAt(gateway, "spec", "service", "namespace") ?? "";
  const advice = `look at kubectl -n ${namespace} get pods -l ${GATEWAY_LABEL}=${nameOf(gateway)}`;
  if (ready === 0) return [{ severity: "error", object, message: "has no ready replica: no flow passes it", advice }];
  if (ready > 1) return [];
  const message = "has a single ready replica: flows break while it restarts";
  return [{ severity: "warning", object, message, advice: "give its Deployment two replicas" }];
}

/** Of its Service's EndpointSlices; undefined: it names addresses, of which the cluster knows nothing. */
function readyAddresses(facts: Facts, gateway: Json): number | undefined {
  const service = recordAt(gateway, "spec", "service");
  const [namespace, name] = [textAt(service, "namespace"), textAt(service, "name")];
  if (namespace === undefined || name === undefined) return undefined;
  const slices = objectsOf(facts, "EndpointSlice").filter(
    (one) => namespaceOf(one) === namespace && labelOf(one, "kubernetes.io/service-name") === name,
  );
  const ready = slices.flatMap((slice) =>
    listAt(slice, "endpoints")
      .filter((one) => recordAt(one, "conditions").ready !== false)
      .flatMap((one) => textsAt(one, "addresses")),
  );
  return new Set(ready).size;
}

/** Gateways whose pods may all be evicted at once. */
export function disruptionBudgets(facts: Facts): Finding[] {
  const budgets = objectsOf(facts, "PodDisruptionBudget");
  return used(facts).flatMap((gateway): Finding[] => {
    const namespace = textAt(gateway, "spec", "service", "namespace");
    if (namespace === undefined) return [];
    const labels = { [GATEWAY_LABEL]: nameOf(gateway) };
    const pods = objectsOf(facts, "Pod").filter((pod) => labelOf(pod, GATEWAY_LABEL) === nameOf(gateway));
    const kinds = pods.length > 0 ? pods.map((pod) => recordAt(pod, "metadata", "labels")) : [labels];
    const isKept = budgets.some(
      (one) => namespaceOf(one) === namespace && kinds.some((kind) => selects(recordAt(one, "spec", "selector"), kind)),
    );
    if (isKept) return [];
    const message = "has no PodDisruptionBudget: a drain of nodes may evict all of its replicas at once";
    const advice = `create one in namespace ${namespace} for pods with the label ${GATEWAY_LABEL}=${nameOf(gateway)}`;
    return [{ severity: "warning", object: titleOf(gateway), message, advice }];
  });
}
