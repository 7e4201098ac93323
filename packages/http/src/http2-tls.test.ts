import { once } from "node:events";
import { createServer as createHttp, type IncomingMessage, type Server } from "node:http";
import {
  connect as connectHttp2,
  constants,
  createSecureServer,
  type ClientHttp2Session,
  type Http2SecureServer,
  type ServerHttp2Session,
} from "node:http2";
import { request as requestHttp1 } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { generate } from "selfsigned";
import { afterEach, describe, expect, it } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { attachGateway, createGateway } from "./index.js";

const certificate = await generate([{ name: "commonName", value: "shop.test" }], {
  ...{ keyType: "ec", curve: "P-256", algorithm: "sha256" },
});

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) await close();
});

async function listen(server: Server | Http2SecureServer): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.on("session", (session: ServerHttp2Session) => session.on("error", () => {}));
  await once(server.listen(0, "127.0.0.1"), "listening");
  toClose.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}

/** A gateway on a server over TLS that speaks HTTP/2 and HTTP/1.1, before an instance that says what it was asked. */
async function mount() {
  const asked: string[] = [];
  const instance = createHttp((req, res) => {
    asked.push(`${req.method} ${req.url}`);
    void text(req).then((body) => {
      const { "x-forwarded-proto": scheme, host } = req.headers;
      res.end(`${req.method} ${scheme}://${host}${req.url} ${body}`);
    });
  });
  const sockets = new WebSocketServer({ server: instance });
  sockets.on("connection", (socket) => {
    socket.on("message", (data) => socket.send(`echo ${(data as Buffer).toString()}`));
  });
  const to = `http://127.0.0.1:${await listen(instance)}`;
  const server = createSecureServer(
    {
      ...{ cert: certificate.cert, key: certificate.private, allowHTTP1: true },
      settings: { maxConcurrentStreams: 100, enableConnectProtocol: true },
    },
    (_, res) => res.end("app"),
  );
  const gateway = createGateway([{ path: { prefix: "/shop" }, to }]);
  const mounted = attachGateway(server, gateway, { strict: true });
  toClose.push(() => mounted.close({ graceMs: 10 }));
  return { port: await listen(server), mounted, asked };
}

async function http2Client(port: number): Promise<ClientHttp2Session> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  session.on("error", () => {});
  await once(session, "remoteSettings");
  toClose.push(async () => void session.destroy());
  return session;
}

async function ask1(port: number, path: string, headers = {}, body?: string) {
  const options = { port, path, headers, method: body === undefined ? "GET" : "POST" };
  const req = requestHttp1({ host: "127.0.0.1", rejectUnauthorized: false, ...options });
  if (headers === NO_HEADERS) req.end(body);
  else req.on("continue", () => req.end(body)).flushHeaders();
  const [res] = (await once(req, "response")) as [IncomingMessage];
  return { status: res.statusCode, version: res.httpVersion, body: await text(res) };
}

const NO_HEADERS = {};

describe("a gateway on a server over TLS that speaks both protocols", () => {
  it("serves a client over HTTP/2, and leaves what no route takes to the server", async () => {
    const { port } = await mount();
    const session = await http2Client(port);
    const stream = session.request({
      ":path": "/shop/1",
      ":method": "POST",
      ":authority": "shop.test",
    });
    stream.end("body");
    expect(await text(stream)).toBe("POST https://shop.test/shop/1 body");
    expect(await text(session.request({ ":path": "/else" }))).toBe("app");
  });

  it("serves a client over HTTP/1.1 on the same port", async () => {
    const { port } = await mount();
    expect(await ask1(port, "/shop/1", NO_HEADERS, "body")).toEqual({
      ...{ status: 200, version: "1.1" },
      body: `POST https://127.0.0.1:${port}/shop/1 body`,
    });
    expect(await ask1(port, "/else", NO_HEADERS)).toMatchObject({ body: "app" });
  });

  it("gives a client over HTTP/1.1 leave to send its body", async () => {
    const { port } = await mount();
    expect(await ask1(port, "/shop/1", { expect: "100-continue" }, "body")).toMatchObject({
      body: `POST https://127.0.0.1:${port}/shop/1 body`,
    });
  });

  it("carries the websockets of clients over HTTP/1.1", async () => {
    const { port, mounted } = await mount();
    const socket = new WebSocket(`wss://127.0.0.1:${port}/shop/ws`, { rejectUnauthorized: false });
    await once(socket, "open");
    expect(mounted.proxy.counts.upgrades).toBe(1);
    socket.send("hello");
    const [data] = (await once(socket, "message")) as [Buffer];
    expect(data.toString()).toBe("echo hello");
    socket.close();
    await once(socket, "close");
  });

  it("refuses a websocket over HTTP/2, also where the server says that it takes such", async () => {
    const { port, asked } = await mount();
    const session = await http2Client(port);
    expect(session.remoteSettings.enableConnectProtocol).toBe(true);
    const stream = session.request({
      ...{ ":method": "CONNECT", ":protocol": "websocket", ":path": "/shop/ws" },
      ...{ ":scheme": "https", ":authority": "shop.test", "sec-websocket-version": "13" },
    });
    const [head] = (await once(stream, "response")) as [{ ":status": number }];
    expect(head[":status"]).toBe(405);
    stream.close(constants.NGHTTP2_CANCEL);
    expect(asked).toEqual([]);
    // The connection lives on.
    expect(await text(session.request({ ":path": "/else" }))).toBe("app");
  });

  it("tells clients over HTTP/2 to go when it closes, and gives the server back", async () => {
    const { port, mounted } = await mount();
    const session = await http2Client(port);
    expect(await text(session.request({ ":path": "/shop/1" }))).toContain("GET https");
    const closed = once(session, "close");
    await mounted.close();
    await closed;
    expect(await ask1(port, "/shop/1", NO_HEADERS)).toMatchObject({ body: "app" });
  });
});
