/** A controller that has no image for anybody, and remembers who asked for which. */
import { once } from "node:events";
import { createSecureServer, type Http2SecureServer, type Http2ServerRequest } from "node:http2";
import type { TLSSocket } from "node:tls";
import { CONTROL_PORT } from "../../controller/model/ports.ts";
import { CONTROLLER_ADDRESS } from "../../controller/node/link-plan.ts";
import type { MeshCertificate } from "./mesh-certificate.ts";

export class ImageRequests {
  /** Paths without query, and the SPIFFE ids of those who asked. */
  readonly asked: { readonly path: string; readonly peer: string }[] = [];
  readonly #server: Http2SecureServer;

  constructor(certificate: MeshCertificate) {
    const mutual = { requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" } as const;
    this.#server = createSecureServer({ ...certificate, ...mutual }, (request, response) => {
      this.asked.push({ path: request.url.split("?")[0] as string, peer: peerOf(request) });
      response.writeHead(503).end();
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(CONTROL_PORT, CONTROLLER_ADDRESS);
    await once(this.#server, "listening");
  }

  close(): void {
    this.#server.close();
  }
}

function peerOf(request: Http2ServerRequest): string {
  const socket = request.stream.session?.socket as TLSSocket | undefined;
  return socket?.getPeerCertificate().subjectaltname?.replace(/^URI:/, "") ?? "";
}
