/** The controller's work in this process: the world of the API server, compiled, issued and served over the mesh's TLS. */
import { randomBytes, X509Certificate } from "node:crypto";
import { Compiler } from "../../controller/compile/compile.ts";
import type { CompiledPolicy } from "../../controller/compile/compiled.ts";
import { ImageIssuer, type IssuedImage } from "../../controller/image/issuer.ts";
import { Secret } from "../../controller/keys/secret.ts";
import { ApiClient } from "../../controller/kube/api-client.ts";
import { ClusterWorld } from "../../controller/kube/cluster-world.ts";
import { CONTROL_PORT } from "../../controller/model/ports.ts";
import { CONTROLLER_ADDRESS } from "../../controller/node/link-plan.ts";
import { ImageServer } from "../../controller/serve/image-server.ts";
import type { NodeImage } from "../../controller/serve/published.ts";
import { sha256 } from "../../controller/serve/sha256.ts";
import type { MeshCertificate } from "./mesh-certificate.ts";
import type { MeshPlane } from "./mesh-plane.ts";

/** Epochs are looked at this often. */
const TICK_MS = 100;

export class LocalControl {
  readonly #client: ApiClient;
  readonly #cluster: ClusterWorld;
  readonly #server: ImageServer;
  readonly #issuer = new ImageIssuer(1, sha256);
  readonly #compilers = new Map<string, Compiler>();
  readonly #masters = new Map<string, Secret>();
  readonly #tick: NodeJS.Timeout;
  #policies: readonly CompiledPolicy[] = [];
  #isStale = false;

  private constructor(mesh: MeshPlane, certificate: MeshCertificate) {
    this.#client = ApiClient.of(mesh.api.kubeconfig);
    this.#cluster = new ClusterWorld(this.#client, () => this.#changed());
    const { validFrom, validTo } = new X509Certificate(certificate.cert);
    const issued = {
      certificate: certificate.cert.toString(),
      key: certificate.key.toString(),
      root: certificate.ca.toString(),
      notBefore: Date.parse(validFrom),
      notAfter: Date.parse(validTo),
    };
    const refused = (...facts: readonly unknown[]) => console.error("image refused:", ...facts);
    this.#server = new ImageServer({ certificate: issued, clock: { now: () => Date.now() }, events: { refused } });
    this.#tick = setInterval(() => this.#publish(), TICK_MS);
  }

  static async start(mesh: MeshPlane, certificate: MeshCertificate): Promise<LocalControl> {
    const control = new LocalControl(mesh, certificate);
    await control.#server.listen(CONTROLLER_ADDRESS, CONTROL_PORT);
    control.#cluster.start();
    return control;
  }

  policy(overlay: string): CompiledPolicy | undefined {
    return this.#policies.find((policy) => policy.overlay.name === overlay);
  }

  /** Whether every worker of the node runs its current image, and there is one. */
  isProgrammed(node: string, workers: number): boolean {
    const programmed = this.#server.programmed(node);
    return programmed.workers >= workers && programmed.current === programmed.workers;
  }

  async stop(): Promise<void> {
    clearInterval(this.#tick);
    await this.#cluster.stop();
    await this.#server.close();
    this.#client.close();
  }

  #changed(): void {
    if (this.#isStale) return;
    this.#isStale = true;
    setImmediate(() => {
      this.#isStale = false;
      this.#compile();
    });
  }

  #compile(): void {
    const world = this.#cluster.read()?.world;
    if (world === undefined) return;
    this.#policies = world.overlays.map(({ name }) => {
      const compiler = this.#compilers.get(name) ?? new Compiler(name);
      this.#compilers.set(name, compiler);
      return compiler.update(world).policy;
    });
    this.#publish();
  }

  #publish(): void {
    const policies = this.#policies.map((policy) => ({ policy, master: this.#master(policy.overlay.name) }));
    if (policies.length === 0) return;
    const issued = this.#issuer.issue(policies, Math.floor(Date.now() / 1000));
    this.#server.publish(new Map([...issued].map(([id, image]) => [id, served(image)])));
  }

  #master(overlay: string): Secret {
    const master = this.#masters.get(overlay) ?? new Secret(randomBytes(32));
    this.#masters.set(overlay, master);
    return master;
  }
}

function served({ node, generation, parts }: IssuedImage): NodeImage {
  if ("endpoint" in node)
    return { identity: node.endpoint.identity, addresses: node.endpoint.addresses, generation, parts };
  const addresses = node.gateway.addresses.map((address) => address.slice(0, address.lastIndexOf(":")));
  return { identity: node.gateway.identity, addresses, generation, parts };
}
