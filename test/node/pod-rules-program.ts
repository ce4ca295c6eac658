/** Prints, as JSON, what the rules of a pod let through. Argument: state folder. Users other than root need root. */
import { POD_COUNTERS, podRules } from "../../controller/emit/istio/rules.ts";
import { currentLab, enterLab } from "../../controller/node/lab-entry.ts";
import { Lab } from "../../controller/node/namespace.ts";
import { connectFrom, holdFrom, listenIn, sendDatagram } from "./probe.ts";

const [stateFolder] = process.argv.slice(2) as [string];
if (currentLab() === undefined) process.exit(await enterLab("root"));

const PROXY = 1337;
const APP = 1000;
const HOP = 5;
/** By an annotation of the pod. */
const EXCLUDED = 15021;
const POD = "10.40.0.2";
const POD_6 = "fd40::2";
const OTHER = "10.40.0.1";
const OTHER_6 = "fd40::1";
const CLOSED = "10.40.0.3";
const OUTSIDER = "10.41.0.3";

const lab = await Lab.open({ stateFolder });
await lab.addNode({ name: "other", addresses: [OTHER, OTHER_6] });
await lab.addNode({ name: "pod", addresses: [POD, POD_6] });
await lab.addNode({ name: "outsider", addresses: [OUTSIDER] });
await lab.addNode({ name: "closed", addresses: [CLOSED] });
const PORTS = {
  8080: "app",
  15001: "sidecar",
  15006: "inbound",
  15012: "istiod",
  15021: "probe",
  15041: "captured",
  15042: "tunnel",
};
for (const [port, greeting] of Object.entries(PORTS))
  for (const node of ["pod", "other", "outsider", "closed"]) await listenIn(lab, node, Number(port), greeting);
// As Istio does: what enters is redirected, but for its own ports.
await lab.run("pod", ["nft", "-f", "-"], istioInbound());
await lab.run("closed", ["nft", "-f", "-"], istioOutbound());
await lab.run("closed", ["nft", "-f", "-"], podRules({ cidrs: [], interception: "All" }));

const older = await holdFrom(lab, "other", POD, 8080);
await load();

const from = (uid: number, host: string, port: number, priority = 0) =>
  connectFrom(lab, "pod", host, port, { priority, uid });
const attempts: Record<string, Promise<string>> = {
  "into the app": connectFrom(lab, "other", POD, 8080),
  "into the app, IPv6": connectFrom(lab, "other", POD_6, 8080),
  "into Istio's inbound port": connectFrom(lab, "other", POD, 15006),
  "into the outbound port": connectFrom(lab, "other", POD, 15041),
  "into the tunnel": connectFrom(lab, "other", POD, 15042),
  "into the tunnel, IPv6": connectFrom(lab, "other", POD_6, 15042),
  "into a probe's port": connectFrom(lab, "other", POD, 15021),
  "sidecar into the cluster": from(PROXY, OTHER, 8080),
  "sidecar into the cluster, IPv6": from(PROXY, OTHER_6, 8080),
  "sidecar to nobody in the cluster": from(PROXY, "10.40.9.9", 8080),
  "sidecar beyond the cluster": from(PROXY, OUTSIDER, 8080),
  "sidecar to itself": from(PROXY, POD, 8080),
  "sidecar's own hop": from(PROXY, OTHER, 8080, HOP),
  "agent to istiod": from(PROXY, OTHER, 15012),
  "app into the cluster": from(APP, OTHER, 8080),
  "closed, into the tunnel": connectFrom(lab, "other", CLOSED, 15042),
  "closed, sidecar beyond the cluster": closed(PROXY, OUTSIDER, 8080),
  "closed, sidecar's own hop": closed(PROXY, OUTSIDER, 8080, HOP),
  "closed, agent to istiod": closed(PROXY, OUTSIDER, 15012),
  "closed, app": closed(APP, OUTSIDER, 8080),
  "closed, app to itself": closed(APP, CLOSED, 8080),
  "closed, app past its sidecar": closed(APP, OUTSIDER, EXCLUDED),
};
function closed(uid: number, host: string, port: number, priority = 0): Promise<string> {
  return connectFrom(lab, "closed", host, port, { priority, uid });
}

const settled = Object.entries(attempts).map(async ([name, seen]) => [name, await seen]);
const result = {
  ...Object.fromEntries(await Promise.all(settled)),
  "connection older than the rules": await older.speak(),
  counts: await datagrams().then(() => counts("pod")),
  "counts, closed": await sendDatagram(lab, "closed", OUTSIDER, 9000).then(() => counts("closed")),
};
await load();
console.log(
  JSON.stringify({ ...result, "into the app, rules loaded again": await connectFrom(lab, "other", POD, 8080) }),
);
process.exit(0);

async function load(): Promise<void> {
  await lab.run("pod", ["nft", "-f", "-"], podRules({ cidrs: ["10.40.0.0/16", "fd40::/64"] }));
}

async function datagrams(): Promise<void> {
  await sendDatagram(lab, "other", POD, 9000);
  await sendDatagram(lab, "other", POD_6, 9000);
}

/** Whether there were any, by counter. */
async function counts(node: string): Promise<Record<string, boolean>> {
  const listing = await lab.run(node, ["nft", "list", "counters"]);
  const isCounted = (name: string) => new RegExp(`counter ${name} \\{\\s+packets [1-9]`).test(listing);
  return Object.fromEntries(Object.values(POD_COUNTERS).map((name) => [name, isCounted(name)]));
}

function istioOutbound(): string {
  return `table inet istio {
  chain output {
    type nat hook output priority -100; policy accept;
    oifname != "lo" meta skuid != ${PROXY} tcp dport != ${EXCLUDED} redirect to :15001
  }
}
`;
}

function istioInbound(): string {
  return `table inet istio {
  chain prerouting {
    type nat hook prerouting priority -100; policy accept;
    tcp dport { 15020, 15021, 15090 } accept
    meta l4proto tcp redirect to :15006
  }
}
`;
}
