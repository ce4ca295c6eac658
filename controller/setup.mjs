// Makes a fresh clone ready to run: npm packages, compiled filters and controller, system tools, the Envoy binary.
// Needs nothing but Node; does only what isn't done yet, and says what it does.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const top = dirname(dirname(fileURLToPath(import.meta.url)));
/** What a benchmark found is no input of a build. */
const RESULTS = join(top, "perf", "results");
const say = (text) => console.error(`setup: ${text}`);

// Not `npm ci`: it refuses a lock file without the binaries of other platforms, which not every registry has. This takes
// the locked versions and hashes just the same and leaves the lock file alone.
const install = ["install", "--no-save", "--no-audit", "--no-fund"];
step("npm packages", ["package-lock.json"], join("node_modules", ".sallyport"), () => run("npm", install));
step(
  "filters (AssemblyScript to Wasm)",
  ["assembly", "sap-wasm", "asconfig.json", "package-lock.json"],
  "build/.wasm",
  () => run("npm", ["run", "-s", "build:wasm"]),
);
const js = [
  "controller",
  "perf",
  "assembly/wire",
  "assembly/decide",
  "assembly/crypto",
  "tsconfig.json",
  "tsconfig.build.json",
  "package-lock.json",
];
step("controller (TypeScript)", js, "build/.js", () => run("npm", ["run", "-s", "build:js"]));
installTools({ nft: "nftables", ip: "iproute2" });
const { ensureEnvoy } = await import(join(top, "build/js/controller/node/envoy.js"));
await ensureEnvoy(say);

/** Runs `make` unless its inputs are those that the stamp file names. */
function step(name, inputs, stampFile, make) {
  const stamp = join(top, stampFile);
  const digest = createHash("sha256");
  for (const file of inputs.flatMap((input) => filesBelow(join(top, input))))
    digest.update(relative(top, file)).update(readFileSync(file));
  const wanted = digest.digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  const start = Date.now();
  say(`${name} ...`);
  make();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
  say(`${name} done in ${((Date.now() - start) / 1000).toFixed(1)} s`);
}

function filesBelow(path) {
  if (path === RESULTS) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: top, stdio: ["ignore", 2, 2] });
  if (status === 0) return;
  say(`"${command} ${args.join(" ")}" failed${error ? `: ${error.message}` : ""}`);
  process.exit(1);
}

/** Namespaces need them. As root on a Debian-like machine they are installed, elsewhere it is said what is missing. */
function installTools(packages) {
  const missing = Object.keys(packages).filter(
    (tool) => spawnSync("sh", ["-c", `PATH=$PATH:/usr/sbin:/sbin command -v ${tool}`]).status !== 0,
  );
  if (missing.length === 0) return;
  const names = missing.map((tool) => packages[tool]).join(" ");
  if (process.getuid?.() !== 0 || spawnSync("sh", ["-c", "command -v apt-get"]).status !== 0) {
    say(`missing: ${missing.join(", ")} (packages ${names}); without them nodes run without namespaces`);
    return;
  }
  say(`system packages ${names} ...`);
  const script = `apt-get install -y -qq ${names} >/dev/null 2>&1 || (apt-get update -qq && apt-get install -y -qq ${names} >/dev/null)`;
  if (spawnSync("sh", ["-c", script], { stdio: ["ignore", 2, 2] }).status !== 0) say(`could not install ${names}`);
}
