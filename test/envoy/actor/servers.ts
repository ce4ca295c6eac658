/** Apps that wait for clients. */
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";

const BLOCK = Buffer.alloc(65_536, "x");

/** HTTP that answers with its name. */
export function serveHttp(host: string, port: number, name: string): Promise<void> {
  return listening(
    createHttpServer((_, response) => response.end(name)),
    host,
    port,
  );
}

/** TCP that greets with its name, as many databases do, and then echoes. */
export function serveTcp(host: string, port: number, name: string): Promise<void> {
  const greet = (socket: Socket) => {
    socket.write(name);
    socket.pipe(socket);
  };
  return listening(createServer({ noDelay: true }, careless(greet)), host, port);
}

/** TCP that never stops to send. */
export function serveFirehose(host: string, port: number): Promise<void> {
  const spray = (socket: Socket) => {
    const more = () => {
      while (!socket.destroyed && socket.write(BLOCK)) {}
    };
    socket.on("drain", more);
    more();
  };
  return listening(createServer(careless(spray)), host, port);
}

/** A client that resets has only lost its own connection. */
function careless(serve: (socket: Socket) => void): (socket: Socket) => void {
  return (socket) => {
    socket.on("error", () => {});
    serve(socket);
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host, backlog: 4096 }, () => resolve());
  });
}
