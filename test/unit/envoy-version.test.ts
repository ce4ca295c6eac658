import { describe, expect, test } from "@jest/globals";
import { knowsResetLimits, parseEnvoyVersion, unsupported } from "../../controller/node/envoy-version.ts";

const PRINTED =
  "\n/usr/bin/envoy  version: 9e5580933739775e8bce696a57a2e1bc99368f23/1.40.0/Clean/RELEASE/BoringSSL\n\n";

describe("Envoy version", () => {
  test.each([
    { name: "a release", output: PRINTED, want: { major: 1, minor: 40, patch: 0 } },
    { name: "a development build", output: "version: ab/1.41.2-dev/x/", want: { major: 1, minor: 41, patch: 2 } },
    { name: "another program", output: "envoy 1.40.0", want: undefined },
    { name: "nothing", output: "", want: undefined },
  ])("is read from $name", ({ output, want }) => expect(parseEnvoyVersion(output)).toEqual(want));

  test.each([
    { version: "1.35.9", want: "supported are 1.36 to 1.40, but not 1.38.3" },
    { version: "1.36.0", want: undefined },
    { version: "1.38.2", want: undefined },
    { version: "1.38.3", want: "it was built without V8; supported are 1.36 to 1.40, but not 1.38.3" },
    { version: "1.38.4", want: undefined },
    { version: "1.40.9", want: undefined },
    { version: "1.41.0", want: "supported are 1.36 to 1.40, but not 1.38.3" },
    { version: "2.38.0", want: "supported are 1.36 to 1.40, but not 1.38.3" },
  ])("$version is judged: $want", ({ version, want }) => {
    const parsed = parseEnvoyVersion(`version: ab/${version}/x/`);
    expect(parsed && unsupported(parsed)).toBe(want);
  });

  test.each([
    { version: "1.36.4", want: false },
    { version: "1.39.2", want: false },
    { version: "1.39.3", want: true },
    { version: "1.40.0", want: true },
  ])("$version has settings for stream resets: $want", ({ version, want }) => {
    const parsed = parseEnvoyVersion(`version: ab/${version}/x/`);
    expect(parsed && knowsResetLimits(parsed)).toBe(want);
  });
});
