import { expect, test } from "@jest/globals";
import { sallyport } from "../sallyport.ts";

const CLINIC = "manifests/samples/clinic";
const BACKUP = ["--from", "ops/backup", "--to", "records/db", "--port", "pg"];

test("an audited policy denies nothing, until it is asked what would be if it were enforced", async () => {
  expect(await sallyport("explain", "-f", CLINIC, ...BACKUP)).toMatchObject({ code: 0 });
  const { code, out } = await sallyport("explain", "-f", CLINIC, ...BACKUP, "--enforce-audited");
  expect(code).toBe(3);
  expect(out).toMatch(/ingress of records\/db +denied by FlowPolicy records-only-portal/);
});

test("diff tells what it would change to enforce what is audited", async () => {
  expect(await sallyport("diff", CLINIC, CLINIC)).toMatchObject({ code: 0 });
  const { code, out } = await sallyport("diff", CLINIC, CLINIC, "--enforce-audited");
  expect(code).toBe(3);
  expect(out).toMatch(/ops\/backup -> records\/db: .*5432/);
});

test("matrix and test answer for what would be, too", async () => {
  const matrix = await sallyport("matrix", "-f", CLINIC, "--ports", "TCP/5432", "--enforce-audited", "-o", "json");
  const cell = JSON.parse(matrix.out).cells.find(
    ({ from, to }: { from: string; to: string }) => from === "ops/backup" && to === "records/db",
  );
  expect(cell).toMatchObject({ ingress: "deny", verdict: "deny" });
  const tests = await sallyport("test", "manifests/samples/tests/clinic.yaml", "--enforce-audited");
  expect(tests.code).toBe(3);
  expect(tests.out).toMatch(/FAIL.*backup still reaches records while that is audited/i);
});
