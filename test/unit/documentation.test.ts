import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { sallyport } from "../sallyport.ts";

/**
 * What the documentation shows is what the commands print: every `$` line of a console block is run, in a folder with the
 * samples and the README's lab, and what follows it must be its output. A line `...` stands for any lines.
 * REGENERATE=1 writes the output into the pages instead, except where lines are left out.
 */
const PAGES = ["README.md", ...readdirSync("docs").flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : []))];
const top = resolve(".");

interface Shown {
  readonly page: string;
  /** 0-based, of the command. */
  readonly line: number;
  readonly command: string;
  readonly output: readonly string[];
}

/** Commands that need nothing but files; others are shown, not run. */
const RUNNABLE = /^(npx sallyport (explain|matrix|diff|lint|test)|cp|sed) [^|>&]*$/;

function shownOn(page: string): Shown[] {
  const lines = readFileSync(join(top, page), "utf8").split("\n");
  const found: (Shown & { output: string[] })[] = [];
  let isConsole = false;
  lines.forEach((text, line) => {
    if (text.startsWith("```")) isConsole = text === "```console";
    else if (isConsole && text.startsWith("$ ")) found.push({ page, line, command: text.slice(2), output: [] });
    else if (isConsole) found.at(-1)?.output.push(text);
  });
  // An empty line before the next command is the page's, not the output's.
  for (const { output } of found) while (output.at(-1) === "") output.pop();
  return found.filter(({ command }) => RUNNABLE.test(command));
}

async function run(command: string): Promise<string> {
  const [program, name, ...args] = command.split(" ");
  if (program !== "npx") return execFileSync("sh", ["-c", command], { encoding: "utf8" }).trimEnd();
  const { out, error } = await sallyport(...args);
  expect(name).toBe("sallyport");
  return [error, out].filter((text) => text !== "").join("\n");
}

function isShown(output: readonly string[], printed: string): boolean {
  const parts = output.map((line) => (line === "..." ? "(?:.*\\n)*?.*" : line.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  return new RegExp(`^${parts.join("\n")}$`).test(printed);
}

describe("the documentation", () => {
  const shown = PAGES.flatMap(shownOn);
  let folder = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sallyport-documentation-"));
    symlinkSync(join(top, "manifests"), join(folder, "manifests"));
    const readme = readFileSync(join(top, "README.md"), "utf8");
    for (const [, path = "", text = ""] of readme.matchAll(/```yaml\n# ([\w/.-]+\.yaml)(.*?)```/gs)) {
      await mkdir(join(folder, dirname(path)), { recursive: true });
      await writeFile(join(folder, path), `# ${path}${text}`);
    }
    process.chdir(folder);
  });

  afterAll(() => {
    process.chdir(top);
    rmSync(folder, { recursive: true });
  });

  test("shows something of every command that answers offline", () => {
    const commands = ["explain", "matrix", "diff", "lint", "test"];
    expect(
      commands.filter((name) => shown.every(({ command }) => !command.startsWith(`npx sallyport ${name}`))),
    ).toEqual([]);
  });

  test.each(shown)("$page shows what is printed by $command", async ({ page, line, command, output }) => {
    const printed = await run(command);
    if (process.env.REGENERATE === "1" && !output.includes("...")) rewrite(page, line, output.length, printed);
    else if (!isShown(output, printed)) expect(printed).toBe(output.join("\n"));
  });

  test("has no link to a file that isn't there", () => {
    const links = PAGES.flatMap((page) => {
      const text = readFileSync(join(top, page), "utf8");
      return [...text.matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)].map(([, path = ""]) => join(dirname(page), path));
    });
    expect(links.filter((path) => !existsSync(join(top, path)))).toEqual([]);
  });

  test("refers to every source of the comparison, and to no other", () => {
    const [body = "", sources = ""] = readFileSync(join(top, "docs/comparison.md"), "utf8").split("## Sources\n");
    const used = new Set([...body.matchAll(/\[(\d+)\]/g)].map(([, number]) => Number(number)));
    const listed = [...sources.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
    expect([...used].sort((a, b) => a - b)).toEqual(listed);
  });
});

/** How far the lines of a page have moved by what was written before. */
const moved = new Map<string, number>();

function rewrite(page: string, line: number, length: number, printed: string): void {
  const path = join(top, page);
  const shift = moved.get(page) ?? 0;
  const lines = readFileSync(path, "utf8").split("\n");
  const output = printed === "" ? [] : printed.split("\n");
  lines.splice(line + shift + 1, length, ...output);
  writeFileSync(path, lines.join("\n"));
  moved.set(page, shift + output.length - length);
}
