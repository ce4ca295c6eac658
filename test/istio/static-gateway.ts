/** The bootstrap of a SaP that no controller emits one for, such as one of a gateway with addresses. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gatewayId } from "../../controller/compile/ids.ts";
import { gatewayBootstrap } from "../../controller/emit/bootstrap.ts";
import { fileSecrets } from "../../controller/emit/envoy.ts";
import { certificateSecret, rootSecret } from "../../controller/emit/sds.ts";
import { hexId } from "../../controller/model/hex.ts";
import { CONTROL_PORT } from "../../controller/model/ports.ts";
import { envoyVersion, projectFolder } from "../../controller/node/envoy.ts";
import { knowsResetLimits } from "../../controller/node/envoy-version.ts";
import { CONTROLLER_ADDRESS } from "../../controller/node/link-plan.ts";
import { OVERLAY_ID } from "./overlay-world.ts";

const MAX_HEAP_BYTES = 1 << 30;

export interface StaticGateway {
  readonly name: string;
  readonly envoy: string;
  /** As an istio-agent writes them. */
  readonly certificates: string;
  readonly adminSocket: string;
}

/** Writes `bootstrap.json` and what it names into the folder. */
export async function writeStaticBootstrap(folder: string, gateway: StaticGateway): Promise<void> {
  const { certificates } = gateway;
  const files = {
    certificate: join(certificates, "cert-chain.pem"),
    key: join(certificates, "key.pem"),
    root: join(certificates, "root-cert.pem"),
    watched: certificates,
  };
  const references = [join(folder, "sds-cert.json"), join(folder, "sds-root.json")] as const;
  await writeFile(references[0], JSON.stringify(certificateSecret(files)));
  await writeFile(references[1], JSON.stringify(rootSecret(files)));
  const bootstrap = gatewayBootstrap({
    name: gateway.name,
    nodeId: hexId(gatewayId(gateway.name)),
    overlayId: OVERLAY_ID,
    control: {
      address: `${CONTROLLER_ADDRESS}:${CONTROL_PORT}`,
      identity: "spiffe://cluster.local/ns/sallyport-system/sa/sallyport",
    },
    tls: fileSecrets(...references),
    adminSocket: gateway.adminSocket,
    code: join(projectFolder(), "build/wasm/gateway.wasm"),
    listen: ["0.0.0.0"],
    maxHeapBytes: MAX_HEAP_BYTES,
    resetLimits: knowsResetLimits(await envoyVersion(gateway.envoy)),
    flat: false,
    neighbours: [],
    trustDomains: ["cluster.local"],
    followsGateway: false,
  });
  await writeFile(join(folder, "bootstrap.json"), JSON.stringify(bootstrap));
}
