/** A real Envoy with the controller's certificates: rotation without a restart, and the way to the image server. */
import { X509Certificate } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:tls";
import { describe, expect, jest, test } from "@jest/globals";
import { adminGet } from "../../controller/node/admin.ts";
import { adminSocketPath } from "../../controller/node/admin-socket.ts";
import { ensureEnvoy } from "../../controller/node/envoy.ts";
import { OpenPlace } from "../../controller/node/namespace.ts";
import { Supervisor } from "../../controller/node/supervisor.ts";
import { Authority, type Issued } from "../../controller/serve/authority.ts";
import { ImageServer } from "../../controller/serve/image-server.ts";
import { secretReferences, writeGeneration, writeSecretReferences } from "../../controller/serve/tls-folder.ts";
import { withFolder } from "../folder.ts";
import { until } from "../until.ts";

jest.setTimeout(60_000);

const WEB = "spiffe://sallyport.local/ns/shop/sa/web";
const CONTROLLER = "spiffe://sallyport.local/controller";
const NODE = "0000000000000001";

interface Fixture {
  /** How far the server's clock is ahead. */
  readonly clock: { ahead: number };
  readonly server: ImageServer;
  /** Gives Envoy another certificate. */
  rotate(): Promise<Issued>;
  /** What Envoy shows to its clients. */
  shown(): Promise<X509Certificate>;
  /** Asks the image server through Envoy. */
  poll(have: number): Promise<{ status: number; body: string }>;
}

async function withEnvoy(use: (fixture: Fixture) => Promise<void>): Promise<void> {
  const envoy = await ensureEnvoy((line) => console.log(line));
  await withFolder(async (folder) => {
    const authority = await Authority.open({ folder: `${folder}/ca`, clock: Date });
    const clock = { ahead: 0, now: () => Date.now() + clock.ahead };
    const server = new ImageServer({ certificate: await authority.issue(CONTROLLER), clock, pollMs: 200 });
    const controlPort = await server.listen("127.0.0.1", 0);
    const tls = `${folder}/tls`;
    await writeSecretReferences(tls);
    const rotate = async () => {
      const issued = await authority.issue(WEB);
      await writeGeneration(tls, issued);
      return issued;
    };
    await rotate();
    const adminSocket = adminSocketPath(folder, "web");
    await writeFile(`${folder}/envoy.json`, JSON.stringify(bootstrap(tls, adminSocket, controlPort)));
    const run = { node: "web", program: envoy.path, config: `${folder}/envoy.json`, concurrency: 1, adminSocket };
    const supervisor = new Supervisor({ ...run, log: `${folder}/envoy.log` }, new OpenPlace());
    try {
      await supervisor.start();
      await supervisor.ready(20_000);
      const shown = async () => shownAt(await portOf(adminSocket, "shown"));
      const poll = async (have: number) => get(await portOf(adminSocket, "poll"), pollPath(have));
      await use({ clock, server, rotate, shown, poll });
    } finally {
      await supervisor.stop();
      await server.close();
    }
  });
}

describe("certificates in Envoy", () => {
  test("are taken from SDS files, and changed without a restart", () =>
    withEnvoy(async ({ rotate, shown }) => {
      const first = await shown();
      expect(first.subjectAltName).toBe(`URI:${WEB}`);
      const next = new X509Certificate((await rotate()).certificate).fingerprint256;
      await until(async () => (await shown()).fingerprint256 === next, "Envoy to show the new certificate");
      const last = new X509Certificate((await rotate()).certificate).fingerprint256;
      await until(async () => (await shown()).fingerprint256 === last, "Envoy to show the one after it");
    }));

  test("let it poll the image server", () =>
    withEnvoy(async ({ server, poll }) => {
      const image = { identity: WEB, addresses: ["127.0.0.1"], parts: [Buffer.from("image")] };
      server.publish(new Map([[NODE, { ...image, generation: 1n }]]));
      expect(await poll(0)).toEqual({ status: 200, body: "image" });
      expect(await poll(1)).toEqual({ status: 204, body: "" });
      expect(server.programmed(NODE)).toEqual({ workers: 1, current: 1 });
      const waiting = poll(1);
      await until(() => server.status().polls === 1, "the poll to wait");
      server.publish(new Map([[NODE, { ...image, generation: 2n }]]));
      expect(await waiting).toEqual({ status: 200, body: "image" });
    }));

  test("reach the image server again when it has said goodbye to the old connection", () =>
    withEnvoy(async ({ clock, server, poll }) => {
      const image = { identity: WEB, addresses: [], generation: 1n, parts: [Buffer.from("image")] };
      server.publish(new Map([[NODE, image]]));
      expect((await poll(0)).status).toBe(200);
      expect(server.status().sessions).toBe(1);
      clock.ahead = 50 * 60_000; // the last quarter of the certificate's hour
      for (let i = 0; i < 3; i++) {
        expect((await poll(0)).status).toBe(200);
        await until(() => server.status().sessions === 0, "the connection to be closed");
      }
      clock.ahead = 60 * 60_000;
      expect((await poll(0)).status).toBe(403);
    }));
});

function pollPath(have: number): string {
  return `/v1/nodes/${NODE}/image?have=${have}&worker=a`;
}

/** A listener `shown` that speaks TLS, and one named `poll` that passes requests on to the image server. */
function bootstrap(tls: string, adminSocket: string, controlPort: number): object {
  const references = secretReferences(tls);
  const common = {
    tls_certificate_sds_secret_configs: [secret("identity", references.certificate)],
    tls_params: { tls_minimum_protocol_version: "TLSv1_3", tls_maximum_protocol_version: "TLSv1_3" },
  };
  const down = { common_tls_context: common };
  const san = { san_type: "URI", matcher: { exact: CONTROLLER } };
  const up = {
    common_tls_context: {
      ...common,
      alpn_protocols: ["h2"],
      combined_validation_context: {
        default_validation_context: { match_typed_subject_alt_names: [san] },
        validation_context_sds_secret_config: secret("roots", references.root),
      },
    },
  };
  const answer = { match: { prefix: "/" }, direct_response: { status: 200 } };
  const pass = { match: { prefix: "/" }, route: { cluster: "control", timeout: "0s" } };
  return {
    node: { id: "web", cluster: "sallyport" },
    admin: { address: { pipe: { path: adminSocket, mode: 0o600 } } },
    static_resources: {
      listeners: [
        listener("shown", answer, { transport_socket: typed("tls", "tls.v3.DownstreamTlsContext", down) }),
        listener("poll", pass, {}),
      ],
      clusters: [
        {
          name: "control",
          type: "STATIC",
          load_assignment: { cluster_name: "control", endpoints: [{ lb_endpoints: [endpoint(controlPort)] }] },
          transport_socket: typed("tls", "tls.v3.UpstreamTlsContext", up),
          typed_extension_protocol_options: {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
              "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
        },
      ],
    },
  };
}

function secret(name: string, path: string): object {
  return { name, sds_config: { path_config_source: { path }, resource_api_version: "V3" } };
}

function typed(name: string, type: string, config: object): object {
  const url = `type.googleapis.com/envoy.extensions.transport_sockets.${type}`;
  return { name: `envoy.transport_sockets.${name}`, typed_config: { "@type": url, ...config } };
}

function endpoint(port: number): object {
  return { endpoint: { address: { socket_address: { address: "127.0.0.1", port_value: port } } } };
}

function listener(name: string, route: object, chain: object): object {
  const manager = {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: name,
    route_config: { virtual_hosts: [{ name, domains: ["*"], routes: [route] }] },
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
  };
  const filters = [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }];
  const address = { socket_address: { address: "127.0.0.1", port_value: 0 } };
  return { name, address, filter_chains: [{ filters, ...chain }] };
}

async function portOf(adminSocket: string, name: string): Promise<number> {
  const { body } = await adminGet(adminSocket, "/listeners");
  return Number(new RegExp(`^${name}::127\\.0\\.0\\.1:(\\d+)$`, "m").exec(body)?.[1]);
}

function shownAt(port: number): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) reject(new Error("Envoy showed no certificate"));
      else resolve(certificate);
    });
    socket.on("error", reject);
  });
}

function get(port: number, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      let body = "";
      response.on("data", (chunk) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on("error", reject);
    sent.end();
  });
}
