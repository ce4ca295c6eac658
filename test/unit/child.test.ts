import { spawnSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import { boundCommand, runToEnd } from "../../controller/node/child.ts";

describe("a bound child", () => {
  test("gets its arguments, input and exit code as they are", async () => {
    const end = await runToEnd(["sh", "-c", 'cat; echo "$1"; exit 7', "sh", "a b"], "input ");
    expect(end).toEqual({ code: 7, signal: null, stdout: "input a b\n", stderr: "" });
  });

  test("runs nothing when its parent has changed before it was bound", () => {
    const adopted = spawnSync("sh", ["-c", '"$@"; true', "sh", ...boundCommand(["echo", "ran"])]);
    expect(adopted.stdout.toString()).toBe("");
  });
});
