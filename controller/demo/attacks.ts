/** The intruder's attempts: each with the reason that the overlay must give for refusing it. */
import { KeyPurpose } from "../../assembly/wire/image.ts";
import { StampKind } from "../../assembly/wire/stamp.ts";
import { hexId } from "../model/hex.ts";
import type { Attack } from "./attacker.ts";
import { keysOf, makeStamp, type StampWish } from "./forger.ts";
import { ADDRESSES, type NodeName, type Stage } from "./stage.ts";

export interface Attempt {
  readonly name: string;
  /** Node on which the attacker sits. */
  readonly from: NodeName;
  readonly attack: Attack;
  /** The attacker has thrown its own guard away, which would catch what it sends into the overlay. */
  readonly unguarded?: boolean;
  /** Where the refusal is logged, and its reason; none: refused by TLS or the guard before any filter. */
  readonly refusedAt?: readonly string[];
  readonly reason: string;
}

const EDGE_A = ["edge-a-0", "edge-a-1"];
const EDGE_B = ["edge-b-0"];

/** What an attacker learns from the images of the nodes that it took. */
export interface Loot {
  /** A valid stamp of each node's own, for its first gateway and db. */
  readonly own: Readonly<Record<"intruder" | "web" | "api", StampWish>>;
}

/** What must be known of a running shop to attack it: all of it is in reach of whoever took a node. */
export interface Ground extends Pick<Stage, "address" | "tls" | "control"> {
  readonly standalone: Pick<Stage["standalone"], "policies">;
  agent(name: NodeName): { steal(tls: string, control: string, nodeId: string): Promise<Buffer> };
}

/** Takes the images of three nodes: what a node holds, and what its stolen key is worth elsewhere. */
export async function loot(stage: Ground): Promise<Loot> {
  const [policy] = stage.standalone.policies;
  const gateway = policy?.gateways[0];
  if (policy === undefined || gateway === undefined) throw new Error("no overlay runs");
  const epoch = Math.floor(Date.now() / 1000 / policy.overlay.keys.epochSeconds);
  const audience = hexId(gateway.id);
  const take = async (name: NodeName): Promise<StampWish> => {
    const node = hexId(policy.endpoints.find(({ endpoint }) => endpoint.name === name)?.id as Uint8Array);
    const keys = keysOf(await stage.agent(name).steal(stage.tls(name), stage.control, node));
    const found = keys.find(
      (key) => key.purpose === KeyPurpose.Endpoint && key.epoch === epoch && key.peer === audience,
    );
    if (found === undefined) throw new Error(`the image of ${name} holds no key for epoch ${epoch}`);
    return {
      keyGeneration: policy.overlay.keys.keyGeneration,
      overlay: policy.overlay.id,
      epoch,
      sourceNode: node,
      sourceAddress: stage.address(ADDRESSES[name]),
      path: policy.paths[0]?.id as number,
      destination: `${stage.address(ADDRESSES.db)}:5432`,
      audience,
      key: found.key,
    };
  };
  return { own: { intruder: await take("intruder"), web: await take("web"), api: await take("api") } };
}

/** All attempts, made now: stamps are fresh for a minute only. */
export function attempts(
  stage: Pick<Ground, "address" | "tls">,
  { own: { intruder: own, web, api } }: Loot,
): Attempt[] {
  const gateway = `${stage.address("10.78.0.2")}:15042`;
  const secondGateway = `${stage.address("10.78.0.4")}:15042`;
  const db = own.destination;
  const dbProxy = `${stage.address(ADDRESSES.db)}:15042`;
  const loopback = "127.0.0.1:15000";
  const at = (proxy: string, authority: string, wish?: StampWish): Attack => ({
    tls: stage.tls("intruder"),
    proxy,
    authority,
    ...(wish === undefined ? {} : { stamp: makeStamp(wish) }),
  });
  const { key: _, ...keyless } = own;
  const tooOld = Math.floor(Date.now() / 1000) - 61;
  const gate = (name: string, reason: string, attack: Attack): Attempt => ({
    name,
    from: "intruder",
    attack,
    refusedAt: EDGE_A,
    reason,
  });
  return [
    gate("its own valid stamp, but no policy allows it", "policy-ingress", at(gateway, db, own)),
    gate("the same with api's address in x-forwarded-for", "policy-ingress", {
      ...at(gateway, db, own),
      headers: { "x-forwarded-for": api.sourceAddress as string },
    }),
    gate("no stamp", "stamp-missing", at(gateway, db)),
    gate("half a stamp", "stamp-length", { ...at(gateway, db), stamp: makeStamp(own).slice(0, 48) }),
    gate("two stamps", "stamp-length", { ...at(gateway, db), stamp: [makeStamp(own), makeStamp(own)] }),
    gate("a forged stamp, key guessed", "stamp-tag", at(gateway, db, keyless)),
    gate("api's stamp, captured and replayed", "peer-identity", at(gateway, db, api)),
    gate("web's stolen key, in its own name", "stamp-tag", at(gateway, db, { ...own, key: web.key as string })),
    gate(
      "web's address, in its own name",
      "source-mismatch",
      at(gateway, db, { ...own, sourceAddress: web.sourceAddress as string }),
    ),
    gate(
      "a stamp for another destination",
      "stamp-tag",
      at(gateway, db, { ...own, destination: `${stage.address(ADDRESSES.web)}:8080` }),
    ),
    gate("a stamp for the next hop", "stamp-hop", at(gateway, db, { ...own, hop: 1 })),
    gate("a delivery stamp at a gateway", "stamp-kind", at(gateway, db, { ...own, kind: StampKind.Delivery, hop: 2 })),
    gate("a stamp of a minute ago", "stamp-stale", at(gateway, db, { ...own, issued: tooOld })),
    gate("a stamp of two epochs ago", "stamp-epoch", at(gateway, db, { ...own, epoch: (own.epoch ?? 2) - 2 })),
    gate(
      "a stamp of the keys before the re-key",
      "stamp-key-generation",
      at(gateway, db, { ...own, keyGeneration: 0 }),
    ),
    gate("a stamp of another overlay", "stamp-overlay", at(gateway, db, { ...own, overlay: 8 })),
    gate("CONNECT to loopback", "destination-forbidden", at(gateway, loopback, { ...own, destination: loopback })),
    gate("CONNECT to a proxy port", "destination-forbidden", at(gateway, dbProxy, { ...own, destination: dbProxy })),
    gate("CONNECT to a name", "destination-malformed", at(gateway, "db.shop:5432", own)),
    {
      name: "the first gateway skipped",
      from: "intruder",
      attack: at(secondGateway, db, own),
      refusedAt: EDGE_B,
      reason: "stamp-tag",
    },
    {
      name: "api, which may reach db, on a path of its own choice",
      from: "api",
      attack: { ...at(gateway, db, { ...api, path: 1 }), tls: stage.tls("api") },
      refusedAt: EDGE_A,
      reason: "wrong-path",
    },
    {
      name: "api, which may reach db, past the first gateway",
      from: "api",
      attack: { ...at(secondGateway, db, api), tls: stage.tls("api") },
      refusedAt: EDGE_B,
      reason: "stamp-tag",
    },
    {
      name: "straight to db's tunnel port, with a certificate but no gateway's",
      from: "intruder",
      attack: at(dbProxy, db, own),
      unguarded: true,
      reason: "TLS",
    },
    { name: "no certificate", from: "intruder", attack: { ...at(gateway, db, own), anonymous: true }, reason: "TLS" },
  ];
}
