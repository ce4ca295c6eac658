import { expect, test } from "@jest/globals";
import { Election } from "../../controller/kube/election.ts";
import { leaseStore } from "../../controller/kube/lease.ts";
import { until } from "../until.ts";
import { withClient } from "./cluster.ts";
import { Gate } from "./gate.ts";
import { describeWithApiServer } from "./with-api-server.ts";

const LEASE = "/apis/coordination.k8s.io/v1/namespaces/default/leases/sallyport";
const now = () => new Date();

describeWithApiServer("replicas at a real Lease", (server) => {
  test("succeed each other, with rising terms, when one is cut off and when one leaves", async () => {
    const gate = await Gate.open(server().port);
    try {
      await withClient(server(), { port: gate.port }, (cutOff) =>
        withClient(server(), {}, async (other) => {
          const [first, second] = [cutOff, other].map(
            (client, i) => new Election(leaseStore(client, "default", "sallyport", now), `r${i}`, () => {}),
          ) as [Election, Election];
          first.start();
          await until(() => first.term !== undefined, "the first to lead", 20_000);
          const term = first.term as number;
          second.start();
          await until(async () => (await leaseIn(server())).holder === "r0", "the Lease to be the first's");
          gate.shut();
          await until(() => second.term !== undefined, "the second to lead", 20_000);
          expect([first.term, (second.term as number) > term, first.trouble]).toEqual([
            undefined,
            true,
            expect.any(String),
          ]);
          expect(await leaseIn(server())).toEqual({ holder: "r1", transitions: 2, term: String(second.term) });

          gate.reopen();
          await until(() => first.trouble === "", "the first to see the Lease again", 20_000);
          const secondTerm = second.term as number;
          await second.stop();
          await until(() => first.term !== undefined, "the first to lead again", 20_000);
          expect(first.term).toBeGreaterThan(secondTerm);
          await first.stop();
          expect(await leaseIn(server())).toMatchObject({ holder: "" });
        }),
      );
    } finally {
      await gate.close();
    }
  });
});

async function leaseIn(server: { ask(method: string, path: string): Promise<{ body: unknown }> }) {
  const { body } = await server.ask("GET", LEASE);
  const { metadata, spec } = body as {
    metadata: { annotations: Record<string, string> };
    spec: { holderIdentity?: string; leaseTransitions: number };
  };
  const term = metadata.annotations["sallyport.dev/term"];
  return { holder: spec.holderIdentity ?? "", transitions: spec.leaseTransitions, term };
}
