import { once } from "node:events";
import { connect, type IncomingHttpHeaders } from "node:http2";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import fastify from "fastify";
import { afterEach, expect, it } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { gatewayPlugin } from "../src/index.js";
import { certificate } from "./certificate.js";
import { listen, options, startEcho } from "./kit.js";

const settings = { maxConcurrentStreams: 100 };

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const startSecure = async (): Promise<string> => {
  const app = fastify({ https: certificate });
  ends.push(() => app.close());
  await app.register(gatewayPlugin, options(await routes()));
  return app.listen({ port: 0, host: "127.0.0.1" });
};

const startHttp2 = async (): Promise<string> => {
  const app = fastify({ http2: true, http2SessionTimeout: 0, https: { ...certificate, settings } });
  ends.push(() => app.close());
  app.addHook("onRequest", async (_request, reply) => {
    reply.header("x-from", "hook").header("x-own", "hook").header("set-cookie", ["b=2", "c=3"]);
  });
  app.setNotFoundHandler((request, reply) => reply.code(404).send(`app ${request.url}`));
  await app.register(gatewayPlugin, options(await routes()));
  return app.listen({ port: 0, host: "127.0.0.1" });
};

async function routes(): Promise<{ path: string; to: string }[]> {
  const { url } = await listen((_req, res) =>
    res.writeHead(200, ["set-cookie", "a=1", "x-own", "instance"]).end("instance"),
  );
  const { url: chat, server } = await listen();
  new WebSocketServer({ server }).on("connection", (socket) => socket.send("hello"));
  return [
    { path: "/echo/*", to: await startEcho() },
    { path: "/headers", to: url },
    { path: "/chat", to: chat },
    { path: "/gone", to: "http://127.0.0.1:9" },
  ];
}

async function askHttp2(
  url: string,
  path: string,
  body?: string,
): Promise<{ headers: IncomingHttpHeaders; body: string }> {
  const session = connect(url, { ca: certificate.cert });
  const stream = session.request({ ":path": path, ":method": body === undefined ? "GET" : "POST" });
  stream.end(body);
  const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
  const answer = { headers, body: await text(stream) };
  session.close();
  return answer;
}

it("forwards requests and websockets of an HTTPS application", async () => {
  const url = await startSecure();
  const req = request(`${url}/echo/x`, { ca: certificate.cert, agent: false, method: "POST" });
  req.end("{}");
  const [res] = (await once(req, "response")) as [IncomingMessage];
  expect(await text(res)).toBe("POST /echo/x {}");
  expect(JSON.parse(res.headers["x-seen"] as string)).toMatchObject({
    "x-forwarded-proto": "https",
  });
  const socket = new WebSocket(`${url.replace("http", "ws")}/chat`, { ca: certificate.cert });
  const [hello] = (await once(socket, "message")) as [Buffer];
  expect(hello.toString()).toBe("hello");
  const closed = once(socket, "close");
  socket.close();
  await closed;
});

it("forwards requests of an HTTP/2 application, and answers those that no route takes there", async () => {
  const url = await startHttp2();
  expect(await askHttp2(url, "/echo/x", "{}")).toMatchObject({ body: "POST /echo/x {}" });
  expect((await askHttp2(url, "/gone")).headers[":status"]).toBe(502);
  expect(await askHttp2(url, "/else")).toMatchObject({
    headers: { ":status": 404 },
    body: "app /else",
  });
});

it("lets headers of hooks out over HTTP/2 too, cookies of both", async () => {
  const { headers } = await askHttp2(await startHttp2(), "/headers");
  expect(headers).toMatchObject({ "x-from": "hook", "x-own": "instance" });
  expect(headers["set-cookie"]).toEqual(["a=1", "b=2", "c=3"]);
});
