/** Prints, as JSON, what becomes of flows when a replica's certificate is renewed, and when it ends. */
import { join } from "node:path";
import { envoyStats } from "../../../controller/node/admin.ts";
import { until } from "../../until.ts";
import type { Replica } from "./replica.ts";
import { PORT, Stage } from "./stage.ts";
import { API, identityOf } from "./world.ts";

/** Shows web's certificate to a tunnel port; what comes back: the fingerprint of the other one, or why there is none. */
const HANDSHAKE = `
const [folder, host] = process.argv.slice(1);
const { readFileSync } = require("node:fs");
const file = (name) => readFileSync(folder + "/" + name + ".pem");
const socket = require("node:tls").connect({ host, port: 15042, ALPNProtocols: ["h2"], cert: file("cert"), key: file("key"),
  ca: file("ca"), checkServerIdentity: () => undefined });
socket.once("secureConnect", () => { console.log(socket.getPeerCertificate().fingerprint256); socket.destroy(); });
socket.once("error", (error) => console.log(error.code));
`;

const IDENTITY = identityOf("edge");
const stage = await Stage.open({ replicas: 2, drainSeconds: 1 });
const { web, lab } = stage;
const [first, second] = stage.replicas as [Replica, Replica];
const tls = join(process.argv[3] as string, "state/nodes/web/tls/current");

const names: string[] = [];
await until(openEverywhere, "flows through both replicas", 20_000);
await web.play("startTraffic", API, PORT, 5);

const before = await shown(first);
const pid = first.pid;
await first.certify(await stage.issue(IDENTITY));
await until(async () => (await shown(first)) !== before, "the new certificate");
const renewed = {
  shows: /^[0-9A-F:]{95}$/.test(await shown(first)),
  alive: await alive(),
  failures: (await web.play("reportTraffic")).failures,
  sameProcess: first.pid === pid,
};

await first.certify(await stage.issue(IDENTITY, 3000));
await until(async () => (await shown(first)) === "CERT_HAS_EXPIRED", "the certificate to end", 10_000);
await until(async () => (await first.health("/readyz")) !== "200", "the replica to say so");
const ended = { ready: await first.health("/readyz"), refused: false, alive: 0, failures: [] as readonly string[] };
// Connections retire after some hundred flows; the next one is refused by the other side's Envoy.
const refusals = async () => {
  const stats = await envoyStats(
    stage.standalone.adminSocket("web"),
    "^cluster\\.gateway-.*\\.ssl\\.fail_verify_error$",
  );
  return [...stats.values()].reduce((sum, value) => sum + value, 0);
};
await until(async () => (await refusals()) > 0, "an Envoy to refuse it", 30_000);
ended.refused = true;
ended.alive = await alive();
ended.failures = (await web.play("reportTraffic")).failures;

await first.certify(await stage.issue(IDENTITY));
await until(async () => (await first.health("/readyz")) === "200", "the replica to be ready again");
const mended = { log: (await first.log()).includes("certificate: in order again"), alive: await alive() };
await stage.close({ flows: names.length, renewed, ended, mended, other: await second.health("/readyz") });

async function openEverywhere(): Promise<boolean> {
  const name = `flow-${names.length}`;
  if (await web.play("openFlow", name, API, PORT)) names.push(name);
  const live = await Promise.all(stage.replicas.map((one) => one.total("^http\\.tunnel\\.downstream_rq_active$")));
  return live.every((flows) => flows > 0);
}

async function alive(): Promise<number> {
  const reports = await Promise.all(names.map((name) => web.play("reportFlow", name)));
  return reports.filter((report) => report.alive).length;
}

async function shown(replica: Replica): Promise<string> {
  return (await lab.run("web", [process.execPath, "-e", HANDSHAKE, tls, replica.options.address])).trim();
}
