/** Istio's resources that undo what the overlay does, or that the overlay undoes. */
import { clientAddresses } from "../lint/blocks.ts";
import { OUTBOUND_PORT, TUNNEL_PORT } from "../model/ports.ts";
import { type Facts, objectsOf } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { type Json, labelOf, listAt, namespaceOf, recordAt, textAt, titleOf, within } from "./json.ts";
import { optedIn, optedInNames } from "./opted-in.ts";

/** Objects of a kind in namespaces that are opted in, and in the mesh's root namespace, from where they hold for all. */
function concerning(facts: Facts, kind: string): Json[] {
  const names = optedInNames(facts);
  if (names.size === 0) return [];
  names.add(facts.mesh.istioNamespace);
  return objectsOf(facts, kind).filter((one) => names.has(namespaceOf(one)));
}

export function captureModes(facts: Facts): Finding[] {
  return concerning(facts, "Sidecar").flatMap((sidecar) =>
    (["ingress", "egress"] as const)
      .filter((side) => listAt(sidecar, "spec", side).some((one) => textAt(one, "captureMode") === "NONE"))
      .map((side): Finding => {
        const lost = side === "ingress" ? "arrives there passes no guard" : "apps send there need not pass the sidecar";
        const message = `has an ${side} listener with captureMode NONE: what ${lost}`;
        return { severity: "error", object: titleOf(sidecar), message, advice: "remove captureMode from it" };
      }),
  );
}

/** STRICT in the whole namespace, at every port. */
export function strictTls(facts: Facts): Finding[] {
  const all = concerning(facts, "PeerAuthentication");
  const usual = modeOf(all.find((one) => namespaceOf(one) === facts.mesh.istioNamespace && !hasSelector(one)));
  const byNamespace = optedIn(facts).flatMap(({ name, namespace }): Finding[] => {
    const whole = modeOf(all.find((one) => namespaceOf(one) === name && !hasSelector(one))) ?? usual ?? "PERMISSIVE";
    if (whole === "STRICT") return [];
    const message = `its pods take connections without mutual TLS: PeerAuthentication is ${whole}`;
    const advice = "create a PeerAuthentication with mtls mode STRICT in it";
    return [{ severity: "warning", object: titleOf(namespace), message, advice }];
  });
  return [...byNamespace, ...all.filter((one) => namespaceOf(one) !== facts.mesh.istioNamespace).flatMap(exceptions)];
}

function exceptions(policy: Json): Finding[] {
  const ports = Object.entries(recordAt(policy, "spec", "portLevelMtls"));
  const loose = ports.filter(([, port]) => ["DISABLE", "PERMISSIVE"].includes(textAt(port, "mode") ?? ""));
  const mode = hasSelector(policy) ? modeOf(policy) : undefined;
  const said = [
    ...(mode !== undefined && mode !== "STRICT" ? [`is ${mode} for the pods that it selects`] : []),
    ...loose.map(([port, value]) => `is ${textAt(value, "mode")} at port ${port}`),
  ];
  return said.map((message) => ({
    severity: "warning",
    object: titleOf(policy),
    message: `${message}: AuthorizationPolicies see no identity of a client there`,
    advice: "make it STRICT",
  }));
}

function hasSelector(policy: Json): boolean {
  return Object.keys(recordAt(policy, "spec", "selector", "matchLabels")).length > 0;
}

/** Undefined: it is inherited. */
function modeOf(policy: Json | undefined): string | undefined {
  const mode = textAt(policy, "spec", "mtls", "mode");
  return mode === "UNSET" ? undefined : mode;
}

/** The sentences are lint's. */
export function authorizationByAddress(facts: Facts): Finding[] {
  const policies = concerning(facts, "AuthorizationPolicy");
  const written = policies.map((object) => ({
    object,
    origin: { file: "cluster", line: 0, kind: "AuthorizationPolicy", name: titleOf(object).split(" ")[1] as string },
  }));
  const said = clientAddresses(written).map(({ origin, message }): Finding => {
    const [wrong = "", advice = ""] = message.split(/: (.*)/s);
    return { severity: "warning", object: `${origin.kind} ${origin.name}`, message: wrong, advice };
  });
  return [...new Map(said.map((finding) => [finding.object, finding])).values()];
}

const OUR_PORTS: readonly unknown[] = [OUTBOUND_PORT, TUNNEL_PORT];

/** Anything in it that has our ports or names. */
export function foreignFilters(facts: Facts): Finding[] {
  return concerning(facts, "EnvoyFilter")
    .filter((filter) => labelOf(filter, "app.kubernetes.io/managed-by") !== "sallyport")
    .flatMap((filter): Finding[] => {
      const touched = [...within(recordAt(filter, "spec"))].find(isOurs);
      if (touched === undefined) return [];
      const message = `touches ${typeof touched === "number" ? `port ${touched}` : `"${touched}"`}, which is the overlay's`;
      const advice = "remove that patch: it can open the tunnel, or make sidecars refuse their listeners";
      return [{ severity: "error", object: titleOf(filter), message, advice }];
    });
}

function isOurs(value: unknown): boolean {
  return OUR_PORTS.includes(value) || (typeof value === "string" && /^sallyport[-.]/.test(value));
}
