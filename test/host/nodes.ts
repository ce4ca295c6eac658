/** Nodes of the shop, running, and the flows of `flow.ts` sent through them. */
import type { Stream } from "./context.ts";
import { FakeEndpointProxy, FakeGatewayProxy, type FakeProxy } from "./fake-proxy.ts";
import type { Flow } from "./flow.ts";
import type { Conduct } from "./proxy-host.ts";
import { type Role, shopWith } from "./shop.ts";

/** A configured node that polls and has no image yet. */
export function startNode(name: string, role: "gate", conduct?: Partial<Conduct>): FakeGatewayProxy;
export function startNode(name: string, role: "stamp" | "verify", conduct?: Partial<Conduct>): FakeEndpointProxy;
export function startNode(name: string, role: Role, conduct?: Partial<Conduct>): FakeProxy;
export function startNode(name: string, role: Role, conduct: Partial<Conduct> = {}): FakeProxy {
  const proxy = role === "gate" ? new FakeGatewayProxy(conduct) : new FakeEndpointProxy(conduct);
  proxy.configure(shopWith().configuration(name, role));
  proxy.tick();
  return proxy;
}

/** Gives a node an image, by default its own of the shop; throws if it is refused. */
export function giveImage(proxy: FakeProxy, image: Uint8Array): void {
  const before = proxy.counter("sallyport.image.accepted");
  proxy.answerPoll(image);
  if (proxy.counter("sallyport.image.accepted") === before) throw new Error(`image refused: ${proxy.logs.at(-1)}`);
}

/** Starts a node's proxy with its image of the shop. */
export function gatewayNode(name = "edge-a", conduct: Partial<Conduct> = {}): FakeGatewayProxy {
  const proxy = startNode(name, "gate", conduct);
  giveImage(proxy, shopWith().image(name));
  return proxy;
}

export function endpointNode(
  name: string,
  role: "stamp" | "verify",
  conduct: Partial<Conduct> = {},
): FakeEndpointProxy {
  const proxy = startNode(name, role, conduct);
  giveImage(proxy, shopWith().image(name));
  return proxy;
}

/** The flow's CONNECT, or its connection, reaches a node. */
export function send(proxy: FakeProxy, { place, authority, stamps, peer }: Flow, root?: number): Stream {
  if (place !== "outbound") return proxy.request({ authority, stamp: stamps, peer, ...(root && { root }) });
  return (proxy as FakeEndpointProxy).openConnection({
    source: peer.address,
    destination: authority,
    ...(root && { root }),
  });
}
