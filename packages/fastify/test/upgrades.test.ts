import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { expect, it } from "vitest";
import WebSocket from "ws";
import { gatewayPlugin } from "../src/index.js";
import {
  makeApp,
  options,
  refuse,
  start,
  startChat,
  startEcho,
  startRefusing,
  upgrade,
} from "./kit.js";

it("come by themselves, and other listeners get what no route takes", async () => {
  const app = makeApp();
  refuse(app.server, 418);
  await app.register(gatewayPlugin, options([{ path: "/chat", to: await startRefusing(403) }]));
  const url = await start(app);
  expect((await upgrade(`${url}/chat`)).status).toBe(403);
  expect((await upgrade(`${url}/else`)).status).toBe(418);
  await app.close();
  expect(app.server.listenerCount("upgrade")).toBe(1);
});

it("open once the hooks are through, also those that wait", async () => {
  const app = makeApp();
  app.addHook("onRequest", (_request, _reply, done) => setImmediate(done));
  await app.register(gatewayPlugin, options([{ path: "/chat/*", to: await startChat() }]));
  const socket = new WebSocket(`${(await start(app)).replace("http", "ws")}/chat/7?a=1`);
  const [first] = (await once(socket, "message")) as [Buffer];
  expect(first.toString()).toBe("/chat/7?a=1 127.0.0.1");
  const told = once(socket, "message") as Promise<[Buffer]>;
  socket.send("x".repeat(100_000));
  expect((await told)[0]).toHaveLength(100_000);
  const closed = once(socket, "close");
  socket.close(1000);
  expect((await closed)[0]).toBe(1000);
});

it("are guarded by the hooks that guard requests", async () => {
  const app = makeApp();
  app.addHook("onRequest", async (_request, reply) => reply.code(401).send("who?"));
  await app.register(gatewayPlugin, options([{ path: "/orders/*", to: await startEcho() }]));
  expect(await upgrade(`${await start(app)}/orders/7`)).toEqual({ status: 401, body: "who?" });
});

it("get large answers of hooks whole", async () => {
  const app = makeApp();
  app.addHook("preHandler", async (_request, reply) => reply.send("x".repeat(5_000_000)));
  await app.register(gatewayPlugin, options([{ path: "/*", to: await startEcho() }]));
  expect((await upgrade(await start(app))).body).toHaveLength(5_000_000);
});

it("of clients that left while a hook waited come to nothing", async () => {
  const asked = Promise.withResolvers<IncomingMessage>();
  const goOn = Promise.withResolvers<void>();
  const app = makeApp();
  app.addHook("onRequest", async ({ raw }) => {
    asked.resolve(raw);
    await goOn.promise;
  });
  const ran = Promise.withResolvers<void>();
  app.addHook("preHandler", async () => ran.resolve());
  await app.register(gatewayPlugin, options([{ path: "/chat", to: await startChat() }]));
  const socket = new WebSocket(`${(await start(app)).replace("http", "ws")}/chat`);
  socket.on("error", () => {});
  const raw = await asked.promise;
  const gone = new Promise((resolve) => raw.socket.once("close", resolve));
  raw.socket.destroy(new Error("broken"));
  goOn.resolve();
  await Promise.all([ran.promise, gone]);
});

it("at a route of the application are ordinary requests to it", async () => {
  const app = makeApp();
  app.get("/orders/own", async () => "own");
  await app.register(gatewayPlugin, options([{ path: "/orders/*", to: await startRefusing(403) }]));
  const url = await start(app);
  expect(await upgrade(`${url}/orders/own`)).toEqual({ status: 200, body: "own" });
  expect((await upgrade(`${url}/orders/7`)).status).toBe(403);
});

it("tell facts and whom the host trusts", async () => {
  const app = makeApp({ trustProxy: "loopback" });
  const config = {
    services: {
      chat: {
        instances: [
          { url: await startRefusing(403), version: "v1" },
          { url: await startRefusing(405), version: "v2" },
        ],
      },
    },
    routes: [
      {
        match: { path: "/chat" },
        to: { service: "chat", split: { v1: 50, v2: 50 }, sticky: { fact: "tenant" } },
      },
    ],
  };
  const views: unknown[] = [];
  const onEnd = ({ view }: { view: { facts?: unknown; trustedHops?: unknown } }): void =>
    void views.push([view.facts, view.trustedHops]);
  const facts = (): { tenant: string } => ({ tenant: "t1" });
  await app.register(gatewayPlugin, options(config, { facts, onEnd }));
  const url = await start(app);
  const headers = { "x-forwarded-for": "203.0.113.9" };
  const { status } = await upgrade(`${url}/chat`, headers);
  expect((await upgrade(`${url}/chat`, headers)).status).toBe(status);
  expect(views[0]).toEqual([{ tenant: "t1" }, 1]);
});

it("keep to the prefix of their mount", async () => {
  const app = makeApp();
  refuse(app.server, 418);
  const routes = [{ path: "/*", to: await startRefusing(403) }];
  await app.register(gatewayPlugin, { ...options(routes), prefix: "/api" });
  const url = await start(app);
  const statuses: number[] = [];
  for (const path of ["/api", "/api/x", "/api?a=1", "/apis", "/else"])
    statuses.push((await upgrade(url + path)).status);
  expect(statuses).toEqual([403, 403, 403, 418, 418]);
});

it("come below a prefix that ends with a slash too", async () => {
  const app = makeApp();
  refuse(app.server, 418);
  const routes = [{ path: "/*", to: await startRefusing(403) }];
  await app.register(gatewayPlugin, { ...options(routes), prefix: "/api/" });
  const url = await start(app);
  const statuses: number[] = [];
  for (const path of ["/api/", "/api/x", "/api", "/apis"])
    statuses.push((await upgrade(url + path)).status);
  expect(statuses).toEqual([403, 403, 418, 418]);
});

it("without other listeners end at the not-found handler outside the prefix", async () => {
  const app = makeApp();
  app.setNotFoundHandler((request, reply) => reply.code(404).send(`app ${request.url}`));
  const routes = [{ path: "/*", to: await startRefusing(403) }];
  await app.register(gatewayPlugin, { ...options(routes), prefix: "/:tenant/api" });
  const url = await start(app);
  expect((await upgrade(`${url}/t1/api/x`)).status).toBe(403);
  expect(await upgrade(`${url}/else`)).toEqual({ status: 404, body: "app /else" });
});

it("find their mount among several, which all come off", async () => {
  const app = makeApp();
  refuse(app.server, 418);
  for (const [prefix, status] of [
    ["/a", 403],
    ["", 405],
    ["/b", 409],
  ] as const)
    await app.register(gatewayPlugin, {
      ...options([{ path: "/*", to: await startRefusing(status) }]),
      prefix,
    });
  const before = app.server.rawListeners("upgrade");
  const url = await start(app);
  const statuses: number[] = [];
  for (const path of ["/a/x", "/b/x", "/c"]) statuses.push((await upgrade(url + path)).status);
  expect(statuses).toEqual([403, 409, 405]);
  await app.close();
  expect(app.server.rawListeners("upgrade")).toEqual(before);
});

it("belong to the gateway by the URL that came, and are routed by what rewriteUrl makes of it", async () => {
  const rewriteUrl = ({ url = "" }: IncomingMessage): string => url.replace(/^\/v1\//, "/");
  const app = makeApp({ rewriteUrl });
  const seen: string[] = [];
  app.addHook("onRequest", async ({ url }) => void seen.push(url));
  const routes = [
    { path: "/v1/chat", respond: { status: 405 } },
    { path: "/chat", to: await startRefusing(403) },
    { path: "/news", to: await startRefusing(403) },
  ];
  await app.register(gatewayPlugin, options(routes));
  refuse(app.server, 418);
  const url = await start(app);
  const statuses: number[] = [];
  for (const path of ["/chat", "/v1/chat", "/v1/news"])
    statuses.push((await upgrade(url + path)).status);
  expect(statuses).toEqual([403, 403, 418]);
  expect(seen).toEqual(["/chat", "/chat"]);
});
