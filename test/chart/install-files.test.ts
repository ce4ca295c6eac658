import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { projectFolder } from "../../controller/node/envoy.ts";
import { installFiles } from "./install-files.ts";
import { describeWithHelm } from "./with-helm.ts";

const FOLDER = join(projectFolder(), "manifests", "install");

describeWithHelm("manifests/install", (helm) => {
  test("is what npm run build:manifests makes of the chart", async () => {
    const found = readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), "utf8")]);
    expect(new Map(found as [string, string][])).toEqual(await installFiles(helm()));
  });
});
