// An instance of the chat: it sends what one client says to all of them.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

export interface ChatServer {
  readonly url: string;
  readonly clients: () => number;
  close(): Promise<void>;
}

export async function startChatServer(): Promise<ChatServer> {
  const server = createServer((_req, res) => {
    res.writeHead(404).end();
  });
  const sockets = new WebSocketServer({ server, path: "/chat" });
  sockets.on("connection", (socket) => {
    socket.on("message", (message, isBinary) => {
      for (const client of sockets.clients) client.send(message, { binary: isBinary });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clients: () => sockets.clients.size,
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
