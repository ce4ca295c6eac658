/** Finds the Envoy that nodes run: the one that was named, one that is installed, or one of our own. */
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runToEnd } from "./child.ts";
import { installEnvoy, PINNED } from "./envoy-install.ts";
import { type EnvoyVersion, parseEnvoyVersion, SUPPORTED, unsupported } from "./envoy-version.ts";

export interface Envoy {
  readonly path: string;
  /** Such as `1.40.0`. */
  readonly version: string;
}

export interface EnvoyOptions {
  /** Where ENVOY_BIN and PATH are looked up. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where a downloaded Envoy is kept: `envoy/VERSION/envoy` beneath it. */
  readonly cacheFolder?: string;
}

/**
 * ENVOY_BIN, else a supported `envoy` on PATH, else the pinned one, which is downloaded the first time. Needs the
 * network for that, so call it before entering a lab. An ENVOY_BIN that cannot serve is an error, not passed over.
 */
export async function ensureEnvoy(progress: (line: string) => void, options: EnvoyOptions = {}): Promise<Envoy> {
  const env = options.env ?? process.env;
  if (env.ENVOY_BIN) return examine(env.ENVOY_BIN, "ENVOY_BIN");
  const installed = onPath("envoy", env.PATH ?? "");
  if (installed !== undefined) {
    try {
      return await examine(installed, "PATH");
    } catch (error) {
      progress(`not used: ${(error as Error).message}`);
    }
  }
  const cache = options.cacheFolder ?? join(projectFolder(), ".cache");
  const own = join(cache, "envoy", PINNED.version, "envoy");
  if (!existsSync(own)) await installEnvoy(own, progress, env);
  return examine(own, "cache");
}

/** The folder of the project's package.json, whether this runs from source or from `build`. */
export function projectFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!isProject(join(folder, "package.json"))) {
    if (folder === dirname(folder)) throw new Error("cannot find sallyport's package.json above this program");
    folder = dirname(folder);
  }
  return folder;
}

function isProject(file: string): boolean {
  return existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as { name?: string }).name === "sallyport";
}

/** The version of an Envoy that `ensureEnvoy` found. */
export function envoyVersion(path: string): Promise<EnvoyVersion> {
  return versionOf(path, "the command line");
}

async function examine(path: string, source: string): Promise<Envoy> {
  const version = await versionOf(path, source);
  const text = `${version.major}.${version.minor}.${version.patch}`;
  const reason = unsupported(version);
  if (reason !== undefined) throw new Error(`${path} (from ${source}) is Envoy ${text}: ${reason}`);
  return { path, version: text };
}

async function versionOf(path: string, source: string): Promise<EnvoyVersion> {
  const end = await runToEnd([path, "--version"], "", { timeout: 20_000 });
  const version = end.code === 0 ? parseEnvoyVersion(end.stdout) : undefined;
  if (version !== undefined) return version;
  const said = (end.stderr.trim() || end.stdout.trim()).split("\n").at(-1) || `exit ${end.code ?? end.signal}`;
  throw new Error(`${path} (from ${source}) does not run as Envoy: ${said}. Supported: ${SUPPORTED}`);
}

function onPath(program: string, path: string): string | undefined {
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
