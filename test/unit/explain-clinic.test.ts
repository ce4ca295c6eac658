import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { withFolder } from "../folder.ts";
import { sallyport } from "../sallyport.ts";

const CLINIC = "manifests/samples/clinic";

/** The answer of explain in a clinic with one file edited, with the folder's name taken out. */
function explain(from: string, to: string, port: string, file: string, edit: (text: string) => string) {
  return withFolder(async (folder) => {
    await cp(CLINIC, folder, { recursive: true });
    const path = join(folder, file);
    await writeFile(path, edit(await readFile(path, "utf8")));
    const { code, out, error } = await sallyport("explain", "-f", folder, "--from", from, "--to", to, "--port", port);
    return { code, out: out.replaceAll(folder, ""), error };
  });
}

const asItIs = (text: string) => text;

describe("explain in a world of every kind of policy", () => {
  test("says by which gateways a policy sends a flow", async () => {
    const { code, out } = await explain("portal", "db", "pg", "flows.yaml", asItIs);
    expect(code).toBe(0);
    expect(out).toMatch(
      /allowed by FlowPolicy records-by-border .*\n +way +ward\/portal -> front -> border -> records\/db\n/,
    );
  });

  test("says what an audited FlowPolicy would deny", async () => {
    const { code, out } = await explain("backup", "db", "pg", "flows.yaml", asItIs);
    expect(code).toBe(0);
    expect(out).toMatch(
      /ingress of records\/db +allowed by .*\n +audited: FlowPolicy records-only-portal would deny it\n/,
    );
  });

  test("says what an audited NetworkPolicy would deny", async () => {
    const { out } = await explain("backup", "portal", "http", "flows.yaml", asItIs);
    expect(out).toMatch(/egress of ops\/backup +allowed by .*\n +audited: NetworkPolicy ops\/backup would deny it\n/);
  });

  test("says what an overlay that only audits would deny", async () => {
    const audit = (text: string) => text.replace("path: [front]", "path: [front]\n  enforcement: Audit");
    const { code, out } = await explain("kiosk", "db", "pg", "overlay.yaml", audit);
    expect(code).toBe(0);
    expect(out).toMatch(
      /ingress of records\/db +allowed: the overlay only audits\n +audited: .* visitors ingress\[0\] would deny/,
    );
    expect(out).toMatch(/ClusterNetworkPolicy visitors ingress\[0\] +audit only: denies/);
    expect(out).toMatch(/the overlay's default +decides: allows$/);
  });

  test("says that no path passes the gateways of both sides", async () => {
    const more = `---
apiVersion: sallyport.dev/v1alpha1
kind: FlowPolicy
metadata: { name: ward-out }
spec:
  overlay: clinic
  priority: 1
  subject: { podSelector: { matchLabels: { app: portal } } }
  to: [{ podSelector: {} }]
  action: Allow
  via: [front]
`;
    const { code, out } = await explain("portal", "db", "pg", "flows.yaml", (text) => text + more);
    expect(code).toBe(3);
    expect(out).toMatch(/Policies of both sides send it by gateways of their own/);
    expect(out).toMatch(/egress of ward\/portal +allowed by FlowPolicy ward-out/);
  });
});

const POD = (name: string, more: string) => `---
apiVersion: v1
kind: Pod
metadata: { namespace: x, name: ${name} }
${more}
`;
const PODS = [
  POD("a", "spec: {}\nstatus: { podIPs: [{ ip: 10.1.0.1 }] }"),
  POD("host", "spec: { hostNetwork: true }\nstatus: { podIPs: [{ ip: 10.2.0.1 }] }"),
  POD("ended", "spec: {}\nstatus: { phase: Succeeded, podIPs: [{ ip: 10.1.0.1 }] }"),
].join("");

describe("explain says of a pod that is no member why", () => {
  const cases = [
    { name: "its node's network", pod: "x/host", more: "", says: /pod x\/host uses its node's network/ },
    {
      name: "no address",
      pod: "ended",
      more: "",
      says: /pod x\/ended has no address: it hasn't started, or has ended/,
    },
    { name: "no overlay", pod: "x/a", more: "overlay", says: /pod x\/a is in no overlay: label its namespace/ },
    { name: "a misspelled name", pod: "x/b", more: "", says: /there is no endpoint x\/b; did you mean x\/a\?/ },
  ];

  test.each(cases)("$name", async ({ pod, more, says }) => {
    await withFolder(async (folder) => {
      const overlay = await readFile(`${CLINIC}/overlay.yaml`, "utf8");
      await writeFile(join(folder, "world.yaml"), `${PODS}${more === "overlay" ? `---\n${overlay}` : ""}`);
      const asked = ["--from", pod, "--to", "10.1.0.1", "--port", "80"];
      const { code, error } = await sallyport("explain", "-f", folder, ...asked);
      expect({ code, error }).toEqual({ code: 2, error: expect.stringMatching(says) });
    });
  });
});
