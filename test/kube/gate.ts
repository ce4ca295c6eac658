/** A TCP gate between a client and a server, to shut and to open again. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class Gate {
  readonly #sockets = new Set<Socket>();
  #isShut = false;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {}

  /** In front of a port of this machine. */
  static async open(target: number): Promise<Gate> {
    const server = createServer();
    const gate = new Gate(server, target);
    server.on("connection", (socket) => gate.#pass(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return gate;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Breaks all connections and takes no new ones. */
  shut(): void {
    this.#isShut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  reopen(): void {
    this.#isShut = false;
  }

  async close(): Promise<void> {
    this.shut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #pass(client: Socket): void {
    const server = connect(this.target, "127.0.0.1");
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    if (this.#isShut) client.destroy();
    client.pipe(server).pipe(client);
  }
}
