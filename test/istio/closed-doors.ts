/** Every way into a member but the tunnel, tried from outside of the overlay; and those that must stay open. */
import type { Claims } from "./claims.ts";
import { EDGE, type Intruders, SERVER_APP, SERVER_TUNNEL } from "./intruders.ts";
import { type OverlayStage, PROBE, refusedAt } from "./overlay-stage.ts";
import { ADDRESS, SERVICE } from "./overlay-world.ts";

/** The app's, Istio's and ours. 15000 and 15004 are bound to loopback. */
const PORTS = [SERVICE.http, SERVICE.tcp, 15000, 15001, 15004, 15006, 15008, 15041, 15053];

export async function closedDoors(stage: OverlayStage, intruders: Intruders, claims: Claims): Promise<void> {
  const guest = stage.actor("guest");
  await claims.see("a plain connection to any port is refused", async () => {
    const seen = await Promise.all(PORTS.map((port) => guest.play("probeTcp", ADDRESS.server, port)));
    return [...new Set(seen.map(({ saw }) => saw))];
  });
  for (const [name, port, path] of [
    ["readiness of the proxy", 15021, "/healthz/ready"],
    ["liveness of the app", 15020, PROBE],
  ] as const)
    await claims.see(`a probe learns the ${name}`, async () => {
      const seen = await guest.play("askHttp", ADDRESS.server, port, "probe", path);
      return seen.status;
    });
  await claims.see("a namespace in another overlay is refused by the server's guard", async () => {
    const before = await refusedAt(stage.lab, "server");
    const annex = stage.actor("annex");
    const { status } = await annex.play("askHttp", SERVICE.address, SERVICE.http, SERVICE.name);
    const { reached } = await annex.play("probeTcp", SERVICE.address, SERVICE.tcp);
    return [status, reached, (await refusedAt(stage.lab, "server")) > before];
  });
  for (const [owner, proxy] of [
    ["the server", SERVER_TUNNEL],
    ["the SaP", EDGE],
  ] as const) {
    const [host, port] = proxy.split(":") as [string, string];
    await claims.see(`${owner}'s tunnel port refuses plain text`, async () => {
      const seen = await guest.play("askHttp", host, Number(port), "x");
      return seen.status;
    });
    await claims.see(`${owner}'s tunnel port refuses who shows no certificate`, async () => {
      const seen = await intruders.attack("guest", { proxy, authority: SERVER_APP, anonymous: true });
      return seen.through || isTls(seen.saw);
    });
  }
  for (const name of ["guest", "annex", "client"] as const)
    await claims.see(`the server's tunnel port refuses the certificate of ${name}`, async () => {
      const seen = await intruders.attack(name, { proxy: SERVER_TUNNEL, authority: SERVER_APP });
      return seen.through || isTls(seen.saw);
    });
}

/** `refused in TLS`, or what else it was. */
function isTls(saw: string): string {
  return /alert|SSL|ECONNRESET|closed|before secure TLS/i.test(saw) && !saw.startsWith("status")
    ? "refused in TLS"
    : saw;
}
