import { once } from "node:events";
import type { Server } from "node:http";
import { atEnd } from "@signalbox/adapter-suite";
import { Server as SocketIo } from "socket.io";
import { io } from "socket.io-client";
import { describe, expect, it } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { listen, middlewareFor, startChat, startEcho, upgrade, versions } from "./kit.js";

const REQUESTS_ALONE = { headers: { upgrade: { present: false } } };

function startSocketIo(server: Server): void {
  const sockets = new SocketIo(server, { destroyUpgrade: false });
  sockets.on("connection", (socket) => socket.emit("hello", socket.handshake.query["name"]));
  atEnd(async () => void sockets.engine.close());
}

/** What a client is greeted with, once it speaks over a websocket. */
async function greetingOf(url: string, transports: ("polling" | "websocket")[]): Promise<unknown> {
  const socket = io(url, { transports, query: { name: "ada" }, reconnection: false });
  atEnd(async () => void socket.close());
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  socket.on("hello", resolve).on("connect_error", reject);
  const greeting = await promise;
  const { engine } = socket.io;
  if (engine.transport.name !== "websocket")
    await new Promise<unknown>((upgraded) => void engine.once("upgrade", upgraded));
  return greeting;
}

async function firstOf(url: string): Promise<string> {
  const socket = new WebSocket(url.replace("http", "ws"));
  atEnd(async () => socket.terminate());
  const [first] = (await once(socket, "message")) as [Buffer];
  return first.toString();
}

describe.each(versions)("beside other listeners for upgrades, $name", ({ express }) => {
  it.each(["before", "behind"])("serves its websockets with socket.io %s it", async (place) => {
    const middleware = middlewareFor([
      { path: "/chat", to: await startChat() },
      { path: "/*", ...REQUESTS_ALONE, to: await startEcho() },
    ]);
    const { url, server } = await listen(express().use(middleware));
    if (place === "before") startSocketIo(server);
    server.on("upgrade", middleware.upgrade);
    if (place === "behind") startSocketIo(server);
    expect(await firstOf(`${url}/chat`)).toBe("/chat 127.0.0.1");
    expect(await greetingOf(url, ["websocket"])).toBe("ada");
    expect(await greetingOf(url, ["polling", "websocket"])).toBe("ada");
  });

  it("forwards to instances of socket.io", async () => {
    const { url: instance, server: behind } = await listen();
    startSocketIo(behind);
    const middleware = middlewareFor([{ path: "/socket.io/*", to: instance }]);
    const { url, server } = await listen(express().use(middleware));
    server.on("upgrade", middleware.upgrade);
    expect(await greetingOf(url, ["websocket"])).toBe("ada");
    expect(await greetingOf(url, ["polling", "websocket"])).toBe("ada");
  });

  it("serves its websockets beside a server of ws that takes its own path alone", async () => {
    const middleware = middlewareFor([{ path: "/chat", to: await startChat() }]);
    const { url, server } = await listen(express().use(middleware));
    const own = new WebSocketServer({ noServer: true });
    server.on("upgrade", middleware.upgrade);
    server.on("upgrade", (req, socket, head) => {
      if (req.url === "/own") own.handleUpgrade(req, socket, head, (opened) => opened.send("own"));
    });
    expect(await firstOf(`${url}/chat`)).toBe("/chat 127.0.0.1");
    expect(await firstOf(`${url}/own`)).toBe("own");
  });

  it("loses its websockets to a server of ws that takes all, as the docs say", async () => {
    const middleware = middlewareFor([{ path: "/chat", to: await startChat() }]);
    const { url, server } = await listen(express().use(middleware));
    server.on("upgrade", middleware.upgrade);
    new WebSocketServer({ server, path: "/own" });
    expect((await upgrade(`${url}/chat`)).status).toBe(400);
  });
});
