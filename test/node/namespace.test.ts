import { expect, test } from "@jest/globals";
import { withFolder } from "../folder.ts";
import { describeLab, labSupport, lastJson, runProgram } from "./lab-program.ts";

describeLab(labSupport, "lab", () => {
  const kinds = labSupport.kind === "root" ? ["root", "userns"] : ["userns"];
  test.each(kinds)("connects nodes with each other and the controller (%s)", async (kind) => {
    const ran = await withFolder((folder) => runProgram("reach-program.ts", [kind, folder]));
    expect(lastJson(ran)).toEqual({
      kind,
      "a to b": "b",
      "a to b, IPv6": "b",
      "a to the controller": "controller",
      "a to the controller, IPv6": "controller",
      "b to itself": "b",
      "a to nobody": "timeout",
      "names after removal": ["a"],
      "processes of b": 3,
      "alive after removal": 0,
      "processes of a after removal": 0,
      "a to b after removal": "timeout",
    });
    expect(ran.code).toBe(0);
  });
});
