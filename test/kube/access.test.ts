import { once } from "node:events";
import { beforeAll, describe, expect, test } from "@jest/globals";
import type { Followed, Reply } from "../../controller/kube/api-client.ts";
import { COLLECTIONS } from "../../controller/kube/collections.ts";
import { isAlive } from "../alive.ts";
import { withFolder } from "../folder.ts";
import { startProgram } from "../node/lab-program.ts";
import { until } from "../until.ts";
import type { ApiServer } from "./api-server.ts";
import { kindsThatFail, withClient, withCluster } from "./cluster.ts";
import { CRD_FOLDER, installCrds } from "./crds.ts";
import { ensurePlane } from "./plane.ts";
import { describeWithApiServer } from "./with-api-server.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";

interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** What reading takes: for each collection its group and name, and two verbs. */
const READING: PolicyRule[] = COLLECTIONS.map(({ apiVersion, path }) => ({
  apiGroups: [apiVersion.includes("/") ? (apiVersion.split("/")[0] as string) : ""],
  resources: [path.split("/").at(-1) as string],
  verbs: ["list", "watch"],
}));

const FORBIDDEN = /^networkpolicies.* is forbidden: User "system:serviceaccount:default:blind"/;

describeWithApiServer("access to a cluster", (server) => {
  beforeAll(() => installCrds(server(), CRD_FOLDER), 60_000);

  test("takes list and watch of what is read, and no more", async () => {
    const token = await serviceAccount(server(), "reader", READING);
    await withCluster(server(), { token }, async (cluster) => {
      await until(() => cluster.read() !== undefined, "everything to be listed", 20_000);
      await until(() => kindsThatFail(cluster).length === 0, "everything to be watched", 20_000);
    });
  });

  test("gives no world as long as one kind may not be listed, and says which", async () => {
    const rules = READING.filter(({ resources }) => resources[0] !== "networkpolicies");
    const token = await serviceAccount(server(), "blind", rules);
    await withCluster(server(), { token }, async (cluster) => {
      const isOnlyOneLeft = () => kindsThatFail(cluster).join() === "NetworkPolicy";
      await until(isOnlyOneLeft, "the others to be watched", 20_000);
      expect(cluster.read()).toBeUndefined();
      const { state } = cluster.health.find(({ kind }) => kind === "NetworkPolicy") ?? {};
      expect(state).toEqual({ kind: "failing", reason: expect.stringMatching(FORBIDDEN) });
      await grant(server(), "more", "blind", READING);
      await until(() => cluster.read() !== undefined, "the role to be noticed", 20_000);
    });
  });

  test("is refused without credentials that the server knows", () =>
    withClient(server(), { token: "nobody" }, async (client) => {
      expect(await client.ask("GET", "/api/v1/pods")).toMatchObject({ status: 401, body: { message: "Unauthorized" } });
    }));

  test("is given up when the server falls silent", () =>
    withClient(server(), {}, async (client) => {
      const { signal } = new AbortController();
      const quiet = await client.follow("/api/v1/secrets?watch=1", 300, signal);
      await expect(first(quiet)).rejects.toThrow("nothing arrived for 300 ms");
    }));

  test("ends when it is told to, also in the middle of a watch", () =>
    withClient(server(), {}, async (client) => {
      const stop = new AbortController();
      const quiet = await client.follow("/api/v1/secrets?watch=1", 60_000, stop.signal);
      const awaited = first(quiet);
      stop.abort();
      await expect(awaited).rejects.toThrow(/abort/);
    }));

  describe("for tests", () => {
    test("ends with the process that started the server, even when that is killed", () =>
      withFolder(async (folder) => {
        const program = await ensurePlane(() => {});
        const starter = startProgram("../kube/start-program.ts", [program, `${folder}/s`]);
        try {
          const [line] = await once(starter.stdout as NodeJS.EventEmitter, "data");
          const pid = Number(line);
          expect(isAlive(pid)).toBe(true);
          starter.kill("SIGKILL");
          await until(() => !isAlive(pid), "the API server to end");
        } finally {
          starter.kill("SIGKILL");
        }
      }));
  });
});

async function first(answer: Reply | Followed): Promise<unknown> {
  if ("status" in answer) return answer;
  for await (const value of answer.values) return value;
  return undefined;
}

/** A token of a new service account that may do this. */
async function serviceAccount(server: ApiServer, name: string, rules: readonly PolicyRule[]): Promise<string> {
  const accounts = "/api/v1/namespaces/default/serviceaccounts";
  await server.ask("POST", accounts, { metadata: { name } });
  await grant(server, name, name, rules);
  const { body } = await server.ask("POST", `${accounts}/${name}/token`, { spec: { expirationSeconds: 600 } });
  return body.status.token;
}

async function grant(server: ApiServer, role: string, account: string, rules: readonly PolicyRule[]): Promise<void> {
  const created = await Promise.all([
    server.ask("POST", `${RBAC}/clusterroles`, { metadata: { name: role }, rules }),
    server.ask("POST", `${RBAC}/clusterrolebindings`, {
      metadata: { name: role },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
      subjects: [{ kind: "ServiceAccount", name: account, namespace: "default" }],
    }),
  ]);
  expect(created.map(({ status }) => status)).toEqual([201, 201]);
}
