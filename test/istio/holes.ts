/** What people, annotations and processes in a member's pod may do to get around the overlay. */
import { makeStamp } from "../../controller/demo/forger.ts";
import { HOP_PRIORITY } from "../../controller/model/ports.ts";
import { connectFrom } from "../node/probe.ts";
import type { Claims } from "./claims.ts";
import { EDGE, type Intruders } from "./intruders.ts";
import { loadCapture, loadRules, type OverlayStage, PROXY_UID, unguard } from "./overlay-stage.ts";
import { ADDRESS, SERVICE } from "./overlay-world.ts";

export async function holes(stage: OverlayStage, intruders: Intruders, claims: Claims): Promise<void> {
  const { gateway, lab, mesh, sidecars } = stage;
  const app = stage.actor("client");
  const rogue = stage.actor("client", PROXY_UID);
  const hear = async () => (await app.play("probeTcp", SERVICE.address, SERVICE.tcp)).saw;

  await claims.see("a process with the proxy's user passes the SaP, and Istio refuses its plain text", async () => {
    let status = 200;
    const counted = await gateway.counting(async () => {
      status = (await rogue.play("askHttp", ADDRESS.server, SERVICE.http, SERVICE.name)).status;
    });
    return [status, ...counted];
  });
  await claims.see("the proxy's user and SO_PRIORITY lead past the SaP, to the server's guard", () =>
    connectFrom(lab, "client", ADDRESS.server, SERVICE.tcp, { uid: PROXY_UID, priority: HOP_PRIORITY }),
  );
  await claims.see("an app gets nowhere through its own outbound port", async () => {
    const seen = await Promise.all([15041, 15042].map((port) => app.play("askHttp", "127.0.0.1", port, "x")));
    return seen.map(({ status }) => status);
  });
  for (const port of [15000, 15006, 15042])
    await claims.see(`no stamp leads to a member's port ${port}`, async () => {
      const own = await intruders.ownStamp("client");
      const authority = `${ADDRESS.server}:${port}`;
      return intruders.counted("client", {
        proxy: EDGE,
        authority,
        stamp: makeStamp({ ...own, destination: authority }),
      });
    });
  await claims.see("excludeOutboundPorts leads the app past its sidecar, to the server's guard", async () => {
    await loadCapture(lab, mesh, "client", { outbound: [SERVICE.tcp] });
    const { saw } = await app.play("probeTcp", ADDRESS.server, SERVICE.tcp);
    await loadCapture(lab, mesh, "client");
    return saw;
  });
  await claims.see(
    "excludeInboundPorts opens no port: only the tunnel leads in, and through Istio's filters",
    async () => {
      await loadCapture(lab, mesh, "server", { inbound: [SERVICE.http, SERVICE.tcp] });
      const direct = await stage.actor("guest").play("probeTcp", ADDRESS.server, SERVICE.tcp);
      const get = (node: string) => stage.actor(node).play("askHttp", SERVICE.address, SERVICE.http, SERVICE.name);
      const seen = [direct.saw, (await get("client")).status, (await get("other")).status];
      await loadCapture(lab, mesh, "server");
      return seen;
    },
  );
  await claims.see("a pod without our rules is refused by the server's guard", async () => {
    await unguard(lab, "client");
    return hear();
  });
  await claims.see("... and if that isn't there either, by the WasmPlugin", async () => {
    await unguard(lab, "server");
    const before = await sidecars.server.stat("sallyport.guard.not-tunnelled");
    return [await hear(), (await sidecars.server.stat("sallyport.guard.not-tunnelled")) > before];
  });
  await claims.see("with the rules in place again all is well", async () => {
    for (const name of ["server", "client"] as const) await loadRules(lab, mesh, sidecars[name].pod);
    return hear();
  });
}
