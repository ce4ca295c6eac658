/** Those who shouldn't get in, with everything that they could have stolen: certificates of the mesh, images and keys. */
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { KeyPurpose } from "../../assembly/wire/image.ts";
import { gatewayId, pathId } from "../../controller/compile/ids.ts";
import type { Attack, AttackResult } from "../../controller/demo/attacker.ts";
import { keysOf, type StampWish } from "../../controller/demo/forger.ts";
import { nodeId } from "../../controller/keys/derive.ts";
import { hexId } from "../../controller/model/hex.ts";
import { RULES_TITLE } from "../../controller/model/labels.ts";
import { CONTROL_PORT } from "../../controller/model/ports.ts";
import { type CertificateAgent, certificateAgent } from "./mesh-certificate.ts";
import { EPOCH_SECONDS, type OverlayStage, PROXY_UID } from "./overlay-stage.ts";
import { ADDRESS, OVERLAY_ID, SERVICE } from "./overlay-world.ts";

export const CONTROL = `${ADDRESS.controller}:${CONTROL_PORT}`;
export const EDGE = `${ADDRESS.edge}:15042`;
export const SERVER_TUNNEL = `${ADDRESS.server}:15042`;
export const SERVER_APP = `${ADDRESS.server}:${SERVICE.tcp}`;

const INTRUDERS = ["client", "other", "twin", "annex", "guest"] as const;
export type Intruder = (typeof INTRUDERS)[number];

export class Intruders {
  private constructor(
    private readonly stage: OverlayStage,
    private readonly agents: Readonly<Record<Intruder, CertificateAgent>>,
  ) {}

  /** Certificates of all of them; `twin` has the client's service account. */
  static async arm(stage: OverlayStage): Promise<Intruders> {
    const { lab, mesh } = stage;
    await lab.addNode({ name: "twin", addresses: [ADDRESS.twin] });
    const agents = await Promise.all(
      INTRUDERS.map(async (name) => {
        const namespace = namespaceOf(name);
        const account = name === "twin" ? { account: "client" } : {};
        // Also `twin` is a member, as its status has it; nothing leads its flows any more.
        const pod = { namespace, name, address: ADDRESS[name], rules: `${RULES_TITLE} enforce`, ...account };
        const agent = await certificateAgent(mesh, pod);
        await symlink("cert-chain.pem", join(agent.folder, "cert.pem"));
        return [name, agent] as const;
      }),
    );
    return new Intruders(stage, Object.fromEntries(agents) as Record<Intruder, CertificateAgent>);
  }

  /** What a process with the proxy's user sees, in that pod and with that pod's certificate or another's. */
  attack(from: string, wish: Omit<Attack, "tls">, certificateOf = from as Intruder): Promise<AttackResult> {
    return this.stage.actor(from, PROXY_UID).play("attack", { ...wish, tls: this.agents[certificateOf].folder });
  }

  /** The same, and by which names the SaP has counted it. */
  async counted(from: string, wish: Omit<Attack, "tls">, certificateOf = from as Intruder): Promise<readonly string[]> {
    let saw = "";
    const counted = await this.stage.gateway.counting(async () => {
      saw = (await this.attack(from, wish, certificateOf)).saw;
    });
    return [saw, ...counted];
  }

  /** Bytes of the image that the controller gives them, 0 if none. */
  async image(from: Intruder, nodeId: string, certificateOf = from): Promise<Buffer> {
    const steal = this.stage.actor(from, PROXY_UID).play("steal", this.agents[certificateOf].folder, CONTROL, nodeId);
    return Buffer.from(await steal, "base64");
  }

  /** Id of an intruder's pod, 16 hex digits. */
  nodeId(pod: Intruder): string {
    return hexId(nodeId(`Kubernetes/${namespaceOf(pod)}/${pod}/${this.agents[pod].uid}`));
  }

  /** What a valid stamp of a pod of `shop` says, for its flow to the server; the key is out of its own image. */
  async ownStamp(pod: "client" | "other" | "twin"): Promise<StampWish> {
    const gateway = gatewayId("edge");
    const node = this.nodeId(pod);
    const audience = hexId(gateway);
    const epoch = Math.floor(Date.now() / 1000 / EPOCH_SECONDS);
    const key = keysOf(await this.image(pod, node)).find(
      (key) => key.purpose === KeyPurpose.Endpoint && key.epoch === epoch && key.peer === audience,
    )?.key;
    if (key === undefined) throw new Error(`the image of ${pod} holds no key for epoch ${epoch}`);
    const { body } = await this.stage.mesh.api.ask("GET", "/apis/sallyport.dev/v1alpha1/overlays/shop");
    return {
      keyGeneration: body.spec.keys.keyGeneration,
      overlay: OVERLAY_ID,
      epoch,
      sourceNode: node,
      sourceAddress: ADDRESS[pod],
      path: pathId([gateway]),
      destination: SERVER_APP,
      audience,
      key,
    };
  }

  stop(): void {
    for (const agent of Object.values(this.agents)) agent.stop();
  }
}

function namespaceOf(pod: Intruder): string {
  return pod === "annex" || pod === "guest" ? pod : "shop";
}
