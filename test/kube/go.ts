/** Go: it builds the test plane, and brings files of other projects at a version and hash of ours. */
import { tmpdir } from "node:os";
import { runOrFail, runToEnd } from "../../controller/node/child.ts";

/** Settings of the user's that would change what is built. */
const ENVIRONMENT = { ...process.env, GOWORK: "off", GOFLAGS: "", CGO_ENABLED: "0" };

/** Why Go can't be used here, or undefined. `oldest`: its minor version that will do. */
export async function goComplaint(oldest = 24): Promise<string | undefined> {
  const end = await runToEnd(["go", "version"]).catch((error: Error) => ({
    code: 1,
    stdout: "",
    stderr: error.message,
  }));
  if (end.code !== 0) return "Go is not installed (https://go.dev/dl)";
  const version = /go1\.(\d+)/.exec(end.stdout);
  return Number(version?.[1]) >= oldest ? undefined : `Go 1.${oldest} or later is needed, not ${end.stdout.trim()}`;
}

/** Runs `go` in `folder` as nobody's settings change it. */
export function goCommand(args: readonly string[]): { argv: string[]; env: NodeJS.ProcessEnv } {
  return { argv: ["nice", "-n", "15", "go", ...args], env: ENVIRONMENT };
}

/** Folder of a module's files, downloaded unless they are there. `sum` is its hash as in go.sum. */
export async function moduleFolder(module: string, sum: string): Promise<string> {
  const { argv, env } = goCommand(["mod", "download", "-json", module]);
  const { Dir, Sum } = JSON.parse(await runOrFail(argv, "", { env, cwd: tmpdir() })) as { Dir: string; Sum: string };
  if (Sum !== sum) throw new Error(`${module} has the hash ${Sum} instead of ${sum}: not used`);
  return Dir;
}
