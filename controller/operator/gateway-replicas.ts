import { GATEWAY_LABEL } from "../model/labels.ts";
import type { World } from "../model/resources.ts";
import { writtenReplicas } from "../serve/served-image.ts";

/** The addresses of each gateway's replicas by its name: those that are written, or those of its Service's pods. Pure. */
export function gatewayReplicas({ gateways, pods }: World): ReadonlyMap<string, readonly string[]> {
  const byService = new Map(gateways.flatMap((one) => (one.service === undefined ? [] : [[one.name, one] as const])));
  const found = new Map(gateways.map((gateway) => [gateway.name, writtenReplicas(gateway)]));
  if (byService.size === 0) return found;
  for (const { namespace, labels, addresses } of pods) {
    const gateway = byService.get(labels[GATEWAY_LABEL] ?? "");
    if (gateway?.service?.namespace === namespace) found.get(gateway.name)?.push(...addresses);
  }
  return found;
}
