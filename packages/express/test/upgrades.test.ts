import { once } from "node:events";
import { connect } from "node:net";
import type { IncomingMessage } from "node:http";
import type { Request, RequestHandler, Response } from "express";
import { describe, expect, it } from "vitest";
import WebSocket from "ws";
import {
  ask,
  listen,
  middlewareFor,
  startChat,
  startEcho,
  startRefusing,
  upgrade,
  versions,
} from "./kit.js";

const slow: RequestHandler = (_req, _res, next) => void setImmediate(next);

describe.each(versions)("upgrades in $name", ({ express }) => {
  it("need no first request, and what no route takes gets 404", async () => {
    const middleware = middlewareFor([{ path: "/chat", to: await startRefusing(403) }]);
    const { url, server } = await listen(express().use(middleware));
    server.on("upgrade", middleware.upgrade);
    expect((await upgrade(`${url}/chat`)).status).toBe(403);
    expect((await upgrade(`${url}/else`)).status).toBe(404);
  });

  it("leave other protocols, and what other listeners take, to them", async () => {
    const middleware = middlewareFor([{ path: "/chat", to: "http://127.0.0.1:9" }]);
    const app = express().use(middleware, ((_req, res) => void res.send("app")) as RequestHandler);
    const { url, server } = await listen(app);
    server.on("upgrade", middleware.upgrade);
    expect(await upgrade(`${url}/else`, { upgrade: "h2c" })).toEqual({ status: 200, body: "app" });
    server.on("upgrade", (_req, socket) =>
      socket.end("HTTP/1.1 418 I'm a teapot\r\ncontent-length: 0\r\n\r\n"),
    );
    expect((await upgrade(`${url}/else`)).status).toBe(418);
  });

  it("open once the middleware before is through, also such that waits", async () => {
    const middleware = middlewareFor([{ path: "/api/chat/*", to: await startChat() }]);
    const { url, server } = await listen(express().use(slow).use("/api", slow, middleware));
    server.on("upgrade", middleware.upgrade);
    const socket = new WebSocket(`${url.replace("http", "ws")}/api/chat/7?a=1`);
    const [first] = (await once(socket, "message")) as [Buffer];
    expect(first.toString()).toBe("/api/chat/7?a=1 127.0.0.1");
    const told = once(socket, "message") as Promise<[Buffer]>;
    socket.send("x".repeat(100_000));
    expect((await told)[0]).toHaveLength(100_000);
    const closed = once(socket, "close");
    socket.close(1000);
    expect((await closed)[0]).toBe(1000);
  });

  it("are guarded by the middleware that guards requests", async () => {
    const middleware = middlewareFor([{ path: "/chat", to: await startChat() }]);
    const guard: RequestHandler = (_req, res) => void res.status(401).send("who?");
    const { url, server } = await listen(express().use(guard, middleware));
    server.on("upgrade", middleware.upgrade);
    expect(await upgrade(`${url}/chat`)).toEqual({ status: 401, body: "who?" });
  });

  it("get large answers of the application whole", async () => {
    const middleware = middlewareFor([{ path: "/*", to: await startEcho() }]);
    const answers: RequestHandler = (_req, res) => void res.send("x".repeat(5_000_000));
    const { url, server } = await listen(express().use(answers, middleware));
    server.on("upgrade", middleware.upgrade);
    expect((await upgrade(url)).body).toHaveLength(5_000_000);
  });

  it("get what error handlers make of middleware that fails", async () => {
    const middleware = middlewareFor([{ path: "/*", to: await startEcho() }]);
    const fails: RequestHandler = (_req, _res, next) => next(new Error("no session"));
    const app = express().use(fails, middleware);
    app.use((error: Error, _req: Request, res: Response, _next: unknown) => {
      res.status(500).send(error.message);
    });
    const { url, server } = await listen(app);
    server.on("upgrade", middleware.upgrade);
    expect(await upgrade(url)).toEqual({ status: 500, body: "no session" });
  });

  it("of clients that left while middleware waited come to nothing", async () => {
    const asked = Promise.withResolvers<IncomingMessage>();
    const goOn = Promise.withResolvers<void>();
    const middleware = middlewareFor([{ path: "/chat", to: await startChat() }]);
    const waits: RequestHandler = (req, _res, next) => {
      asked.resolve(req);
      void goOn.promise.then(() => next());
    };
    const ran = Promise.withResolvers<void>();
    const last: RequestHandler = (_req, _res, next) => {
      ran.resolve();
      next();
    };
    const { url, server } = await listen(express().use(waits, last, middleware));
    server.on("upgrade", middleware.upgrade);
    const socket = new WebSocket(`${url.replace("http", "ws")}/chat`);
    socket.on("error", () => {});
    const { socket: raw } = await asked.promise;
    const gone = new Promise((resolve) => raw.once("close", resolve));
    raw.destroy(new Error("broken"));
    goOn.resolve();
    await Promise.all([ran.promise, gone]);
    expect(middleware.proxy.counts.upgrades).toBe(0);
  });

  it("tell facts and whom the application trusts", async () => {
    const routes = [
      { match: { path: "/chat", facts: { tenant: "acme" } }, to: await startChat() },
      { path: "/chat", to: await startRefusing(403) },
    ];
    const middleware = middlewareFor(routes, {
      facts: (_req, res) => ({ tenant: String((res as Response).locals["tenant"]) }),
    });
    const learns: RequestHandler = (req, res, next) => {
      res.locals["tenant"] = req.headers["x-tenant"];
      next();
    };
    const app = express().set("trust proxy", true).use(learns, middleware);
    const { url, server } = await listen(app);
    server.on("upgrade", middleware.upgrade);
    expect((await upgrade(`${url}/chat`, { "x-tenant": "else" })).status).toBe(403);
    const headers = { "x-tenant": "acme", "x-forwarded-for": "203.0.113.9" };
    const socket = new WebSocket(`${url.replace("http", "ws")}/chat`, { headers });
    const [first] = (await once(socket, "message")) as [Buffer];
    expect(first.toString()).toBe("/chat 203.0.113.9, 127.0.0.1");
    socket.terminate();
  });

  it("that a policy leaves without a route are ordinary requests further on", async () => {
    const middleware = middlewareFor(
      { policies: ["look"], routes: [{ match: { path: "/chat" }, to: "http://127.0.0.1:9" }] },
      { policies: { look: { onRequest: async () => undefined } } },
    );
    const app = express().use(middleware, ((_req, res) => void res.send("app")) as RequestHandler);
    const { url, server } = await listen(app);
    server.on("upgrade", middleware.upgrade);
    expect(await upgrade(`${url}/else`)).toEqual({ status: 200, body: "app" });
  });

  it("find the one of two gateways that has a route for them, or the application", async () => {
    const one = middlewareFor([{ path: "/one", to: await startRefusing(403) }]);
    const two = middlewareFor([{ path: "/two", to: await startRefusing(405) }]);
    let requests = 0;
    const counts: RequestHandler = (_req, _res, next) => {
      requests++;
      next();
    };
    const { url, server } = await listen(express().use(counts, one, two));
    server.on("upgrade", one.upgrade).on("upgrade", two.upgrade);
    expect((await upgrade(`${url}/one`)).status).toBe(403);
    expect((await upgrade(`${url}/two`)).status).toBe(405);
    expect((await upgrade(`${url}/three`)).status).toBe(404);
    expect(requests).toBe(3);
  });

  it("find the second of two gateways beside another listener too", async () => {
    const one = middlewareFor([{ path: "/one", to: await startRefusing(403) }]);
    const two = middlewareFor([{ path: "/two", to: await startRefusing(405) }]);
    const { url, server } = await listen(express().use(one, two));
    server.on("upgrade", one.upgrade).on("upgrade", two.upgrade);
    server.on("upgrade", (req, socket) => {
      if (req.url === "/theirs") socket.end("HTTP/1.1 418 No\r\ncontent-length: 0\r\n\r\n");
    });
    expect((await upgrade(`${url}/one`)).status).toBe(403);
    expect((await upgrade(`${url}/two`)).status).toBe(405);
    expect((await upgrade(`${url}/theirs`)).status).toBe(418);
  });

  it("that middleware has answered go nowhere, although it goes on", async () => {
    let asked = 0;
    const { url: instance, server: chat } = await listen();
    chat.on("upgrade", (_req, socket) => {
      asked++;
      socket.destroy();
    });
    const middleware = middlewareFor([{ path: "/chat", to: instance }]);
    const forgets: RequestHandler = (_req, res, next) => {
      res.status(401).send("who?");
      next();
    };
    const { url, server } = await listen(express().use(forgets, middleware));
    server.on("upgrade", middleware.upgrade);
    expect(await upgrade(`${url}/chat`)).toEqual({ status: 401, body: "who?" });
    expect(asked).toBe(0);
    expect(middleware.proxy.counts.upgrades).toBe(0);
  });

  it("that a client gives up while the application waits are noticed there", async () => {
    const waiting = Promise.withResolvers<Response>();
    const app = express().use(middlewareFor([]), ((_req, res) => {
      waiting.resolve(res);
    }) as RequestHandler);
    const { url, server } = await listen(app);
    const middleware = middlewareFor([]);
    server.on("upgrade", middleware.upgrade);
    const { hostname, port } = new URL(url);
    const client = connect(Number(port), hostname);
    client.write(
      "GET /poll HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly",
    );
    const res = await waiting.promise;
    const closed = once(res, "close");
    client.end();
    await closed;
  });

  it("to another protocol keep their bodies, at the gateway and in the application", async () => {
    const middleware = middlewareFor([{ path: "/orders", to: await startEcho() }]);
    const app = express().use(middleware, express.text(), ((req, res) => {
      res.send(`app ${req.body as string}`);
    }) as RequestHandler);
    const { url, server } = await listen(app);
    server.on("upgrade", middleware.upgrade);
    const headers = {
      ...{ connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABk" },
      ...{ "content-type": "text/plain", "content-length": "9" },
    };
    const question = { method: "POST", headers, body: "important" };
    expect((await ask(`${url}/orders`, question)).body).toBe("POST /orders important");
    expect((await ask(`${url}/own`, question)).body).toBe("app important");
  });

  it("get the headers of middleware with what the gateway answers, and errors go to error handlers", async () => {
    const middleware = middlewareFor({
      routes: [
        { match: { path: "/own" }, respond: { status: 403, body: "no" } },
        { match: { path: "/broken" }, respond: { status: 200 }, policies: ["missing"] },
      ],
    });
    const app = express().use((_req, res, next) => {
      res.setHeader("x-from", "middleware");
      next();
    }, middleware);
    app.use((error: Error, _req: Request, res: Response, _next: unknown) => {
      res.status(500).send(error.message);
    });
    const { url, server } = await listen(app);
    server.on("upgrade", middleware.upgrade);
    const headers = { connection: "Upgrade", upgrade: "websocket" };
    const answer = await ask(`${url}/own`, { headers });
    expect(answer).toMatchObject({ status: 403, body: "no", headers: { "x-from": "middleware" } });
    expect(await upgrade(`${url}/broken`)).toEqual({
      status: 500,
      body: 'no policy is called "missing"',
    });
  });
});
