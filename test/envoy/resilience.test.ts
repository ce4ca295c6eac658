/** What one peer does to its own flows must not end or block another's, though they share connections. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { describeLab, labSupport } from "../node/lab-program.ts";
import { until } from "../until.ts";
import { ECHO, Fair, FIREHOSE, FIRST, SERVER, SILENT } from "./fair.ts";

let folder: string;
let fair: Fair;

/** Envoy closes a connection after so many early resets, and not those of gateways, which many peers share. */
const EARLY_RESETS = "^http\\.tunnel\\.downstream_rq_too_many_premature_resets$";

const WAYS = [
  { way: "two gateways in a row", path: ["first", "second"], shared: ["second-0", "server"] },
  { way: "one gateway", path: ["first"], shared: ["server"] },
] as const;

describeLab(labSupport, "a peer that shares tunnels with others", () => {
  jest.setTimeout(120_000);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sallyport-test-"));
    fair = await Fair.open(folder);
    await until(() => fair.reaches(), "flows to pass", 20_000);
  });

  afterAll(async () => {
    const left = await fair?.close();
    await rm(folder, { recursive: true, force: true });
    expect(left).toEqual([]);
  });

  describe.each(WAYS)("through $way", ({ path, shared }) => {
    beforeAll(() => fair.takePath(...path));

    test("resets thousands of its flows: another's flow lives on", async () => {
      await openLive();
      const storm = { host: SERVER, port: ECHO, flows: 3000, atOnce: 24, end: "reset" } as const;
      const { opened, failures } = await fair.actor("mallory").play("storm", storm);
      expect({ opened, failures }).toEqual({ opened: 3000, failures: [] });
      await lives();
      const resets = await fair.run.total(["server"], "^http\\.tunnel\\.downstream_rq_rx_reset$");
      expect(resets).toBeGreaterThan(2000);
    });

    test.each([1, 20])("stops to read %d flows: others pass bytes and open flows", async (flows) => {
      await openLive();
      await fair.actor("mallory").play("stall", SERVER, FIREHOSE, flows);
      await lives();
      const few = { host: SERVER, port: ECHO, flows: 100, atOnce: 4, end: "close" } as const;
      expect(await fair.actor("alice").play("storm", few)).toMatchObject({ opened: 100, failures: [] });
      expect(await fair.actor("mallory").play("storm", few)).toMatchObject({ opened: 100, failures: [] });
      await lives();
      expect(await fair.actor("mallory").play("endStalled")).toBe(flows);
    });

    test("asks for a silent port and resets: its own connection is closed, another's flow lives on", async () => {
      await openLive();
      const before = await fair.run.total(["first-0"], EARLY_RESETS);
      const { sent, closed } = await fair.actor("mallory").play("barrage", {
        tls: fair.run.tls("mallory"),
        proxy: FIRST,
        authority: `${SERVER}:${SILENT}`,
        stamp: await fair.stampOfMallory(`${SERVER}:${SILENT}`),
        requests: 600,
        atOnce: 20,
        resetAfterMs: 8,
      });
      expect(sent).toBe(600);
      const closedForResets = (await fair.run.total(["first-0"], EARLY_RESETS)) - before;
      expect(closedForResets).toBeGreaterThan(0);
      expect(closed).toBeGreaterThanOrEqual(closedForResets);
      expect(await fair.run.total(shared, EARLY_RESETS)).toBe(0);
      await lives();
      expect(await fair.reaches()).toBe(true);
    });
  });
});

async function openLive(): Promise<void> {
  expect(await fair.actor("alice").play("openFlow", "live", SERVER, ECHO)).toBe(true);
}

/** Alice's flow lives, and bytes still pass on it. */
async function lives(): Promise<void> {
  const { exchanges } = await fair.actor("alice").play("reportFlow", "live");
  const more = async () => (await fair.actor("alice").play("reportFlow", "live")).exchanges > exchanges + 10;
  await until(more, "bytes to pass on alice's flow");
  expect(await fair.actor("alice").play("reportFlow", "live")).toMatchObject({ alive: true });
}
