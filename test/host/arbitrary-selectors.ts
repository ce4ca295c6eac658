import fc from "fast-check";
import type { BlockPeer, NamedPort, Requirement, Selector } from "../../controller/model/resources.ts";
import type { Subject } from "../../controller/model/tiers.ts";
import { inside } from "./simple-evaluator.ts";
import { BLOCKS, KEYS, NAMESPACES, PORT_NAMES, PORTS, PROTOCOLS, VALUES } from "./vocabulary.ts";

export const labels = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES), { maxKeys: 2 });

const requirement: fc.Arbitrary<Requirement> = fc.oneof(
  fc.record({
    key: fc.constantFrom(...KEYS),
    operator: fc.constantFrom("In" as const, "NotIn" as const),
    values: fc.subarray([...VALUES, "unseen"], { minLength: 1 }),
  }),
  fc.record({
    key: fc.constantFrom(...KEYS, "unseen"),
    operator: fc.constantFrom("Exists" as const, "DoesNotExist" as const),
    values: fc.constant([]),
  }),
);

/** Often of everything: a policy that selects nobody says little. */
export const selector: fc.Arbitrary<Selector> = fc.record({
  requirements: fc.oneof(
    { arbitrary: fc.constant([]), weight: 1 },
    { arbitrary: fc.array(requirement, { maxLength: 2 }), weight: 2 },
  ),
});

export const namespaceSelector: fc.Arbitrary<Selector> = fc.oneof(
  selector,
  fc.constant({ requirements: [] }),
  fc.constantFrom(...NAMESPACES).map(
    (name): Selector => ({
      requirements: [{ key: "kubernetes.io/metadata.name", operator: "In", values: [name] }],
    }),
  ),
);

export const subject: fc.Arbitrary<Subject> = fc.record({ namespaceSelector, podSelector: selector });

const length = (cidr: string) => Number(cidr.split("/")[1]);

/** Exceptions inside of the block and beside it, none of all of it. */
export const block: fc.Arbitrary<BlockPeer> = fc
  .record({ cidr: fc.constantFrom(...BLOCKS), except: fc.subarray(BLOCKS, { maxLength: 2 }) })
  .map(({ cidr, except }) => {
    const isPart = (hole: string) => length(hole) > length(cidr) || !inside(cidr.split("/")[0] as string, hole);
    return { kind: "block", cidr, except: except.filter(isPart) };
  });

/** Of an endpoint: names mean one port. */
export const namedPorts: fc.Arbitrary<NamedPort[]> = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom(...PORT_NAMES),
    protocol: fc.constantFrom(...PROTOCOLS),
    port: fc.constantFrom(...PORTS),
  }),
  { selector: ({ name }) => name, maxLength: 2 },
);

/** Of a pod: containers may use a name twice, and not name a port. */
export const containerPorts: fc.Arbitrary<NamedPort[]> = fc.array(
  fc.record({
    name: fc.constantFrom(...PORT_NAMES, ""),
    protocol: fc.constantFrom(...PROTOCOLS),
    port: fc.constantFrom(...PORTS),
  }),
  { maxLength: 3 },
);
