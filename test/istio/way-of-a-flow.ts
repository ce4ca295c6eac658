/** An app that knows nothing of the overlay, and the way that its flows take. */
import type { Claims } from "./claims.ts";
import type { OverlayStage } from "./overlay-stage.ts";
import { ADDRESS, GUEST_PORT, SERVICE } from "./overlay-world.ts";

export async function wayOfAFlow(stage: OverlayStage, claims: Claims): Promise<void> {
  const { gateway, sidecars } = stage;
  const get = (node: string) => stage.actor(node).play("askHttp", SERVICE.address, SERVICE.http, SERVICE.name);
  const hear = (node: string) => stage.actor(node).play("probeTcp", SERVICE.address, SERVICE.tcp);

  await claims.see("an app reaches the server by its Service's address", async () => (await get("client")).status);
  await claims.see("the server's proxy names the client", async () => {
    const { headers } = JSON.parse((await get("client")).body);
    return /URI=([^;,]+)/.exec(headers["x-forwarded-client-cert"])?.[1];
  });
  await claims.see("the flow passed the SaP and came out of the tunnel", async () => {
    const places = () =>
      Promise.all([
        sidecars.client.stat("sallyport.stamp.allow"),
        gateway.stat("sallyport.gate.allow"),
        sidecars.server.stat("sallyport.verify.allow"),
        sidecars.server.stat("sallyport.guard.allow"),
      ]);
    const before = await places();
    const { saw } = await hear("client");
    const after = await places();
    return [saw, ...after.map((count, i) => count - (before[i] ?? 0))];
  });
  await claims.see(
    "Istio's AuthorizationPolicy denies another service account",
    async () => (await get("other")).status,
  );
  await claims.see("a pod reaches its own Service", async () => (await get("server")).status);
  await claims.see(
    "who is no member is reached directly",
    async () => (await stage.actor("client").play("probeTcp", ADDRESS.guest, GUEST_PORT)).saw,
  );
}
