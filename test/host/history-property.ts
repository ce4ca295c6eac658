/** What must hold of worlds that follow each other: what was kept says the same as what would be made from the beginning. */
import { type Compilation, Compiler, compile } from "../../controller/compile/compile.ts";
import type { CompiledGateway } from "../../controller/compile/compiled.ts";
import { ImageIssuer } from "../../controller/image/issuer.ts";
import { prepareImages } from "../../controller/image/prepare.ts";
import { Secret } from "../../controller/keys/secret.ts";
import { hexId } from "../../controller/model/hex.ts";
import type { World } from "../../controller/model/resources.ts";
import { openBytes, openImage, sha256 } from "./decisions.ts";
import { imageAnswers } from "./image-answers.ts";

const MASTER = new Secret(new Uint8Array(32).fill(1));
const NOW = 1000;

/** Two texts that should be the same. */
export interface Compared {
  readonly got: unknown;
  readonly want: unknown;
}

/** One compiler that follows against one that begins anew with each world. */
export function* compiledInTurn(history: readonly World[], options: object, compiler: Compiler): Generator<Compared> {
  for (const world of history) {
    const [got, want] = [compiler.update(world), compile(world, "o", options)];
    yield { got: got.rejections, want: want.rejections };
    yield { got: answers(got), want: answers(want) };
  }
}

/** Images as they are issued and kept, against images of each world alone. `issued` is told which are new. */
export function* issuedInTurn(history: readonly World[], issued: (isNew: boolean) => void): Generator<Compared> {
  const compiler = new Compiler("o");
  const issuer = new ImageIssuer(1, sha256);
  for (const [i, world] of history.entries()) {
    const { policy } = compiler.update(world);
    const images = issuer.issue([{ policy, master: MASTER }], NOW);
    const want = compile(world, "o").policy;
    const prepared = prepareImages(want, sha256);
    for (const node of [...want.gateways.slice(0, 1), ...want.endpoints]) {
      const image = images.get(hexId(node.id));
      const bytes = Buffer.concat(image?.parts() ?? []);
      const got = imageAnswers(openBytes(bytes, policy.overlay.id, node), policy, node);
      yield { got, want: imageAnswers(openImage(prepared, node), want, node) };
      if (i > 0) issued(image?.generation === BigInt(i + 1) + (1n << 32n));
    }
  }
}

/** Everything that the images of a gateway and of two endpoints say, but for numbers. */
function answers({ policy }: Compilation): string[] {
  const prepared = prepareImages(policy, sha256);
  const members = policy.endpoints.map(({ endpoint, addresses }) => `${endpoint.name} ${addresses.length}`);
  const nodes = [policy.gateways[0] as CompiledGateway, ...policy.endpoints.slice(0, 2)];
  return [...members, ...nodes.flatMap((node) => imageAnswers(openImage(prepared, node), policy, node))];
}
