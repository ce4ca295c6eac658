/** Bounds a server's connections in favour of the newest. */
import type { Server, Socket } from "node:net";

/**
 * Beyond `most` the oldest connection is closed, and not the newest refused: whoever holds many without asking anything can't
 * keep a probe away, which asks at once.
 */
export function keepNewest(server: Server, most: number): void {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    if (sockets.size <= most) return;
    const [oldest] = sockets;
    sockets.delete(oldest as Socket);
    oldest?.destroy();
  });
}
