import { readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { parse } from "yaml";
import { runToEnd } from "../../controller/node/child.ts";
import { unshareCommand } from "../../controller/node/lab-support.ts";
import { withFolder } from "../folder.ts";
import { describeLab, labSupport } from "./lab-program.ts";

const TEMPLATE: string = parse(readFileSync("manifests/install/istiod-values.yaml", "utf8")).sidecarInjectorWebhook
  .templates.sallyport;
/** What the container runs, out of the template: the lines of its block scalar. */
const SCRIPT = (/- sh\n *- -c\n *- \|\n((?: {6}.*\n)+?)(?= {4}\w)/.exec(TEMPLATE)?.[1] ?? "").replace(/^ {6}/gm, "");
const RULES = readFileSync("test/golden/istio/pod.nft", "utf8");
/** Root in a network of its own, with the one capability that the container has. */
const CONTAINER = [
  ...(labSupport.kind === "none" ? [] : unshareCommand(labSupport.kind)),
  ...["setpriv", "--bounding-set=-all,+net_admin"],
];

describeLab(labSupport, "the init container of the injection template", () => {
  /** Runs it, with rules or without; what the pod's status would say, and which tables there are afterwards. */
  function run(rules: string | undefined, script = SCRIPT) {
    return withFolder(async (folder) => {
      await mkdir(join(folder, "mounted"));
      if (rules !== undefined) await writeFile(join(folder, "mounted", "rules.nft"), rules);
      const placed = script
        .replaceAll("/etc/sallyport", join(folder, "mounted"))
        .replaceAll("/dev/termination-log", join(folder, "status"));
      const both = `(${placed}\n); code=$?; nft list tables; exit $code`;
      const { code, stdout } = await runToEnd([...CONTAINER, "sh", "-c", both]);
      const status = await readFile(join(folder, "status"), "utf8").catch(() => "");
      return { code, status, tables: stdout.match(/^table .*$/gm) ?? [] };
    });
  }

  const table = ["table inet sallyport"];
  const status = `${RULES.split("\n")[0]}\n`;

  test("loads the rules with NET_ADMIN alone, and says which", async () => {
    expect(await run(RULES)).toEqual({ code: 0, status, tables: table });
  });

  test("loads them again when the pod's network outlives it", async () => {
    expect(await run(RULES, `${SCRIPT}\n${SCRIPT}`)).toEqual({ code: 0, status, tables: table });
  });

  test("does nothing where there are no rules", async () => {
    const said = "no rules: this namespace isn't opted in\n";
    expect(await run(undefined)).toEqual({ code: 0, status: said, tables: [] });
  });

  test("fails, and starts no pod, with rules that nft doesn't take", async () => {
    expect(await run(RULES.replace("redirect to", "lead to"))).toEqual({ code: 1, status: "", tables: [] });
  });
});
