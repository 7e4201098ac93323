import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { PORTS } from "./backend.ts";
import { answerParent } from "./child.ts";

// The backend of WebSockets in a process of its own: it sends each message back.

/** What the process is asked. `listen` comes first, once. */
export type WebSocketQuestion = { readonly kind: "listen" } | { readonly kind: "count" };

/** Where it listens, and how many WebSockets are open. */
export interface WebSocketAnswer {
  readonly urls: readonly string[];
  readonly open: number;
}

answerParent<WebSocketQuestion, WebSocketAnswer>(answerer());

function answerer(): (question: WebSocketQuestion) => Promise<WebSocketAnswer> {
  const servers: WebSocketServer[] = [];
  const urls: string[] = [];
  return async ({ kind }) => {
    for (let i = 0; kind === "listen" && i < PORTS; i++) {
      const server = await startServer();
      servers.push(server);
      urls.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    }
    return { urls, open: servers.reduce((sum, { clients }) => sum + clients.size, 0) };
  };
}

async function startServer(): Promise<WebSocketServer> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  server.on("connection", (socket) => {
    socket.on("error", () => socket.terminate());
    socket.on("message", (message, binary) => socket.send(message, { binary }));
  });
  await once(server, "listening");
  return server;
}
