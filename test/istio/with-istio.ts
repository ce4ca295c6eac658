import { describe, jest } from "@jest/globals";
import { goComplaint } from "../kube/go.ts";

/** As `tools/go.mod` says. */
const complaint = await goComplaint(26);

/** `describe`, or skipped with the reason where Istio's programs can't be built, or another one. In CI never skipped. */
export function describeWithIstio(name: string, body: () => void, otherReason?: string): void {
  jest.setTimeout(180_000);
  const reason = complaint ?? otherReason;
  if (reason === undefined) describe(name, body);
  else if (process.env.CI) throw new Error(`these tests may not be skipped in CI: ${reason}`);
  else describe.skip(`${name} (skipped: ${reason})`, body);
}

/** Jest keeps what `console` is told until the tests have ended. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
