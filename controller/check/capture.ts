/** Settings by which a pod's traffic passes its sidecar by. */
import { blockRanges, without } from "../compile/ranges.ts";
import type { Facts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { annotationOf, type Json, listAt, recordAt, textAt, textsAt, titleOf } from "./json.ts";
import { type MemberPod, meshPods, sidecarOf } from "./opted-in.ts";

const PREFIX = "traffic.sidecar.istio.io/";
/** Istio leaves its own ports out by itself, and the tunnel's is ours. */
const OWN_PORTS = new Set(["15020", "15021", "15042", "15090"]);

/** What a value of a setting does; undefined: nothing that matters here. `blocks` are the overlay's. */
type Setting = (value: string, blocks: readonly string[]) => string | undefined;

const SETTINGS: Readonly<Record<string, Setting>> = {
  excludeOutboundPorts: (value) =>
    entries(value).length > 0 ? `what it sends to port ${value} goes past the sidecar, unchecked` : undefined,
  excludeOutboundIPRanges: (value, blocks) =>
    entries(value).some((one) => blocks.some((block) => overlap(one, block)))
      ? `what it sends to ${value} goes past the sidecar, and members refuse it`
      : undefined,
  includeOutboundIPRanges: (value, blocks) =>
    value !== "*" && !blocks.every((block) => isCovered(block, entries(value)))
      ? `only what it sends to ${value || "nobody"} is captured, which isn't all of the overlay's blocks`
      : undefined,
  excludeInboundPorts: (value) =>
    entries(value).some((port) => !OWN_PORTS.has(port))
      ? `what arrives at port ${value} reaches the app past the sidecar's guard and AuthorizationPolicies`
      : undefined,
  includeInboundPorts: (value) =>
    value !== "*" ? `what arrives at other ports than ${value || "none"} reaches the app past the sidecar` : undefined,
  excludeInterfaces: (value) => (value !== "" ? `what passes interface ${value} isn't captured` : undefined),
  kubevirtInterfaces: (value) => (value !== "" ? `what comes by interface ${value} passes no guard` : undefined),
};

/** As Istio's charts name them in the values of an injector, for pods that don't say otherwise. */
const VALUES: Readonly<Record<string, string>> = {
  excludeOutboundPorts: "excludeOutboundPorts",
  excludeIPRanges: "excludeOutboundIPRanges",
  includeIPRanges: "includeOutboundIPRanges",
  excludeInboundPorts: "excludeInboundPorts",
  includeInboundPorts: "includeInboundPorts",
};

export function captureHoles(facts: Facts): Finding[] {
  const pods = meshPods(facts);
  const blocks = [...new Set(pods.flatMap(blocksOf))];
  const byPod = pods.flatMap((member) =>
    Object.entries(SETTINGS).flatMap(([name, setting]): Finding[] => {
      const value = annotationOf(member.pod, PREFIX + name);
      const hole = value === undefined ? undefined : setting(value, blocksOf(member));
      if (hole === undefined) return [];
      const message = `by its annotation ${PREFIX}${name} ${hole}`;
      return [{ severity: "error", object: titleOf(member.pod), message, advice: "remove it from the pod's template" }];
    }),
  );
  const usual = facts.injectors.flatMap(({ object, proxy }) =>
    Object.entries(VALUES).flatMap(([value, name]): Finding[] => {
      const text = textAt(proxy, value);
      const hole = text === undefined ? undefined : SETTINGS[name]?.(text, blocks);
      if (hole === undefined) return [];
      const message = `by its value global.proxy.${value} of every pod ${hole}`.replace(
        "every pod what it",
        "every pod, what it",
      );
      return [{ severity: "error", object, message, advice: "remove it from the values of istiod's chart" }];
    }),
  );
  return [...byPod, ...usual];
}

function blocksOf({ home }: MemberPod): string[] {
  return textsAt(home.overlay, "spec", "cidr");
}

function entries(value: string): string[] {
  return value
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

function overlap(a: string, b: string): boolean {
  const ranges = blockRanges(b) ?? [];
  return (blockRanges(a) ?? []).some((one) => ranges.some((two) => one.first <= two.last && two.first <= one.last));
}

function isCovered(block: string, by: readonly string[]): boolean {
  const covering = by.flatMap((one) => blockRanges(one) ?? []);
  const rest = covering.reduce((left, hole) => without(left, hole), blockRanges(block) ?? []);
  return rest.length === 0;
}

/** Sidecars that Istio captures for in another way than by redirect, or not at all. */
export function interceptionMode(facts: Facts): Finding[] {
  return meshPods(facts).flatMap(({ pod }): Finding[] => {
    const mode = modeOf(pod);
    if (mode === undefined || mode === "REDIRECT") return [];
    const object = titleOf(pod);
    const advice = "leave sidecar.istio.io/interceptionMode at REDIRECT";
    if (mode === "NONE")
      return [
        {
          severity: "error",
          object,
          message: "its interceptionMode is NONE: nothing that it sends or gets passes its sidecar by itself",
          advice,
        },
      ];
    return [
      {
        severity: "error",
        object,
        message: `its interceptionMode is ${mode}, with which redirect and tunnel don't work`,
        advice,
      },
    ];
  });
}

function modeOf(pod: Json): string | undefined {
  const env = listAt(sidecarOf(pod), "env").map((one) => recordAt(one));
  const injected = env.find(({ name }) => name === "ISTIO_META_INTERCEPTION_MODE")?.value;
  if (typeof injected === "string") return injected;
  const config = annotationOf(pod, "proxy.istio.io/config") ?? "";
  return annotationOf(pod, "sidecar.istio.io/interceptionMode") ?? /interceptionMode:\s*"?(\w+)/.exec(config)?.[1];
}
