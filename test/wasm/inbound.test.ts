import { describe, expect, test } from "@jest/globals";
import { Verdict } from "../../assembly/decide/verdict.ts";
import { parseAddress } from "../../controller/model/address.ts";
import { FakeEndpointProxy } from "../host/fake-proxy.ts";
import { bothRuntimes } from "../host/portable.ts";
import { fromLatin1 } from "../host/vectors.ts";

const POD = "10.77.0.12";
const GUARD = "role=guard";
const MAY_OPT_OUT = '{"role":"guard","opt-out":"allow"}';
const LABEL = "xds\0node\0metadata\0LABELS\0sallyport.dev/overlay";
const TABLE = [
  { name: "out of the tunnel", source: "127.0.0.7", destination: POD, want: "Allow" },
  { name: "from the pod to itself", source: POD, destination: POD, want: "Allow" },
  { name: "from the pod to itself, IPv6", source: "fd77::12", destination: "fd77::12", want: "Allow" },
  { name: "from another pod", source: "10.77.0.11", destination: POD, want: "NotTunnelled" },
  { name: "from another pod, IPv6", source: "fd77::11", destination: "fd77::12", want: "NotTunnelled" },
  {
    name: "from an address that differs in its first byte",
    source: "11.77.0.12",
    destination: POD,
    want: "NotTunnelled",
  },
  {
    name: "from the loopback address before the tunnel's",
    source: "127.0.0.6",
    destination: POD,
    want: "NotTunnelled",
  },
  { name: "from the loopback address after the tunnel's", source: "127.0.0.8", destination: POD, want: "NotTunnelled" },
  { name: "from loopback", source: "127.0.0.1", destination: POD, want: "NotTunnelled" },
  { name: "from an address with the tunnel's last bytes", source: "126.0.0.7", destination: POD, want: "NotTunnelled" },
  { name: "from an address with 127.0.1.7", source: "127.0.1.7", destination: POD, want: "NotTunnelled" },
  {
    name: "from the tunnel's address as IPv6 without mapping",
    source: "::7f00:7",
    destination: POD,
    want: "NotTunnelled",
  },
  { name: "from and to nowhere", source: "::", destination: "::", want: "NotTunnelled" },
] as const;

describe.each(await bothRuntimes())("a connection to the app in $name", ({ portable }) => {
  test.each(TABLE)("$name: $want", ({ source, destination, want }) => {
    expect(Verdict[portable.inboundVerdict(bytesOf(source), bytesOf(destination))]).toBe(want);
  });
});

describe("the inbound guard", () => {
  test.each(TABLE.filter(({ source }) => source !== "::" && source !== "::7f00:7"))(
    "$name: $want",
    ({ source, destination, want }) => {
      const proxy = guard();
      const connection = proxy.openConnection({ source: at(source, 41212), destination: at(destination, 8080) });
      const passes = want === "Allow";
      expect(connection).toMatchObject({ wasContinued: passes, closes: passes ? 0 : 1 });
      expect(proxy.counter("sallyport.guard.allow")).toBe(passes ? 1 : 0);
      expect(proxy.counter("sallyport.guard.not-tunnelled")).toBe(passes ? 0 : 1);
    },
  );

  test("says who came past the tunnel", () => {
    const proxy = guard();
    proxy.openConnection({ source: "10.77.0.11:33000", destination: "10.77.0.12:8080" });
    expect(proxy.logs).toEqual([
      "sallyport guard refused reason=not-tunnelled source=10.77.0.11 destination=10.77.0.12:8080",
    ]);
  });

  test.each([
    { name: "no source", connection: { destination: "10.77.0.12:8080" } },
    { name: "no destination", connection: { source: "127.0.0.7:1" } },
    { name: "a destination that isn't one", connection: { source: "127.0.0.7:1", destination: "/run/app.sock" } },
  ])("closes what the proxy says nothing about: $name", ({ connection }) => {
    const proxy = guard();
    expect(proxy.openConnection(connection)).toMatchObject({ wasContinued: false, closes: 1 });
    expect(proxy.counter("sallyport.guard.host-error")).toBe(1);
  });

  test.each([
    { name: "passes, of a pod that stays outside and may", label: "none", configuration: MAY_OPT_OUT, passes: true },
    { name: "closes, of a pod that stays outside and may not", label: "none", configuration: GUARD, passes: false },
    { name: "closes, of a pod with another label", label: "nonesuch", configuration: MAY_OPT_OUT, passes: false },
    { name: "closes, of a pod with the start of the label", label: "non", configuration: MAY_OPT_OUT, passes: false },
    { name: "closes, of a pod without the label", label: undefined, configuration: MAY_OPT_OUT, passes: false },
  ])("$name, what came past the tunnel", ({ label, configuration, passes }) => {
    const proxy = new FakeEndpointProxy();
    if (label !== undefined) proxy.properties.set(LABEL, fromLatin1(label));
    proxy.configure(configuration);
    const connection = proxy.openConnection({ source: at("10.77.0.11", 41212), destination: at(POD, 8080) });
    expect(connection).toMatchObject({ wasContinued: passes, closes: passes ? 0 : 1 });
  });

  test("that audits counts what came past the tunnel, says so, and lets it in", () => {
    const proxy = new FakeEndpointProxy();
    proxy.configure('{"role":"guard","audit":"true"}');
    const connection = proxy.openConnection({ source: "10.77.0.11:33000", destination: "10.77.0.12:8080" });
    expect(connection).toMatchObject({ wasContinued: true, closes: 0 });
    const counted = ["allow", "not-tunnelled", "audit-deny"].map((name) => proxy.counter(`sallyport.guard.${name}`));
    expect(counted).toEqual([1, 0, 1]);
    expect(proxy.logs).toEqual([
      "sallyport guard audit would=deny reason=not-tunnelled source=10.77.0.11 destination=10.77.0.12:8080",
    ]);
    expect(proxy.openConnection({ destination: "10.77.0.12:8080" })).toMatchObject({ wasContinued: false, closes: 1 });
  });

  test("asks nobody for an image", () => {
    const proxy = guard();
    proxy.tick(5000);
    expect(proxy.calls).toHaveLength(0);
  });

  test.each([
    { name: "lines", text: "role=guard" },
    { name: "JSON, as Istio says it", text: '{"role":"guard"}' },
    { name: "JSON with spaces", text: '{ "role" :\n\t"guard" } ' },
  ])("takes its configuration as $name", ({ text }) => {
    expect(new FakeEndpointProxy().configure(text)).toBe(1);
  });

  test.each([
    { name: "an open object", text: '{"role":"guard"' },
    { name: "an open string", text: '{"role":"guard' },
    { name: "no colon", text: '{"role" "guard"}' },
    { name: "a number", text: '{"role":4}' },
    { name: "an escape", text: '{"role":"gu\\u0061rd"}' },
    { name: "an empty object", text: "{}" },
    { name: "a comma at the end", text: '{"role":"guard",}' },
    { name: "something after it", text: '{"role":"guard"} x' },
    { name: "an overlay", text: '{"role":"guard","overlay":"7"}' },
    { name: "a node", text: '{"role":"guard","node":"0123456789abcdef"}' },
    { name: "a controller", text: '{"role":"guard","control":"control"}' },
    { name: "another answer to auditing", text: '{"role":"guard","audit":"yes"}' },
    { name: "another answer to leaving", text: '{"role":"guard","opt-out":"yes"}' },
    { name: "two roles", text: '{"role":"guard","role":"guard"}' },
  ])("refuses a configuration with $name", ({ text }) => {
    expect(new FakeEndpointProxy().configure(text)).toBeUndefined();
  });
});

function guard(): FakeEndpointProxy {
  const proxy = new FakeEndpointProxy();
  proxy.configure("role=guard");
  return proxy;
}

function bytesOf(text: string): Uint8Array {
  return parseAddress(text) as Uint8Array;
}

function at(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
