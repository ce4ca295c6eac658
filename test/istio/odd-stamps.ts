/** Stamps that aren't the peer's to use, at the SaP's tunnel port, which any member of the mesh can reach. */
import { makeStamp } from "../../controller/demo/forger.ts";
import type { Claims } from "./claims.ts";
import { CONTROL, EDGE, type Intruders, SERVER_APP } from "./intruders.ts";
import { ADDRESS, SERVICE } from "./overlay-world.ts";

export async function oddStamps(intruders: Intruders, claims: Claims): Promise<void> {
  const own = await intruders.ownStamp("client");
  const tunnel = { proxy: EDGE, authority: SERVER_APP };
  const elsewhere = `${ADDRESS.other}:${SERVICE.http}`;

  await claims.see("a process with a pod's certificate and key may do what the pod may", () =>
    intruders.counted("client", { ...tunnel, stamp: makeStamp(own) }),
  );
  await claims.see("... and no more", () =>
    intruders.counted("client", {
      proxy: EDGE,
      authority: elsewhere,
      stamp: makeStamp({ ...own, destination: elsewhere }),
    }),
  );
  await claims.see("a flow without a stamp is refused", () => intruders.counted("client", tunnel));
  await claims.see("a forged stamp is refused", () => {
    const { key: _, ...forged } = own;
    return intruders.counted("client", { ...tunnel, stamp: makeStamp(forged) });
  });
  await claims.see("a stamp made for another destination is refused", () =>
    intruders.counted("client", { ...tunnel, stamp: makeStamp({ ...own, destination: elsewhere }) }),
  );
  await claims.see("a stamp is refused from another pod of the same service account", () =>
    intruders.counted("twin", { ...tunnel, stamp: makeStamp(own) }),
  );
  await claims.see("a stamp is refused from a pod with another service account", () =>
    intruders.counted("annex", { ...tunnel, stamp: makeStamp(own) }),
  );
  await claims.see("a stolen certificate and key are refused from another pod", () =>
    intruders.counted("guest", { ...tunnel, stamp: makeStamp(own) }, "client"),
  );
  await claims.see("the same service account is no permission", async () =>
    intruders.counted("twin", { ...tunnel, stamp: makeStamp(await intruders.ownStamp("twin")) }),
  );
  await claims.see("nobody else gets a pod's image", async () => {
    const node = intruders.nodeId("client");
    const seen = [
      intruders.image("twin", node),
      intruders.image("guest", node, "client"),
      intruders.image("annex", node),
    ];
    return (await Promise.all(seen)).map(({ length }) => length);
  });
  await claims.see("the image service refuses who shows no certificate", async () => {
    const { through } = await intruders.attack("guest", { proxy: CONTROL, authority: SERVER_APP, anonymous: true });
    return through;
  });
}
