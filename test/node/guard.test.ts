import { expect, test } from "@jest/globals";
import { withFolder } from "../folder.ts";
import { describeLab, labSupport, lastJson, runProgram } from "./lab-program.ts";

describeLab(labSupport, "guard", () => {
  const kinds = labSupport.kind === "root" ? ["root", "userns"] : ["userns"];
  test.each(kinds)("captures what leaves and refuses what enters past the tunnel (%s)", async (kind) => {
    const ran = await withFolder((folder) => runProgram("guard-program.ts", [kind, folder]));
    expect(lastJson(ran)).toEqual({
      "into the app": "ECONNREFUSED",
      "into the app, IPv6": "ECONNREFUSED",
      "into the outbound port": "ECONNREFUSED",
      "into the tunnel": "tunnel",
      "into the tunnel, IPv6": "tunnel",
      "into the gateway's other ports": "ECONNREFUSED",
      "into the gateway's tunnel": "tunnel",
      "app to itself": "app",
      "app to loopback": "app",
      "app into the overlay": "captured",
      "app into the overlay, IPv6": "captured",
      "app to nobody in the overlay": "captured",
      "hop into the overlay": "app",
      "app to the controller": "controller",
      "gateway into the overlay": "app",
      "connection older than the guard": "ECONNRESET",
      "outgoing connection older than the guard": "timeout",
      counts: { refusedTcp: true, refusedOther: true, uncarried: 2 },
      "counts anew once the guard is loaded again": true,
      "into the app, guard loaded again": "ECONNREFUSED",
    });
    expect(ran.code).toBe(0);
  });
});
