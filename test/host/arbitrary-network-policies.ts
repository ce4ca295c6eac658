import fc from "fast-check";
import type { NetworkPolicy, Peer, PolicyPort, PolicyRule } from "../../controller/model/resources.ts";
import { block, namespaceSelector, selector } from "./arbitrary-selectors.ts";
import { NAMESPACES, origin, PORT_NAMES, PORTS, PROTOCOLS } from "./vocabulary.ts";

const peer: fc.Arbitrary<Peer> = fc.oneof(
  fc.record({ kind: fc.constant("pods" as const), podSelector: selector }),
  fc.record({ kind: fc.constant("pods" as const), namespaceSelector, podSelector: selector }),
  block,
);

export const policyPort: fc.Arbitrary<PolicyPort> = fc
  .record({
    protocol: fc.constantFrom(...PROTOCOLS),
    port: fc.option(fc.oneof(fc.constantFrom(...PORTS, 65535), fc.constantFrom(...PORT_NAMES)), { nil: undefined }),
    further: fc.option(fc.constantFrom(0, 1, 300, 60000), { nil: undefined }),
  })
  .map(({ protocol, port, further }) => ({
    protocol,
    ...(port !== undefined && { port }),
    ...(typeof port === "number" && further !== undefined && { endPort: Math.min(port + further, 65535) }),
  }));

const rule = fc.record(
  {
    peers: fc.array(peer, { minLength: 1, maxLength: 3 }),
    ports: fc.array(policyPort, { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
);

const rules: fc.Arbitrary<PolicyRule[]> = fc
  .array(rule, { maxLength: 3 })
  .map((list) => list.map((one, index) => ({ index, ...one }) as PolicyRule));

export const networkPolicies: fc.Arbitrary<NetworkPolicy[]> = fc
  .array(
    fc
      .record({ podSelector: selector, ingress: rules, egress: rules }, { requiredKeys: ["podSelector"] })
      .chain((facts) => fc.constantFrom(...NAMESPACES).map((namespace) => ({ namespace, ...facts }))),
    { maxLength: 6 },
  )
  .map((list) =>
    list.map((facts, i) => {
      const name = `p${i}`;
      return { origin: origin("NetworkPolicy", `${facts.namespace}/${name}`), name, ...facts } as NetworkPolicy;
    }),
  );
