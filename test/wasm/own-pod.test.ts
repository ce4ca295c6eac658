import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { FakeEndpointProxy } from "../host/fake-proxy.ts";
import { fromLatin1 } from "../host/vectors.ts";

const POD = { NAMESPACE: "shop", NAME: "web-5d4f8-x7k2p", SALLYPORT_POD_UID: "5b2d0a6e-57c5-4f0c-9d2c-1f6a3a0c8e11" };
const CONFIGURATION = "role=stamp\noverlay=7\npod-of=Kubernetes\ncontrol=control";

describe("a sidecar that isn't told its node", () => {
  test("asks for the image of the pod that Envoy's own metadata names", () => {
    const proxy = sidecar(POD);
    expect(proxy.configure(CONFIGURATION)).toBe(1);
    proxy.tick();
    const text = `Kubernetes/${Object.values(POD).join("/")}`;
    const node = createHash("sha256").update(text).digest("hex").slice(0, 16);
    expect(proxy.calls[0]?.headers.get(":path")).toMatch(`/v1/nodes/${node}/image?have=0&`);
  });

  test("shares one image between stamp and verify", () => {
    const proxy = sidecar(POD);
    proxy.configure(CONFIGURATION);
    proxy.configure(CONFIGURATION.replace("stamp", "verify"));
    proxy.tick();
    expect(proxy.calls).toHaveLength(1);
  });

  test.each([
    ...Object.keys(POD).map((key) => ({ name: `no ${key}`, metadata: { ...POD, [key]: undefined } })),
    ...Object.keys(POD).map((key) => ({ name: `an empty ${key}`, metadata: { ...POD, [key]: "" } })),
    { name: "a name with a slash", metadata: { ...POD, NAME: "a/b" } },
    { name: "a name of 254 bytes", metadata: { ...POD, NAME: "a".repeat(254) } },
  ])("is refused with $name, and says what is missing", ({ metadata }) => {
    const proxy = sidecar(metadata);
    expect(proxy.configure(CONFIGURATION)).toBeUndefined();
    expect(proxy.logs).toEqual(["sallyport: node metadata lacks NAMESPACE, NAME or SALLYPORT_POD_UID"]);
  });

  test.each(["pod-of=", "pod-of=a/b", `pod-of=${"c".repeat(129)}`, "pod-of=a\npod-of=b"])(
    "is refused with %j",
    (line) => {
      expect(sidecar(POD).configure(CONFIGURATION.replace("pod-of=Kubernetes", line))).toBeUndefined();
    },
  );
});

function sidecar(metadata: Readonly<Record<string, string | undefined>>): FakeEndpointProxy {
  const proxy = new FakeEndpointProxy();
  for (const [key, value] of Object.entries(metadata))
    if (value !== undefined) proxy.properties.set(`xds\0node\0metadata\0${key}`, fromLatin1(value));
  return proxy;
}
