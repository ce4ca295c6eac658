/** Clients of the API server under test, and what they read. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ApiClient } from "../../controller/kube/api-client.ts";
import { ClusterWorld } from "../../controller/kube/cluster-world.ts";
import { withFolder } from "../folder.ts";
import type { ApiServer } from "./api-server.ts";

export interface Access {
  /** Instead of the server's own port. */
  readonly port?: number;
  /** Of a service account, instead of the administrator's certificate. */
  readonly token?: string;
}

/** Runs `use` with a client of its own. */
export async function withClient<T>(
  server: ApiServer,
  { port = server.port, token }: Access,
  use: (client: ApiClient) => Promise<T>,
): Promise<T> {
  const file = (name: string) => join(server.kubeconfig, "..", name);
  const certificate = { "client-certificate": file("admin.crt"), "client-key": file("admin.key") };
  const cluster = { server: `https://127.0.0.1:${port}`, "certificate-authority": file("ca.crt") };
  const config = {
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user: token === undefined ? certificate : { token } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  return withFolder(async (folder) => {
    await writeFile(join(folder, "kubeconfig"), JSON.stringify(config));
    const client = ApiClient.of(join(folder, "kubeconfig"));
    try {
      return await use(client);
    } finally {
      client.close();
    }
  });
}

/** Runs `use` with a cluster that is being read, whether that works or not. */
export function withCluster(
  server: ApiServer,
  access: Access,
  use: (cluster: ClusterWorld) => Promise<void>,
): Promise<void> {
  return withClient(server, access, async (client) => {
    const cluster = new ClusterWorld(client, () => {});
    cluster.start();
    try {
      await use(cluster);
    } finally {
      await cluster.stop();
    }
  });
}

/** A server that has just learned of a kind may ask to be left alone for a moment. */
export function kindsThatFail(cluster: ClusterWorld): string[] {
  return cluster.health.flatMap(({ kind, state }) => (state.kind === "failing" ? [kind] : []));
}
