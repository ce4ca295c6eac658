import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { runToEnd } from "../../controller/node/child.ts";
import { projectFolder } from "../../controller/node/envoy.ts";
import { withFolder } from "../folder.ts";

const TOP = projectFolder();
const STAGES = stagesOf(readFileSync(join(TOP, "Containerfile"), "utf8"));
const SHOP = join(TOP, "manifests/samples/shop");
/** An argument of the build. */
const BASE = ["$", "{NODE_IMAGE}"].join("");
/** The images that are published. */
const IMAGES = ["sallyport", "sallyport-gateway"];

interface Stage {
  readonly name: string;
  readonly from: string;
  readonly instructions: readonly { readonly word: string; readonly rest: string }[];
}

interface Copy {
  /** The stage that it is taken from; undefined: the repository. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

describe("the Containerfile", () => {
  test("makes both images, last the one that a build without a target makes", () => {
    expect(STAGES.slice(-2).map(({ name }) => name)).toEqual(["sallyport-gateway", "sallyport"]);
  });

  test.each(IMAGES)("lets %s run as nobody's root", (name) => {
    expect(stage(name).instructions.filter(({ word }) => word === "USER")).toEqual([
      { word: "USER", rest: "1337:1337" },
    ]);
  });

  test("rests on stages that stand before it, and on one base", () => {
    const before: string[] = [];
    for (const { name, from, instructions } of STAGES) {
      const needs = copiesOf(instructions).flatMap(({ from }) => from ?? []);
      expect([...before, BASE]).toContain(from);
      expect(needs.filter((need) => !before.includes(need))).toEqual([]);
      before.push(name);
    }
  });

  const ignored = readFileSync(join(TOP, ".containerignore"), "utf8").split("\n");
  const repository = STAGES.flatMap(({ instructions }) => copiesOf(instructions))
    .filter(({ from }) => from === undefined)
    .flatMap(({ sources }) => sources);
  test.each([...new Set(repository)])("copies %s, which is there and not ignored", (source) => {
    expect(existsSync(join(TOP, source))).toBe(true);
    expect(ignored).toContain(`!${source.split("/")[0]}`);
  });

  test("copies all that isn't ignored", () => {
    const kept = ignored.flatMap((line) => (line.startsWith("!") ? line.slice(1) : []));
    expect(kept.filter((name) => !repository.some((source) => source.split("/")[0] === name))).toEqual([]);
  });

  test("holds everything that the program needs", async () => {
    const commands = [
      { args: ["--version"], want: /^\d+\.\d+\.\d+$/m },
      { args: ["render", "-f", join(TOP, "manifests/samples/mesh")], want: /^kind: EnvoyFilter$/m },
      { args: ["controller", "--help"], want: /15046 \/healthz/ },
      { args: ["gateway", "--help"], want: /\/readyz/ },
      { args: ["explain", "-f", SHOP, "--from", "shop/web", "--to", "shop/api", "--port", "http"], want: /allow/i },
    ];
    await withFolder(async (folder) => {
      copyProgram(folder);
      const program = join(folder, "controller", "sallyport.mjs");
      for (const { args, want } of commands) {
        const { code, stdout, stderr } = await runToEnd([process.execPath, program, ...args], "", { cwd: "/" });
        expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" });
        expect(stdout).toMatch(want);
      }
    });
  }, 120_000);
});

/** What the stage `program` copies, from where its stages have it. */
function copyProgram(folder: string): void {
  for (const { from, sources, target } of copiesOf(stage("program").instructions)) {
    for (const source of sources) {
      const to = join(folder, target.endsWith("/") ? join(target, source) : target);
      if (from === "packages") copyPackages(to);
      else copy(join(TOP, source.replace(/^\/src\//, "")), to);
    }
  }
}

/** As `npm install --omit=dev` has it. */
function copyPackages(to: string): void {
  const lock = JSON.parse(readFileSync(join(TOP, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: true }>;
  };
  const running = Object.entries(lock.packages).filter(([path, { dev }]) => path !== "" && dev !== true);
  for (const [path] of running) if (existsSync(join(TOP, path))) copy(join(TOP, path), join(dirname(to), path));
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true, dereference: true });
}

function stage(wanted: string): Stage {
  const found = STAGES.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`the Containerfile has no stage ${wanted}`);
  return found;
}

function copiesOf(instructions: Stage["instructions"]): Copy[] {
  return instructions
    .filter(({ word }) => word === "COPY")
    .map(({ rest }) => {
      const words = rest.split(/\s+/);
      const from = words[0]?.startsWith("--from=") ? words.shift()?.slice("--from=".length) : undefined;
      return { from, sources: words.slice(0, -1), target: words.at(-1) as string };
    });
}

function stagesOf(text: string): Stage[] {
  const lines = text.replaceAll("\\\n", " ").split("\n");
  const stages: { name: string; from: string; instructions: { word: string; rest: string }[] }[] = [];
  for (const line of lines) {
    const [, word, rest] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (word === undefined || rest === undefined) continue;
    const [, from, name] = /^(\S+) AS (\S+)$/.exec(word === "FROM" ? rest : "") ?? [];
    if (from !== undefined && name !== undefined) stages.push({ name, from, instructions: [] });
    else stages.at(-1)?.instructions.push({ word, rest });
  }
  return stages;
}
