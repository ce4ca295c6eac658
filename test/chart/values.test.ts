import { describe, expect, test } from "@jest/globals";
import { parseAllDocuments } from "yaml";
import { runToEnd } from "../../controller/node/child.ts";
import { sallyport } from "../sallyport.ts";
import { CHART, NAMESPACE } from "./helm.ts";
import { describeWithHelm } from "./with-helm.ts";

const EDGE = ["--set", "gateways.edge.overlay=shop"];

describeWithHelm("the chart", (helm) => {
  function template(...args: readonly string[]) {
    return runToEnd([helm(), "template", "sallyport", CHART, "-n", NAMESPACE, ...args]);
  }

  test("pleases helm lint --strict", async () => {
    const { code, stdout, stderr } = await runToEnd([helm(), "lint", "--strict", CHART, ...EDGE]);
    expect({ code, stdout: stdout.match(/\[(WARNING|ERROR)\].*/g), stderr }).toEqual({
      code: 0,
      stdout: null,
      stderr: "",
    });
  });

  test.each(["controller", "gateway"])("tells sallyport %s only what it knows", async (command) => {
    const { stdout } = await template(...EDGE);
    const pods = parseAllDocuments(stdout).flatMap((document) => document.toJS()?.spec?.template?.spec ?? []);
    const container = pods
      .flatMap(({ containers }) => containers)
      .find((container) => container.command?.join(" ") === `sallyport ${command}`);
    const given = [
      ...(container.args ?? []).map((arg: string) => arg.split("=")[0]),
      ...container.env.map(({ name }: { name: string }) => name),
    ];
    const { out } = await sallyport(command, "--help");
    expect(given.length).toBeGreaterThan(1);
    expect(given.filter((name) => !new RegExp(`${name}\\b`).test(out))).toEqual([]);
  });

  describe("refuses, and says where,", () => {
    const table = [
      { name: "a value that it doesn't have", set: "mesh.clustre=a", want: "'/mesh': additional properties 'clustre'" },
      {
        name: "a text for a number",
        set: "controller.replicas=two",
        want: "'/controller/replicas': got string, want integer",
      },
      { name: "no replica", set: "controller.replicas=0", want: "'/controller/replicas': minimum: got 0, want 1" },
      {
        name: "too many replicas",
        set: "controller.replicas=10",
        want: "'/controller/replicas': maximum: got 10, want 9",
      },
      {
        name: "a digest cut short",
        set: "image.digest=sha256:00",
        want: "'/image/digest': 'sha256:00' does not match",
      },
      {
        name: "an unknown pull policy",
        set: "image.pullPolicy=Often",
        want: "'/image/pullPolicy': value must be one of",
      },
      {
        name: "an agent without a version",
        set: "istioAgent.image=proxyv2",
        want: "'/istioAgent/image': 'proxyv2' does not match",
      },
      {
        name: "a gateway without an overlay",
        set: "gateways.edge.replicas=2",
        want: "'/gateways/edge': missing property 'overlay'",
      },
      {
        name: "a gateway with an impossible name",
        set: "gateways.Edge.overlay=shop",
        want: "invalid propertyName 'Edge'",
      },
      {
        name: "a memory limit of another kind",
        set: "controller.resources.limits.memory=much",
        want: "'/controller/resources/limits/memory': 'much'",
      },
      {
        name: "an overlay without an id",
        set: "overlays.shop.path={edge}",
        want: "'/overlays/shop': missing properties 'id', 'cidr'",
      },
      {
        name: "a trust domain in upper case",
        set: "mesh.trustDomain=Example.org",
        want: "'/mesh/trustDomain': 'Example.org' does not match",
      },
    ];
    test.each(table)("$name", async ({ set, want }) => {
      const { code, stdout, stderr } = await template("--set", set);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain(want);
    });
  });
});
