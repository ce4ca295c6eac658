/** The intruder's attempts: each with the reason that the overlay must give for refusing it. */
import { KeyPurpose } from "../../assembly/wire/image.ts";
import { StampKind } from "../../assembly/wire/stamp.ts";
import { hexId } from "../model/hex.ts";
import type { Attack } from "./attacker.ts";
import { keysOf, makeStamp, type StampWish } from "./forger.ts";
import type { NodeName, Stage } from "./stage.ts";

export interface Attempt {
  readonly name: string;
  /** Node on which the attacker sits. */
  readonly from: NodeName;
  readonly attack: Attack;
  /** Where the refusal is logged, and its reason; none: refused by TLS or the guard before any filter. */
  readonly refusedAt?: readonly string[];
  readonly reason: string;
}

const GATEWAY = "10.78.0.2:15042";
const SECOND_GATEWAY = "10.78.0.4:15042";
const DB = "10.77.0.13:5432";
const WEB = "10.77.0.11:8080";
const EDGE_A = ["edge-a-0", "edge-a-1"];
const EDGE_B = ["edge-b-0"];

/** Facts that an attacker learns from the images that it stole. */
export interface Loot {
  readonly stamp: StampWish;
  readonly webKey: string;
  readonly webNode: string;
}

/** Takes the images of the intruder's node and of web's: what its own node holds, and what a stolen key is worth. */
export async function loot(stage: Stage): Promise<Loot> {
  const [policy] = stage.standalone.policies;
  if (policy === undefined) throw new Error("no overlay runs");
  const idOf = (name: string) => hexId(policy.endpoints.find(({ endpoint }) => endpoint.name === name)?.id as Uint8Array);
  const gateway = policy.gateways[0];
  const audience = hexId(gateway?.id as Uint8Array);
  const epoch = Math.floor(Date.now() / 1000 / policy.overlay.keys.epochSeconds);
  const keyOf = async (name: NodeName) => {
    const image = await stage.agent(name).steal(stage.tls(name), stage.control, idOf(name));
    const found = keysOf(image).find((key) => key.purpose === KeyPurpose.Endpoint && key.epoch === epoch && key.peer === audience);
    if (found === undefined) throw new Error(`the image of ${name} holds no key for epoch ${epoch}`);
    return found.key;
  };
  return {
    stamp: {
      keyGeneration: policy.overlay.keys.keyGeneration,
      overlay: policy.overlay.id,
      epoch,
      sourceNode: idOf("intruder"),
      sourceAddress: "10.77.0.66",
      path: policy.paths[0]?.id as number,
      destination: DB,
      audience,
      key: await keyOf("intruder"),
    },
    webKey: await keyOf("web"),
    webNode: idOf("web"),
  };
}

/** All attempts, made now: stamps are fresh for a minute only. */
export function attempts(stage: Stage, { stamp: own, webKey, webNode }: Loot): Attempt[] {
  const tls = stage.tls("intruder");
  const at = (proxy: string, authority: string, wish?: StampWish): Attack => ({
    tls,
    proxy,
    authority,
    ...(wish === undefined ? {} : { stamp: makeStamp(wish) }),
  });
  const { key: _, ...keyless } = own;
  const asWeb: StampWish = { ...own, sourceNode: webNode, sourceAddress: "10.77.0.11", key: webKey };
  const tooOld = Math.floor(Date.now() / 1000) - 61;
  const gate = (name: string, reason: string, attack: Attack): Attempt => ({ name, from: "intruder", attack, refusedAt: EDGE_A, reason });
  return [
    gate("its own valid stamp, but no policy allows it", "policy-ingress", at(GATEWAY, DB, own)),
    gate("no stamp", "stamp-missing", at(GATEWAY, DB)),
    gate("half a stamp", "stamp-length", { ...at(GATEWAY, DB), stamp: makeStamp(own).slice(0, 48) }),
    gate("two stamps", "stamp-length", { ...at(GATEWAY, DB), stamp: [makeStamp(own), makeStamp(own)] }),
    gate("a forged stamp, key guessed", "stamp-tag", at(GATEWAY, DB, keyless)),
    gate("web's stamp, captured and replayed", "peer-identity", at(GATEWAY, DB, asWeb)),
    gate("web's stolen key, in its own name", "stamp-tag", at(GATEWAY, DB, { ...own, key: webKey })),
    gate("web's address, in its own name", "source-mismatch", at(GATEWAY, DB, { ...own, sourceAddress: "10.77.0.11" })),
    gate("a stamp for another destination", "stamp-tag", at(GATEWAY, DB, { ...own, destination: WEB })),
    gate("a stamp for the next hop", "stamp-hop", at(GATEWAY, DB, { ...own, hop: 1 })),
    gate("a delivery stamp at a gateway", "stamp-kind", at(GATEWAY, DB, { ...own, kind: StampKind.Delivery, hop: 2 })),
    gate("a stamp of a minute ago", "stamp-stale", at(GATEWAY, DB, { ...own, issued: tooOld })),
    gate("a stamp of two epochs ago", "stamp-epoch", at(GATEWAY, DB, { ...own, epoch: (own.epoch ?? 2) - 2 })),
    gate("a stamp of the keys before the re-key", "stamp-key-generation", at(GATEWAY, DB, { ...own, keyGeneration: 0 })),
    gate("a stamp of another overlay", "stamp-overlay", at(GATEWAY, DB, { ...own, overlay: 8 })),
    gate("a path of its own choice", "policy-ingress", at(GATEWAY, DB, { ...own, path: 1 })),
    gate("CONNECT to loopback", "destination-forbidden", at(GATEWAY, "127.0.0.1:15000", { ...own, destination: "127.0.0.1:15000" })),
    gate("CONNECT to a proxy port", "destination-forbidden", at(GATEWAY, "10.77.0.13:15042", { ...own, destination: "10.77.0.13:15042" })),
    gate("CONNECT to a name", "destination-malformed", at(GATEWAY, "db.shop:5432", own)),
    { name: "the first gateway skipped", from: "intruder", attack: at(SECOND_GATEWAY, DB, own), refusedAt: EDGE_B, reason: "stamp-tag" },
    { name: "a certificate, but no proxy's: straight to db's tunnel port", from: "intruder", attack: at("10.77.0.13:15042", DB, own), reason: "TLS" },
    { name: "no certificate", from: "intruder", attack: { ...at(GATEWAY, DB, own), anonymous: true }, reason: "TLS" },
  ];
}
