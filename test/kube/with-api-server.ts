import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, jest } from "@jest/globals";
import { ApiServer, START_MS } from "./api-server.ts";
import { goComplaint } from "./go.ts";
import { BUILD_MS } from "./go-build.ts";
import { ensurePlane } from "./plane.ts";

const complaint = await goComplaint();

/**
 * `describe` with a fresh API server for its tests, or skipped with the reason where there is no Go. In CI it may not be
 * skipped. `flags` are kube-apiserver's.
 */
export function describeWithApiServer(
  name: string,
  body: (server: () => ApiServer) => void,
  flags: readonly string[] = [],
): void {
  jest.setTimeout(60_000);
  if (complaint !== undefined && process.env.CI) throw new Error(`these tests may not be skipped in CI: ${complaint}`);
  if (complaint !== undefined) {
    describe.skip(`${name} (skipped: ${complaint})`, () => body(notThere));
    return;
  }
  describe(name, () => {
    let folder: string | undefined;
    let server: ApiServer | undefined;
    beforeAll(async () => {
      const program = await ensurePlane(say);
      folder = await mkdtemp(join(tmpdir(), "sallyport-kube-"));
      server = await ApiServer.start(program, join(folder, "s"), flags);
    }, BUILD_MS + START_MS);
    afterAll(async () => {
      await server?.crash();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    });
    body(() => server ?? notThere());
  });
}

function notThere(): never {
  throw new Error("the API server has not been started");
}

/** Jest keeps what `console` is told until the tests have ended. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
