import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { ConfigInput } from "@signalbox/core";
import { expect } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { inFlight, open, startServer, until, type TestProxy, type TestServer } from "./kit.js";

/** A route to a chat service, and one that the gateway answers itself. */
export const chatConfig = (...urls: string[]) => ({
  services: { chat: { instances: urls, balancer: "round-robin" as const } },
  routes: [
    { id: "chat", match: { path: "/chat/*" }, to: "chat" },
    { id: "gone", match: { path: "/gone" }, respond: { status: 410, body: "gone" } },
  ],
});

/** The same with timeouts of the route. */
export const chatWithin = (
  url: string,
  timeouts: { readonly attemptMs?: number; readonly idleMs?: number; readonly requestMs?: number },
): ConfigInput => ({
  services: { chat: { instances: [url] } },
  routes: [{ match: { path: "/chat/*" }, to: "chat", timeouts }],
});

/** An instance that speaks websocket and says `echo …` to all. */
export async function chatServer(): Promise<
  TestServer & { readonly messages: string[]; readonly codes: number[] }
> {
  const instance = await startServer((_, res) => res.writeHead(426).end("websockets only"));
  const messages: string[] = [];
  const codes: number[] = [];
  const sockets = new WebSocketServer({
    server: instance.server,
    handleProtocols: (protocols) => [...protocols].at(-1) ?? false,
  });
  sockets.on("connection", (socket) => {
    socket.on("error", () => codes.push(-1));
    socket.on("close", (code) => codes.push(code));
    socket.on("message", (data: Buffer) => {
      messages.push(data.toString());
      socket.send(`echo ${data.toString()}`);
    });
  });
  return { ...instance, messages, codes };
}

/** An instance that answers an upgrade with raw bytes. */
export async function rawInstance(
  answer: (socket: RawSocket, req: IncomingMessage) => void,
): Promise<TestServer> {
  const instance = await startServer();
  instance.server.on("upgrade", (req: IncomingMessage, socket: Socket) => {
    const chunks: Buffer[] = [];
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => chunks.push(bytes));
    socket.on("end", () => socket.end());
    answer(
      Object.assign(socket, { received: () => Buffer.concat(chunks).toString("latin1") }),
      req,
    );
  });
  return instance;
}

/** A socket that keeps all it received. */
export type RawSocket = Socket & { received: () => string };

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
export const ACCEPT = createHash("sha1")
  .update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
  .digest("base64");
export const SWITCH = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`;
export const upgradeRequest = (path = "/chat/a", more = "") =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n${more}\r\n`;

/** A text frame, unmasked; `client` masks it with zeros, which leaves the text readable. */
export function frame(text: string, from: "client" | "instance"): Buffer {
  const mask = from === "client" ? 0x80 : 0;
  const head =
    text.length < 126
      ? [0x81, mask | text.length]
      : [0x81, mask | 126, text.length >> 8, text.length & 0xff];
  return Buffer.concat([
    Buffer.from(head),
    Buffer.alloc(mask === 0 ? 0 : 4),
    Buffer.from(text, "latin1"),
  ]);
}

/** Opens a raw tunnel; both ends of it. */
export async function openTunnel(
  proxy: TestProxy,
  opened: () => RawSocket | undefined,
): Promise<{ readonly client: RawSocket; readonly instance: RawSocket }> {
  const client = await open(proxy.port);
  client.write(upgradeRequest());
  await until(() => client.received().endsWith("\r\n\r\n"));
  expect(client.received()).toMatch(/^HTTP\/1.1 101 /);
  return { client, instance: opened() as RawSocket };
}

/** A websocket through a proxy, open. */
export async function openWebSocket(port: number, path = "/chat/room"): Promise<WebSocket> {
  const client = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  client.on("error", () => {});
  await once(client, "open");
  return client;
}

/** Waits until nothing is left of any upgrade: on either side, in the gateway and in the proxy. */
export async function untilNothingIsLeft(
  { proxy, gateway, server }: TestProxy,
  ...instances: readonly TestServer[]
): Promise<void> {
  await until(() => instances.every(({ sockets }) => sockets.size === 0));
  await until(() => connectionsOf(server) === 0);
  expect(inFlight(gateway)).toBe(0);
  expect(proxy.counts).toMatchObject({ requests: 0, upgrades: 0 });
}

function connectionsOf(server: Server): number {
  return (server as unknown as { readonly _connections: number })._connections;
}
