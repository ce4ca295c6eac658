/** The program in `plane/`, etcd with kube-apiserver and kubectl, built from Go modules that go.sum pins. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { spawnBound } from "../../controller/node/child.ts";
import { projectFolder } from "../../controller/node/envoy.ts";
import { goCommand } from "./go.ts";

const SOURCES = new URL("plane/", import.meta.url).pathname;

/** Of a build with nothing in Go's own caches, on two cores that are busy with other things. */
export const BUILD_MS = 30 * 60_000;
const REPORT_MS = 10_000;

/**
 * Path of the program. The first time it is built, which takes about five minutes and 3 GB of Go's caches; what it is
 * built from names its folder below `.cache/kube-plane`. Several processes may ask at once: one of them builds.
 */
export async function ensurePlane(progress: (line: string) => void): Promise<string> {
  const flags = buildFlags(await kubernetesVersion());
  const folder = join(projectFolder(), ".cache", "kube-plane", await digest(flags));
  const program = join(folder, "kube-plane");
  if (existsSync(program)) return program;
  await mkdir(folder, { recursive: true });
  await build(program, flags, progress);
  return program;
}

async function build(program: string, flags: readonly string[], progress: (line: string) => void): Promise<void> {
  const { argv, env } = goCommand(["build", "-v", ...flags, "-o", `${program}.new`, "."]);
  const once = '[ -e "$0" ] || { "$@" && mv "$0.new" "$0"; }';
  const locked = ["flock", `${program}.lock`, "sh", "-c", once, program, ...argv];
  const child = spawnBound(locked, { cwd: SOURCES, env, stdio: ["ignore", "ignore", "pipe"], timeout: BUILD_MS });
  const report = new Report(progress);
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) report.line(line);
  const code = await ended;
  if (code !== 0) throw new Error(`kube-plane can't be built (go ended with ${code}):\n${report.last}`);
  report.done();
}

/** Says now and then how far the compiler is. It prints a line per package, and one per download. */
class Report {
  readonly #start = Date.now();
  readonly #lines: string[] = [];
  #reported = Date.now();
  #compiled = 0;

  constructor(private readonly progress: (line: string) => void) {
    progress("kube-plane: building kube-apiserver, etcd and kubectl from Go modules, once; this takes minutes");
  }

  line(text: string): void {
    this.#lines.push(text);
    if (!text.startsWith("go: ")) this.#compiled++;
    if (Date.now() - this.#reported < REPORT_MS) return;
    this.#reported = Date.now();
    this.progress(`kube-plane: ${this.#compiled} packages compiled after ${this.#seconds()} s`);
  }

  done(): void {
    this.progress(`kube-plane: built in ${this.#seconds()} s`);
  }

  get last(): string {
    return this.#lines.slice(-20).join("\n");
  }

  #seconds(): number {
    return Math.round((Date.now() - this.#start) / 1000);
  }
}

/** A hash of everything that the program is made of, but for the compiler. */
async function digest(flags: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(flags.join(" "));
  for (const name of (await readdir(SOURCES)).sort()) hash.update(name).update(await readFile(join(SOURCES, name)));
  return hash.digest("hex").slice(0, 16);
}

async function kubernetesVersion(): Promise<string> {
  const version = /^\s*k8s\.io\/kubernetes (v\S+)$/m.exec(await readFile(join(SOURCES, "go.mod"), "utf8"))?.[1];
  if (version === undefined) throw new Error("plane/go.mod names no version of k8s.io/kubernetes");
  return version;
}

/** Kubernetes is told its version by the linker. Without -trimpath, other people's builds of it are of no use. */
function buildFlags(version: string): string[] {
  const [major, minor] = version.slice(1).split(".");
  const facts = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  const packages = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];
  const set = packages.flatMap((path) => Object.entries(facts).map(([name, value]) => `-X ${path}.${name}=${value}`));
  return ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", ["-s -w", ...set].join(" ")];
}
