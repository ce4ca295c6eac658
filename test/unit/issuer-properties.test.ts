import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { Compiler, compile } from "../../controller/compile/compile.ts";
import { ImageIssuer } from "../../controller/image/issuer.ts";
import { prepareImages } from "../../controller/image/prepare.ts";
import { Secret } from "../../controller/keys/secret.ts";
import { hexId } from "../../controller/model/hex.ts";
import { openBytes, openImage, sha256 } from "../host/decisions.ts";
import { histories } from "../host/edits.ts";
import { imageAnswers } from "../host/image-answers.ts";

const MASTER = new Secret(new Uint8Array(32).fill(1));
const NOW = 1000;

test("issues images that decide as new ones would, whichever nodes keep theirs", () => {
  let [issuedBefore, issuedNow] = [0, 0];
  fc.assert(
    fc.property(histories(8), (history) => {
      const compiler = new Compiler("o");
      const issuer = new ImageIssuer(1, sha256);
      history.forEach((world, i) => {
        const { policy } = compiler.update(world);
        const issued = issuer.issue([{ policy, master: MASTER }], NOW);
        const want = compile(world, "o").policy;
        const prepared = prepareImages(want, sha256);
        for (const node of [...want.gateways.slice(0, 1), ...want.endpoints]) {
          const image = issued.get(hexId(node.id));
          const bytes = Buffer.concat(image?.parts() ?? []);
          const got = imageAnswers(openBytes(bytes, policy.overlay.id, node), policy, node);
          expect(got).toEqual(imageAnswers(openImage(prepared, node), want, node));
          if (i > 0 && image?.generation === BigInt(i + 1) + (1n << 32n)) issuedNow++;
          else if (i > 0) issuedBefore++;
        }
      });
    }),
    { numRuns: 30 },
  );
  // Else this would say little.
  expect(issuedNow).toBeGreaterThan(100);
  expect(issuedBefore).toBeGreaterThan(100);
});
