/** A mesh with one sidecar in a rendered namespace, for programs that look at it from inside of a lab. */
import { join } from "node:path";
import { currentLab, enterLab } from "../../controller/node/lab-entry.ts";
import type { LabKind } from "../../controller/node/lab-support.ts";
import { Lab } from "../../controller/node/namespace.ts";
import { sallyport } from "../sallyport.ts";
import { ImageRequests } from "./image-requests.ts";
import { meshCertificate } from "./mesh-certificate.ts";
import { MeshPlane } from "./mesh-plane.ts";
import { Sidecar } from "./sidecar.ts";

export const POD_ADDRESS = "10.244.1.11";

export class Stage {
  private constructor(
    readonly lab: Lab,
    readonly mesh: MeshPlane,
    readonly control: ImageRequests,
    readonly sidecar: Sidecar,
  ) {}

  /** Enters a lab and starts everything. Arguments of the program: kind of lab, folder, MeshTools as JSON. */
  static async open(): Promise<Stage> {
    const [kind, folder, tools] = process.argv.slice(2) as [LabKind, string, string];
    if (currentLab() === undefined) process.exit(await enterLab(kind));
    const lab = await Lab.open({ stateFolder: join(folder, "lab") });
    const mesh = await MeshPlane.start(JSON.parse(tools), folder, { namespaces: ["shop", "sallyport-system"] });
    const rendered = await sallyport("render", "-f", "manifests/samples/mesh");
    if (rendered.code !== 0) throw new Error(rendered.error);
    await mesh.apply(rendered.out);
    const control = new ImageRequests(await meshCertificate(mesh, "sallyport-system", "sallyport"));
    await control.listen();
    const sidecar = await Sidecar.start(lab, mesh, { namespace: "shop", name: "web", address: POD_ADDRESS });
    return new Stage(lab, mesh, control, sidecar);
  }

  /** Prints the answer and ends the program. */
  async close(answer: object): Promise<never> {
    console.log(JSON.stringify(answer));
    this.control.close();
    await this.mesh.stop();
    for (const node of this.lab.nodes) await this.lab.removeNode(node);
    await this.lab.close();
    process.exit(0);
  }
}
