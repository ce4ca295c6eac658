/** The Lease (coordination.k8s.io/v1) by which replicas agree who leads. */
import { isMapping } from "../read/schema.ts";
import type { ApiClient } from "./api-client.ts";
import { type KubeObject, messageOf, NOT_FOUND, Refusal } from "./list-watch.ts";

export interface Lease {
  /** Empty: nobody's. */
  readonly holder: string;
  /** 0: never led. */
  readonly term: number;
  /** Changes with every write; undefined: there is no Lease yet. */
  readonly version: string | undefined;
  /** The object that this was read from: fields that aren't ours stay. */
  readonly object: KubeObject;
}

/** Where replicas meet; tests have another one. */
export interface LeaseStore {
  read(): Promise<Lease>;
  /** False: somebody else wrote since `lease` was read. */
  write(lease: Lease, holder: string, term: number, durationS: number): Promise<boolean>;
}

/** In an annotation, because leaseTransitions begin anew when somebody deletes the Lease. */
const TERM = "sallyport.dev/term";
const CONFLICT = 409;

export function leaseStore(client: ApiClient, namespace: string, name: string, now: () => Date): LeaseStore {
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  return {
    read: async () => {
      const { status, body } = await client.ask("GET", `${collection}/${name}`);
      if (status === NOT_FOUND) return { holder: "", term: 0, version: undefined, object: { metadata: { name } } };
      if (status !== 200 || !isMapping(body)) throw new Refusal(status, messageOf(body));
      return leaseOf(body);
    },
    write: async (lease, holder, term, durationS) => {
      const object = written(lease, holder, term, durationS, now());
      const isNew = lease.version === undefined;
      const { status, body } = isNew
        ? await client.ask("POST", collection, object)
        : await client.ask("PUT", `${collection}/${name}`, object);
      if (status === CONFLICT) return false;
      if (status >= 300) throw new Refusal(status, messageOf(body));
      return true;
    },
  };
}

/** Terms are the upper half of 64-bit generations. One that isn't is somebody else's; by the time the next is higher. */
const TERM_END = 2 ** 32;

function leaseOf(object: KubeObject): Lease {
  const { holderIdentity } = record(object.spec);
  const { annotations, resourceVersion } = record(object.metadata);
  const term = Number(record(annotations)[TERM] ?? 0);
  return {
    holder: typeof holderIdentity === "string" ? holderIdentity : "",
    term: Number.isInteger(term) && term > 0 && term < TERM_END ? term : 0,
    version: String(resourceVersion),
    object,
  };
}

function written(
  { object, holder: before }: Lease,
  holder: string,
  term: number,
  durationS: number,
  now: Date,
): KubeObject {
  const { leaseTransitions, acquireTime } = record(object.spec);
  const metadata = record(object.metadata);
  const isOther = holder !== before;
  const time = now.toISOString().replace("Z", "000Z"); // MicroTime has six digits
  return {
    ...object,
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { ...metadata, annotations: { ...record(metadata.annotations), [TERM]: String(term) } },
    spec: {
      ...record(object.spec),
      holderIdentity: holder,
      leaseDurationSeconds: durationS,
      renewTime: time,
      acquireTime: isOther || acquireTime === undefined ? time : acquireTime,
      leaseTransitions:
        (typeof leaseTransitions === "number" ? leaseTransitions : 0) + (isOther && holder !== "" ? 1 : 0),
    },
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return isMapping(value) ? value : {};
}
