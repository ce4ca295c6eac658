/** Those who shouldn't get in, with everything that they could have stolen: certificates of the mesh, images and keys. */
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { KeyPurpose } from "../../assembly/wire/image.ts";
import { gatewayId } from "../../controller/compile/ids.ts";
import type { Attack, AttackResult } from "../../controller/demo/attacker.ts";
import { keysOf, type StampWish } from "../../controller/demo/forger.ts";
import { hexId } from "../../controller/model/hex.ts";
import { CONTROL_PORT } from "../../controller/model/ports.ts";
import { CONTROLLER_ADDRESS } from "../../controller/node/link-plan.ts";
import { type CertificateAgent, certificateAgent } from "./mesh-certificate.ts";
import { type OverlayStage, PROXY_UID } from "./overlay-stage.ts";
import { ADDRESS, OVERLAY_ID, SERVICE } from "./overlay-world.ts";

export const CONTROL = `${CONTROLLER_ADDRESS}:${CONTROL_PORT}`;
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
        const namespace = name === "annex" || name === "guest" ? name : "shop";
        const account = name === "twin" ? { account: "client" } : {};
        const agent = await certificateAgent(mesh, { namespace, name, address: ADDRESS[name], ...account });
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

  /** What a valid stamp of a pod of `shop` says, for its flow to the server; the key is out of its own image. */
  async ownStamp(pod: "client" | "other" | "twin"): Promise<StampWish> {
    const policy = this.stage.control.policy("shop");
    const node = this.stage.nodeId(pod);
    if (policy === undefined || node === undefined) throw new Error(`${pod} is no member`);
    const audience = hexId(gatewayId("edge"));
    const epoch = Math.floor(Date.now() / 1000 / policy.overlay.keys.epochSeconds);
    const key = keysOf(await this.image(pod, node)).find(
      (key) => key.purpose === KeyPurpose.Endpoint && key.epoch === epoch && key.peer === audience,
    )?.key;
    if (key === undefined) throw new Error(`the image of ${pod} holds no key for epoch ${epoch}`);
    return {
      keyGeneration: policy.overlay.keys.keyGeneration,
      overlay: OVERLAY_ID,
      epoch,
      sourceNode: node,
      sourceAddress: ADDRESS[pod],
      path: policy.paths[0]?.id as number,
      destination: SERVER_APP,
      audience,
      key,
    };
  }

  stop(): void {
    for (const agent of Object.values(this.agents)) agent.stop();
  }
}
