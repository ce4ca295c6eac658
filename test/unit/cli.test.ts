import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, describe, expect, test } from "@jest/globals";
import { processTerminal } from "../../controller/cli/terminal.ts";
import { withFolder } from "../folder.ts";
import { sallyport } from "../sallyport.ts";

const SHOP = "manifests/samples/shop";
const TESTS = "manifests/samples/tests/shop.yaml";
const COMMANDS = ["explain", "matrix", "diff", "lint", "test", "render", "demo", "up", "status", "exec"];
const NOTHING = /holds no Pod, OverlayEndpoint, policy or other kind that is read here; .*kubectl get/;

const wrong: readonly { name: string; args: string; says: RegExp }[] = [
  { name: "a misspelled command", args: "matrx", says: /unknown command 'matrx'\n.*Did you mean matrix/ },
  { name: "an unknown option", args: `matrix -f ${SHOP} --portz 80`, says: /Did you mean --ports/ },
  { name: "no files", args: "lint", says: /'-f, --file <path...>' not specified\nFor example: sallyport lint -f / },
  { name: "files without -f", args: `matrix ${SHOP}`, says: /For example: sallyport matrix -f / },
  { name: "-f where there are two states", args: `diff -f a b`, says: /For example: sallyport diff before\/ after\// },
  { name: "one state only", args: "diff a", says: /missing required argument 'new'/ },
  { name: "an output that isn't there", args: `status -o xml`, says: /Allowed choices are text, json/ },
  {
    name: "a path that isn't there",
    args: "matrix -f nowhere",
    says: /^error: nowhere: does not exist: check the path$/,
  },
  { name: "standard input as both states", args: "diff - -", says: /standard input holds one state/ },
  { name: "an empty variable", args: `explain -f ${SHOP} --to shop/api --port 1 --from=`, says: /--from is empty/ },
  {
    name: "a protocol that can't be asked about",
    args: `explain -f ${SHOP} --from web --to api --port icmp/8`,
    says: /icmp can't be asked about, only TCP, UDP and SCTP/,
  },
  {
    name: "a directory of tests",
    args: "test manifests/samples/tests",
    says: /is a directory: name the files of tests/,
  },
  { name: "a resource as tests", args: `test ${SHOP}/overlay.yaml`, says: /holds a resource instead of tests/ },
  { name: "tests that aren't there", args: "test nowhere", says: /^error: nowhere: does not exist/ },
  { name: "an overlay that isn't there", args: `matrix -f ${SHOP} --overlay ship`, says: /did you mean shop\?/ },
];

describe("a mistake on the command line ends with 2 and is told what to do", () => {
  test.each(wrong)("$name", async ({ args, says }) => {
    const { code, out, error } = await sallyport(...args.split(" "));
    expect({ code, out, error }).toEqual({ code: 2, out: "", error: expect.stringMatching(says) });
  });
});

const voids: readonly { name: string; text: string; says: RegExp }[] = [
  { name: "an empty List", text: "apiVersion: v1\nkind: List\nitems: []\n", says: NOTHING },
  { name: "an empty List in JSON", text: '{"apiVersion": "v1", "kind": "List", "items": []}', says: NOTHING },
  { name: "a comment", text: "# nothing\n", says: NOTHING },
];

describe("input without anything in it is an error", () => {
  const commands = [
    "matrix -f",
    "lint -f",
    "explain --from a/b --to c/d --port 1 -f",
    `diff ${SHOP}`,
    `test ${TESTS} -f`,
  ];
  const rows = voids.flatMap((row) => commands.map((command) => ({ ...row, command })));

  test.each(rows)("$name, for $command", async ({ command, text, says }) => {
    await withFolder(async (folder) => {
      await writeFile(join(folder, "void.yaml"), text);
      const { code, error } = await sallyport(...command.split(" "), folder);
      expect({ code, error }).toEqual({ code: 2, error: expect.stringMatching(says) });
    });
  });

  test("a folder without files", async () => {
    await withFolder(async (folder) => {
      await mkdir(join(folder, "empty"));
      const { code, error } = await sallyport("lint", "-f", join(folder, "empty"));
      expect({ code, error }).toEqual({ code: 2, error: expect.stringMatching(/empty: holds no \*\.yaml/) });
    });
  });
});

describe("standard input", () => {
  const real = Object.getOwnPropertyDescriptor(process, "stdin") as PropertyDescriptor;
  afterEach(() => void Object.defineProperty(process, "stdin", real));

  function pipe(text: string): void {
    const value = Readable.from([Buffer.from(text)]);
    Object.defineProperty(process, "stdin", { configurable: true, value });
  }

  test("is an error if it is empty, as after a command that failed", async () => {
    pipe("\n");
    const { code, error } = await sallyport("lint", "-f", "-");
    expect({ code, error }).toEqual({
      code: 2,
      error: expect.stringMatching(/is empty: did the command before it fail/),
    });
  });

  test("is what is audited and what is enforced, too", async () => {
    pipe(await joined("manifests/samples/clinic"));
    const { code, out } = await sallyport("diff", "-", "-", "--enforce-audited");
    expect({ code, out }).toEqual({ code: 3, out: expect.stringMatching(/^Closes\n/) });
  });

  test("is the world of every file of tests", async () => {
    pipe(await joined(SHOP));
    const { code, out } = await sallyport("test", TESTS, TESTS, "-f", "-");
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/14 passed, 0 failed, 0 errors/) });
  });
});

/** The files of a folder as one text. */
async function joined(folder: string): Promise<string> {
  const names = (await readdir(folder)).sort();
  return (await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")))).join("\n---\n");
}

describe("help", () => {
  test.each(COMMANDS)("of %s has examples and exit codes", async (command) => {
    const { code, out } = await sallyport(command, "--help");
    expect(code).toBe(0);
    expect(out).toMatch(/^Exit codes: |\nExit codes: |\. Exit codes: /);
    expect(out).toMatch(new RegExp(`\\nExamples:\\n(.*\\n)*.*sallyport ${command}`));
  });

  test.each(COMMANDS)("of %s agrees with docs/cli.md", async (command) => {
    const page = await readFile("docs/cli.md", "utf8");
    expect(page.split("\n").filter((line) => line.startsWith(`| \`${command}\``)).length).toBeGreaterThan(0);
  });

  test("names every command", async () => {
    const { code, out } = await sallyport("--help");
    expect(code).toBe(0);
    expect(COMMANDS.filter((command) => !out.includes(`\n  ${command} `))).toEqual([]);
  });
});

describe("colours", () => {
  const { NO_COLOR, TERM } = process.env;
  const isTTY = process.stdout.isTTY;
  afterEach(() => {
    process.stdout.isTTY = isTTY;
    restore("NO_COLOR", NO_COLOR);
    restore("TERM", TERM);
  });

  const cases = [
    { name: "appear on a terminal", isTTY: true, env: {}, want: true },
    { name: "stay away from pipes and files", isTTY: false, env: {}, want: false },
    { name: "heed NO_COLOR", isTTY: true, env: { NO_COLOR: "1" }, want: false },
    { name: "ignore an empty NO_COLOR", isTTY: true, env: { NO_COLOR: "" }, want: true },
    { name: "heed a dumb terminal", isTTY: true, env: { TERM: "dumb" }, want: false },
  ];

  test.each(cases)("$name", ({ isTTY, env, want }) => {
    process.stdout.isTTY = isTTY;
    restore("NO_COLOR", undefined);
    process.env.TERM = "xterm";
    Object.assign(process.env, env);
    expect(processTerminal.style("red", "x") !== "x").toBe(want);
  });
});

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
