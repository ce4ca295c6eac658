import { beforeAll, describe, jest } from "@jest/globals";
import { goComplaint } from "../kube/go.ts";
import { BUILD_MS } from "../kube/go-build.ts";
import { ensureHelm } from "./helm.ts";

const complaint = await goComplaint();

/** `describe` with the path of Helm, or skipped with the reason where it can't be built. In CI it may not be skipped. */
export function describeWithHelm(name: string, body: (helm: () => string) => void): void {
  jest.setTimeout(60_000);
  if (complaint !== undefined && process.env.CI) throw new Error(`these tests may not be skipped in CI: ${complaint}`);
  if (complaint !== undefined) {
    describe.skip(`${name} (skipped: ${complaint})`, () => body(() => ""));
    return;
  }
  describe(name, () => {
    let helm = "";
    // Jest keeps what `console` is told until the tests have ended.
    beforeAll(async () => {
      helm = await ensureHelm((line) => process.stderr.write(`${line}\n`));
    }, BUILD_MS);
    body(() => helm);
  });
}
