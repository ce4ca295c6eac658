/** Prints, as JSON, what reaches the app behind the guard of a sidecar. Arguments as those of `Stage`. */
import { listenIn } from "../node/probe.ts";
import { POD_ADDRESS, Stage } from "./stage.ts";

const PORT = 9000;
const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.0.77, ports: [{name: tcp-app, port: ${PORT}}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: tcp-app, port: ${PORT}, protocol: TCP}]
endpoints:
- {addresses: [${POD_ADDRESS}], conditions: {ready: true}, targetRef: {kind: Pod, name: web, namespace: shop}}
`;
/** As istio-init captures, but for the proxy's user: an ordinary user's lab has only one. */
const CAPTURE = "--native-nftables -p 15001 -z 15006 -u 0 -g 0 -m REDIRECT -i * -b * -d 15090,15021,15020".split(" ");
/**
 * Speaks first, and more than five bytes: a sidecar that takes both TLS and plain text waits for them. Argument: address
 * that it comes from, or 0.0.0.0.
 */
const CLIENT = `
import socket, sys
s = socket.socket()
s.settimeout(5)
s.bind((sys.argv[1], 0))
try:
    s.connect(("${POD_ADDRESS}", ${PORT}))
    s.send(b"a greeting of the client\\n")
    print(s.recv(5).decode() or "closed")
except ConnectionResetError: print("closed")
except OSError as error: print(type(error).__name__)
`;
/** As `verify` dials the app. */
const TUNNEL = "127.0.0.7";

const stage = await Stage.open();
const { lab, mesh, sidecar } = stage;
await mesh.apply(SERVICE);
await lab.addNode({ name: "client", addresses: ["10.244.1.12"] });
await listenIn(lab, "web", PORT, "hello");
const withoutIstio = await reach("client");
await lab.run("web", [mesh.tools.agent, "istio-iptables", ...CAPTURE]);
await sidecar.until(
  async () => (await sidecar.admin("clusters")).includes(`inbound|${PORT}||::`),
  "Istio to know the app",
);
await sidecar.until(async () => (await counter("image.poll_failed")) > 0, "the filters to be configured");

const before = await counts();
const answer = {
  "without Istio": withoutIstio,
  "past the tunnel": await reach("client"),
  "out of the tunnel": await reach("web", TUNNEL),
  "from the pod to itself": await reach("web"),
  counted: {},
};
const after = await counts();
answer.counted = { allow: after.allow - before.allow, notTunnelled: after.notTunnelled - before.notTunnelled };
await stage.close(answer);

/** What comes back from the app: `hello`, `closed`, or the name of an error. */
async function reach(node: string, from = "0.0.0.0"): Promise<string> {
  return (await lab.run(node, ["python3", "-c", CLIENT, from])).trim();
}

async function counts() {
  return { allow: await counter("guard.allow"), notTunnelled: await counter("guard.not-tunnelled") };
}

async function counter(name: string): Promise<number> {
  const stats = await sidecar.admin(`stats?filter=wasmcustom.sallyport.${name}`);
  return Number(/: (\d+)/.exec(stats)?.[1] ?? 0);
}
