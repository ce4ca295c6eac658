/** Attempts beyond the demo's: odd stamps, odd destinations, and nodes that abuse what they legitimately have. */

import { StampKind } from "../../assembly/wire/stamp.ts";
import type { Attack } from "../../controller/demo/attacker.ts";
import type { Attempt, Ground, Loot } from "../../controller/demo/attacks.ts";
import { makeStamp, type StampWish } from "../../controller/demo/forger.ts";
import { API, DB, WEB } from "./shop.ts";

const EDGE_A = "10.78.0.2:15042";
const EDGE_B = "10.78.0.4:15042";
const DB_PROXY = `${DB}:15042`;
const UDP_PATH = "/.well-known/masque/udp/10.77.0.13/5432/";
const AT_A = ["edge-a-0"];
const AT_B = ["edge-b-0"];

/** What the attacks need besides the stolen stamps. */
export interface Ids {
  /** Node ids in hex. */
  readonly edgeA: string;
  readonly edgeB: string;
  readonly db: string;
}

export function moreAttempts(ground: Pick<Ground, "tls">, { own }: Loot, ids: Ids): Attempt[] {
  const { intruder, web, api } = own;
  const by = (from: "intruder" | "web" | "api", proxy: string, authority: string, stamp: Attack["stamp"]) => ({
    from,
    attack: { tls: ground.tls(from), proxy, authority, ...(stamp === undefined ? {} : { stamp }) },
  });
  const db = api.destination;
  const valid = makeStamp(api);
  /** api, which may reach db, with a header that is somehow wrong. */
  const header = (name: string, stamp: string, reason: string): Attempt => ({
    name,
    ...by("api", EDGE_A, db, stamp),
    refusedAt: AT_A,
    reason,
  });
  /** api with a well-made stamp that says something wrong. */
  const wish = (name: string, change: Partial<StampWish>, reason: string): Attempt =>
    header(name, makeStamp({ ...api, ...change }), reason);
  /** api with a valid stamp, and an authority that isn't a destination of the overlay. */
  const authority = (text: string, reason: string): Attempt => ({
    name: `the authority ${JSON.stringify(text)}`,
    ...by("api", EDGE_A, text, makeStamp({ ...api, destination: text })),
    refusedAt: AT_A,
    reason,
  });
  /** api with a valid stamp, in a request that is no plain CONNECT. */
  const request = (name: string, change: Partial<Attack>, reason: string): Attempt => {
    const { from, attack } = by("api", EDGE_A, db, valid);
    return { name, from, attack: { ...attack, ...change }, refusedAt: AT_A, reason };
  };
  return [
    header("an empty stamp", "", "stamp-length"),
    header("a stamp of 95 characters", valid.slice(0, 95), "stamp-length"),
    header("a stamp of 97 characters", `${valid}A`, "stamp-length"),
    header("a stamp of 8000 characters", valid.repeat(83).slice(0, 8000), "stamp-length"),
    header("a stamp with padding for its last character", `${valid.slice(0, 95)}=`, "stamp-alphabet"),
    header("a stamp in the other base64 alphabet", `+/${valid.slice(2)}`, "stamp-alphabet"),
    wish("a stamp of version 2", { version: 2 }, "stamp-version"),
    wish("a stamp of an unknown kind", { kind: 4 as StampKind }, "stamp-kind"),
    wish("a transit stamp in its own name", { kind: StampKind.Transit, hop: 1 }, "unknown-source"),
    wish(
      "a transit stamp in a gateway's name",
      { kind: StampKind.Transit, hop: 1, stampingNode: ids.edgeB },
      "peer-identity",
    ),
    wish("a transit stamp for hop 0", { kind: StampKind.Transit }, "stamp-hop"),
    wish("a stamp of a minute ahead", { issued: Math.floor(Date.now() / 1000) + 62 }, "stamp-stale"),
    wish("a stamp of two epochs ahead", { epoch: (api.epoch ?? 0) + 2 }, "stamp-epoch"),
    wish("a key generation that never was", { keyGeneration: 200 }, "stamp-key-generation"),
    wish("a stamp made for another gateway", { audience: ids.edgeB }, "stamp-tag"),
    wish("another endpoint's address", { sourceAddress: WEB }, "source-mismatch"),
    wish(
      "another endpoint's node id",
      { sourceNode: web.sourceNode ?? "", stampingNode: api.sourceNode ?? "" },
      "source-mismatch",
    ),
    wish("an address that nobody has", { sourceAddress: "10.77.0.99" }, "unknown-source"),
    {
      name: "api's stamp, captured and replayed by web",
      ...by("web", EDGE_A, db, valid),
      refusedAt: AT_A,
      reason: "peer-identity",
    },
    {
      name: "api's stamp and api's certificate, from the intruder's address",
      from: "intruder",
      attack: { tls: ground.tls("api"), proxy: EDGE_A, authority: db, stamp: valid },
      refusedAt: AT_A,
      reason: "peer-address",
    },
    {
      name: "web, whose own egress would have denied it, past its own proxy",
      ...by("web", EDGE_A, db, makeStamp(web)),
      refusedAt: AT_A,
      reason: "policy-egress",
    },
    {
      name: "a transit stamp at the second gateway in the first one's name",
      ...by(
        "api",
        EDGE_B,
        db,
        makeStamp({ ...api, kind: StampKind.Transit, hop: 1, stampingNode: ids.edgeA, audience: ids.edgeB }),
      ),
      refusedAt: AT_B,
      reason: "peer-identity",
    },
    {
      name: "a delivery stamp in the last gateway's name, at db's proxy",
      ...by(
        "intruder",
        DB_PROXY,
        db,
        makeStamp({ ...intruder, kind: StampKind.Delivery, hop: 2, stampingNode: ids.edgeB, audience: ids.db }),
      ),
      unguarded: true,
      reason: "TLS",
    },
    {
      name: "api's certificate and stamp at db's proxy",
      from: "intruder",
      attack: { tls: ground.tls("api"), proxy: DB_PROXY, authority: db, stamp: valid },
      unguarded: true,
      reason: "TLS",
    },
    request("GET instead of CONNECT", { method: "GET" }, "method"),
    request("POST instead of CONNECT", { method: "POST" }, "method"),
    {
      // Envoy itself knows of no such upgrade here; no filter is asked.
      name: "CONNECT-UDP",
      from: "api",
      attack: { ...by("api", EDGE_A, db, valid).attack, headers: extended("connect-udp", UDP_PATH) },
      reason: "upgrade",
    },
    request("an upgrade to a websocket", { headers: extended("websocket", "/") }, "method"),
    authority("db.data:5432", "destination-malformed"),
    authority("[::ffff:10.77.0.13]:5432", "destination-malformed"),
    authority("010.77.0.13:5432", "destination-malformed"),
    authority("10.77.0.13:05432", "destination-malformed"),
    authority("10.77.0.13:0", "destination-malformed"),
    authority("10.77.0.13:65536", "destination-malformed"),
    authority("10.77.0.13", "destination-malformed"),
    authority("0x0a4d000d:5432", "destination-malformed"),
    authority("167772173:5432", "destination-malformed"),
    authority("[::1]:5432", "destination-forbidden"),
    authority("[::]:5432", "destination-forbidden"),
    authority("0.0.0.0:5432", "destination-forbidden"),
    authority("127.0.0.1:5432", "destination-forbidden"),
    authority("127.0.0.1:15041", "destination-forbidden"),
    authority("224.0.0.1:5432", "destination-forbidden"),
    authority("10.78.0.2:15042", "destination-forbidden"),
    authority("10.78.0.2:8080", "unknown-destination"),
    authority("169.254.15.44:15044", "destination-forbidden"),
    authority("10.77.0.99:8080", "unknown-destination"),
    authority(`${API}:8080`, "policy-egress"),
  ];
}

/** Extended CONNECT (RFC 8441). */
function extended(protocol: string, path: string): Record<string, string> {
  return { ":protocol": protocol, ":scheme": "https", ":path": path };
}
