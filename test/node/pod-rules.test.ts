import { expect, test } from "@jest/globals";
import { withFolder } from "../folder.ts";
import { describeLab, labSupport, lastJson, runProgram } from "./lab-program.ts";

const needsRoot = { kind: "none", reason: "another user than root needs root" } as const;
const support = labSupport.kind === "userns" ? needsRoot : labSupport;

describeLab(support, "the rules of a pod", () => {
  test("lead the sidecar into the overlay and let nothing in past the tunnel", async () => {
    const ran = await withFolder((folder) => runProgram("pod-rules-program.ts", [folder]));
    expect(lastJson(ran)).toEqual({
      "into the app": "ECONNREFUSED",
      "into the app, IPv6": "ECONNREFUSED",
      "into Istio's inbound port": "ECONNREFUSED",
      "into the outbound port": "ECONNREFUSED",
      "into the tunnel": "tunnel",
      "into the tunnel, IPv6": "tunnel",
      "into a probe's port": "probe",
      "sidecar into the cluster": "captured",
      "sidecar into the cluster, IPv6": "captured",
      "sidecar to nobody in the cluster": "captured",
      "sidecar beyond the cluster": "app",
      "sidecar to itself": "app",
      "sidecar's own hop": "app",
      "agent to istiod": "istiod",
      "app into the cluster": "app",
      "closed, into the tunnel": "tunnel",
      "closed, sidecar beyond the cluster": "captured",
      "closed, sidecar's own hop": "app",
      "closed, agent to istiod": "istiod",
      "closed, app": "sidecar",
      "closed, app to itself": "app",
      "closed, app past its sidecar": "ECONNREFUSED",
      "connection older than the rules": "ECONNRESET",
      counts: { captured: true, refused_tcp: true, refused_other: true, refused_leaving: false },
      "counts, closed": { captured: true, refused_tcp: false, refused_other: false, refused_leaving: true },
      "into the app, rules loaded again": "ECONNREFUSED",
    });
    expect(ran.code).toBe(0);
  });
});
