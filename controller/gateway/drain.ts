/** Takes an Envoy out of service without taking away what goes through it. */
import { adminPost, envoyStats } from "../node/admin.ts";

/** Live flows: a CONNECT lasts as long as its flow. */
const FLOWS = "http.tunnel.downstream_rq_active";
const LOOK_MS = 100;

/**
 * Lets nothing new in: the listener is closed, which a peer's health check sees, and every connection is told to go away
 * (GOAWAY) when it asks for a flow once more.
 */
export async function refuseNewFlows(adminSocket: string): Promise<void> {
  await adminPost(adminSocket, "/healthcheck/fail");
  await adminPost(adminSocket, "/drain_listeners?inboundonly");
}

/** Live flows; undefined: it doesn't answer. */
export async function liveFlows(adminSocket: string): Promise<number | undefined> {
  const stats = await envoyStats(adminSocket, `^${FLOWS.replaceAll(".", "\\.")}$`).catch(() => undefined);
  return stats?.get(FLOWS);
}

/** Resolves when no flow is left, with true, and with false when `isOver` says so. */
export async function flowsEnded(adminSocket: string, isOver: () => boolean): Promise<boolean> {
  while (!isOver()) {
    if ((await liveFlows(adminSocket)) === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return false;
}
