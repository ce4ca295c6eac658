import { envoyStats } from "../node/admin.ts";
import type { Standalone } from "./standalone.ts";

/** Names of local nodes that can't carry flows yet: no current image, or no healthy replica of a gateway they need. */
export async function unreadyNodes(standalone: Standalone): Promise<string[]> {
  const waiting = new Set(standalone.programmed().waiting);
  await Promise.all(
    standalone.nodes.map(async (name) => {
      if (!(await reachesGateways(standalone.adminSocket(name)))) waiting.add(name);
    }),
  );
  return [...waiting].sort();
}

async function reachesGateways(adminSocket: string): Promise<boolean> {
  const stats = await envoyStats(adminSocket, "^cluster\\.gateway-.*\\.membership_healthy$").catch(() => undefined);
  return stats !== undefined && [...stats.values()].every((healthy) => healthy > 0);
}
