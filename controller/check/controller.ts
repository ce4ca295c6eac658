/** The controller: is it there, does one replica lead, has it a certificate? */
import type { Facts } from "./facts.ts";
import { objectsOf } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { at, type Json, labelOf, listAt, nameOf, namespaceOf, numberAt, recordAt, textAt, titleOf } from "./json.ts";

/** Of everything that belongs to the controller. */
const NAME = "sallyport";
/** A certificate of Istio's lives a day and is renewed at half of it. */
const CERTIFICATE_MIN_MS = 2 * 3600 * 1000;
/** A Lease that hasn't been renewed for longer than its own term is nobody's. */
const LEASE_S = 15;

function own(facts: Facts, kind: string): Json | undefined {
  const { controlNamespace } = facts.mesh;
  return objectsOf(facts, kind).find((one) => nameOf(one) === NAME && namespaceOf(one) === controlNamespace);
}

export function controllerRuns(facts: Facts): Finding[] {
  const { controlNamespace } = facts.mesh;
  const deployment = own(facts, "Deployment");
  if (deployment === undefined) {
    const message = `there is no Deployment ${NAME} in namespace ${controlNamespace}`;
    const advice = "install the chart; say --control-namespace if it is elsewhere";
    return [{ severity: "error", object: "", message, advice }];
  }
  const [wanted, ready] = [
    numberAt(deployment, "spec", "replicas") ?? 1,
    numberAt(deployment, "status", "readyReplicas") ?? 0,
  ];
  const advice = `look at kubectl -n ${controlNamespace} describe pods and logs deployment/${NAME}`;
  const object = titleOf(deployment);
  const reasons = [...facts.replicas].flatMap(([pod, { notReady }]) => (notReady ? [`${pod} says: ${notReady}`] : []));
  const why = reasons.length > 0 ? `; ${reasons.sort()[0]}` : "";
  if (ready === 0) return [{ severity: "error", object, message: `has no ready replica${why}`, advice }];
  if (ready < wanted)
    return [{ severity: "warning", object, message: `has ${ready} of ${wanted} replicas ready${why}`, advice }];
  if (wanted > 1) return [];
  const alone = "has a single replica: while it is away nodes keep their images, and changes wait";
  return [{ severity: "warning", object, message: alone, advice: "give it two replicas" }];
}

export function controllerLeads(facts: Facts): Finding[] {
  const { controlNamespace } = facts.mesh;
  const lease = own(facts, "Lease");
  const object = `Lease ${controlNamespace}/${NAME}`;
  const advice = `look at kubectl -n ${controlNamespace} logs deployment/${NAME}`;
  const holder = textAt(lease, "spec", "holderIdentity") ?? "";
  if (lease === undefined || holder === "")
    return [{ severity: "error", object, message: "no replica leads: no change reaches a node", advice }];
  const renewed = Date.parse(textAt(lease, "spec", "renewTime") ?? "");
  const ageS = (facts.now.getTime() - renewed) / 1000;
  if (!(ageS <= Math.max(LEASE_S, numberAt(lease, "spec", "leaseDurationSeconds") ?? 0) + LEASE_S)) {
    const message = `its holder ${holder} hasn't renewed it for ${Math.round(ageS)} s: no replica leads`;
    return [{ severity: "error", object, message, advice }];
  }
  return servesImages(facts) ? [] : [{ ...unserved(facts), advice }];
}

/** Sidecars reach the leader through a Service whose only endpoint it is. */
function servesImages(facts: Facts): boolean {
  const slices = objectsOf(facts, "EndpointSlice").filter(
    (one) => namespaceOf(one) === facts.mesh.controlNamespace && labelOf(one, "kubernetes.io/service-name") === NAME,
  );
  return slices.some((slice) =>
    listAt(slice, "endpoints").some(
      (one) => recordAt(one, "conditions").ready !== false && listAt(one, "addresses")[0],
    ),
  );
}

function unserved({ mesh }: Facts): Omit<Finding, "advice"> {
  const object = `Service ${mesh.controlNamespace}/${NAME}`;
  return { severity: "error", object, message: "has no endpoint: sidecars get neither images nor filters" };
}

export function certificates({ replicas, now, mesh }: Facts): Finding[] {
  return [...replicas].sort().flatMap(([pod, { certificateEnds }]): Finding[] => {
    if (certificateEnds === undefined) return [];
    const leftMs = certificateEnds.getTime() - now.getTime();
    if (leftMs >= CERTIFICATE_MIN_MS) return [];
    const object = `Pod ${mesh.controlNamespace}/${pod}`;
    const advice = "look at its container istio-proxy, which renews it: does istiod answer it?";
    if (leftMs <= 0) {
      const message = `its certificate ended at ${certificateEnds.toISOString()}: sidecars refuse to talk to it`;
      return [{ severity: "error", object, message, advice }];
    }
    const message = `its certificate ends at ${certificateEnds.toISOString()} and should have been renewed by now`;
    return [{ severity: "warning", object, message, advice }];
  });
}

/** Whether a Deployment's pods are those that carry these labels. */
export function selects(selector: unknown, labels: Json): boolean {
  const wanted = Object.entries(recordAt(selector, "matchLabels"));
  const requirements = listAt(selector, "matchExpressions");
  if (!wanted.every(([key, value]) => labels[key] === value)) return false;
  return requirements.every((one) => meets(labels, one));
}

function meets(labels: Json, requirement: unknown): boolean {
  const value = labels[textAt(requirement, "key") ?? ""];
  const values = listAt(requirement, "values");
  const operator = at(requirement, "operator");
  if (operator === "In") return values.includes(value);
  if (operator === "NotIn") return !values.includes(value);
  return operator === "Exists" ? value !== undefined : value === undefined;
}
