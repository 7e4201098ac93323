import type { IncomingMessage } from "node:http";
import { PassThrough, Writable, type Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { gatewayPlugin } from "../src/index.js";
import { ask, listen, makeApp, options, seenBy, start, startEcho } from "./kit.js";

describe("routes", () => {
  it("of the gateway take what they match, those of the application keep winning", async () => {
    const app = makeApp();
    app.get("/orders/own", async () => "own");
    await app.register(gatewayPlugin, options([{ path: "/orders/*", to: await startEcho() }]));
    const url = await start(app);
    expect((await ask(`${url}/orders/7?a=1`)).body).toBe("GET /orders/7?a=1 ");
    expect((await ask(`${url}/orders/own`)).body).toBe("own");
    expect((await ask(`${url}/orders/own`, { method: "POST" })).body).toBe("POST /orders/own ");
  });

  it("see the URL that the application has made of it before its own", async () => {
    const rewriteUrl = ({ url = "" }: IncomingMessage): string => url.replace(/^\/v1\//, "/");
    const app = makeApp({ rewriteUrl });
    await app.register(gatewayPlugin, options([{ path: "/orders/*", to: await startEcho() }]));
    const url = await start(app);
    expect((await ask(`${url}/v1/orders/7?a=1`)).body).toBe("GET /orders/7?a=1 ");
    expect((await ask(`${url}/v1//orders/7`)).status).toBe(400);
  });

  it("of neither end at the not-found handler of the scope", async () => {
    const app = makeApp();
    app.setNotFoundHandler((request, reply) => reply.code(404).send(`app ${request.url}`));
    await app.register(gatewayPlugin, options([{ path: "/orders/*", to: "http://127.0.0.1:9" }]));
    const url = await start(app);
    expect(await ask(`${url}/else`)).toMatchObject({ status: 404, body: "app /else" });
  });

  it("of neither run preHandler hooks for both places, and leave the body as a stream", async () => {
    const app = makeApp();
    const ran: string[] = [];
    app.addHook("onRequest", async () => void ran.push("onRequest"));
    app.addHook("preHandler", async () => void ran.push("preHandler"));
    app.setNotFoundHandler(async (request, reply) =>
      reply.code(404).send(await text(request.body as Readable)),
    );
    await app.register(gatewayPlugin, options([{ path: "/orders/*", to: "http://127.0.0.1:9" }]));
    const headers = { "content-type": "application/json" };
    const sent = { method: "POST", headers, body: "{}" };
    expect(await ask(`${await start(app)}/else`, sent)).toMatchObject({ status: 404, body: "{}" });
    expect(ran).toEqual(["onRequest", "preHandler", "preHandler"]);
  });

  it("take paths longer than a parameter of Fastify may be", async () => {
    const app = makeApp();
    await app.register(gatewayPlugin, options([{ path: "/*", to: await startEcho() }]));
    const path = `/${"x".repeat(500)}`;
    expect((await ask(`${await start(app)}${path}`)).body).toBe(`GET ${path} `);
  });

  it("see the whole URL below a prefix, the prefix itself included", async () => {
    const app = makeApp();
    const echo = await startEcho();
    await app.register(gatewayPlugin, { ...options([{ path: "/*", to: echo }]), prefix: "/api" });
    const url = await start(app);
    expect((await ask(`${url}/api/orders/7`)).body).toBe("GET /api/orders/7 ");
    expect((await ask(`${url}/api`)).body).toBe("GET /api ");
    expect((await ask(`${url}/other`)).status).toBe(404);
  });

  it.each(["GET", "HEAD", "OPTIONS", "DELETE", "PATCH", "PROPFIND", "SEARCH", "PURGE"])(
    "take %s",
    async (method) => {
      const app = makeApp();
      await app.register(gatewayPlugin, options([{ path: "/*", to: await startEcho() }]));
      const { status, body } = await ask(`${await start(app)}/x`, { method });
      expect({ status, body }).toEqual({
        status: 200,
        body: method === "HEAD" ? "" : `${method} /x `,
      });
    },
  );
});

describe("bodies", () => {
  it.each<[string, Record<string, string>, string | Buffer]>([
    ["JSON as it came", { "content-type": "application/json" }, '{ "a" : 1e2 }'],
    ["JSON that is none", { "content-type": "application/json" }, "{"],
    ["a type that nobody knows", { "content-type": "application/x-own" }, "x"],
    ["none at all", {}, "x"],
    ["text", { "content-type": "text/plain" }, "grüße"],
    ["more than the application takes", { "content-type": "application/json" }, "x".repeat(100)],
  ])("stream through: %s", async (_what, headers, body) => {
    const app = makeApp({ bodyLimit: 10 });
    await app.register(gatewayPlugin, options([{ path: "/*", to: await startEcho() }]));
    const answer = await ask(await start(app), { method: "POST", headers, body });
    expect(answer).toMatchObject({ status: 200, body: `POST / ${String(body)}` });
    expect(seenBy(answer)["content-type"]).toBe(headers["content-type"]);
  });

  it("of no type at all are refused by Fastify itself", async () => {
    const app = makeApp();
    await app.register(gatewayPlugin, options([{ path: "/*", to: await startEcho() }]));
    const sent = { method: "POST", headers: { "content-type": "a;b;;" }, body: "x" };
    expect((await ask(await start(app), sent)).status).toBe(415);
  });

  it("that a hook has put another stream before are refused, and not cut", async () => {
    const app = makeApp();
    app.addHook("preParsing", async (_request, _reply, payload) => payload.pipe(new PassThrough()));
    await app.register(gatewayPlugin, options([{ path: "/*", to: await startEcho() }]));
    const sent = { method: "POST", headers: { "content-type": "text/plain" }, body: "x" };
    const { status, body } = await ask(await start(app), sent);
    expect({ status, code: (JSON.parse(body) as { code: string }).code }).toEqual({
      status: 500,
      code: "BODY_ALREADY_READ",
    });
  });

  it("of QUERY without a type are refused by Fastify itself", async () => {
    const app = makeApp();
    await app.register(gatewayPlugin, options([{ path: "/*", to: await startEcho() }]));
    expect((await ask(await start(app), { method: "QUERY" })).status).toBe(400);
  });

  it("of the routes of the application are parsed as before", async () => {
    const app = makeApp();
    app.post("/own", async ({ body }) => body);
    await app.register(gatewayPlugin, options([{ path: "/orders/*", to: "http://127.0.0.1:9" }]));
    const url = await start(app);
    const headers = { "content-type": "application/json" };
    expect((await ask(`${url}/own`, { method: "POST", headers, body: '{"a": 1}' })).body).toBe(
      '{"a":1}',
    );
  });
});

describe("hooks", () => {
  it("run around a forwarded request, but for those of the payload", async () => {
    const app = makeApp();
    const ran: string[] = [];
    const over = Promise.withResolvers<void>();
    app.addHook("onRequest", async () => void ran.push("onRequest"));
    app.addHook("preParsing", async () => void ran.push("preParsing"));
    app.addHook("preValidation", async () => void ran.push("preValidation"));
    app.addHook("preHandler", async () => void ran.push("preHandler"));
    app.addHook("onSend", async () => void ran.push("onSend"));
    app.addHook("onResponse", async () => {
      ran.push("onResponse");
      over.resolve();
    });
    await app.register(gatewayPlugin, options([{ path: "/*", to: await startEcho() }]));
    expect((await ask(await start(app))).status).toBe(200);
    await over.promise;
    expect(ran).toEqual(["onRequest", "preParsing", "preValidation", "preHandler", "onResponse"]);
  });

  it("may answer before the gateway is asked", async () => {
    const app = makeApp();
    app.addHook("onRequest", (_request, reply) => void reply.code(401).send("who?"));
    await app.register(gatewayPlugin, options([{ path: "/*", to: await startEcho() }]));
    expect(await ask(await start(app))).toMatchObject({ status: 401, body: "who?" });
  });

  it("set headers that go out with what instances answer, cookies of both", async () => {
    const { url: instance } = await listen((_req, res) =>
      res.writeHead(200, ["set-cookie", "a=1", "x-own", "instance"]).end(),
    );
    const app = makeApp();
    app.addHook("onRequest", async (_request, reply) => {
      reply.header("x-from", "hook").header("x-own", "hook").header("set-cookie", "b=2");
    });
    await app.register(gatewayPlugin, options([{ path: "/*", to: instance }]));
    const { headers } = await ask(await start(app));
    expect(headers).toMatchObject({ "x-from": "hook", "x-own": "instance" });
    expect(headers["set-cookie"]).toEqual(["a=1", "b=2"]);
  });

  it("see errors of the program, which the error handler of the scope answers", async () => {
    const app = makeApp();
    const seen: string[] = [];
    app.addHook("onError", async (_request, _reply, error) => void seen.push(error.message));
    app.setErrorHandler((error: Error, _request, reply) => reply.code(500).send(error.message));
    const policies = {
      broken: {
        onRequest: () => {
          throw new Error("my policy broke");
        },
      },
    };
    const routes = [{ path: "/*", to: "http://127.0.0.1:9", policies: ["broken"] }];
    await app.register(gatewayPlugin, options(routes, { policies }));
    expect(await ask(await start(app))).toMatchObject({ status: 500, body: "my policy broke" });
    expect(seen).toEqual(["my policy broke"]);
  });

  it("tell facts that routes look at", async () => {
    const app = makeApp();
    app.decorateRequest("tenant", "");
    app.addHook("onRequest", async (request) => {
      request.setDecorator("tenant", request.headers["x-tenant"]);
    });
    const routes = [{ match: { path: "/*", facts: { tenant: "t1" } }, respond: { status: 204 } }];
    const facts = (request: { getDecorator<T>(name: string): T }) => ({
      tenant: request.getDecorator<string>("tenant"),
    });
    await app.register(gatewayPlugin, options(routes, { facts }));
    const url = await start(app);
    expect((await ask(url, { headers: { "x-tenant": "t1" } })).status).toBe(204);
    expect((await ask(url, { headers: { "x-tenant": "t2" } })).status).toBe(404);
  });
});

describe("the host", () => {
  it.each<[string, boolean | string, string]>([
    ["nobody", false, "127.0.0.1"],
    ["its peer", "loopback", "6.6.6.6, 127.0.0.1"],
  ])("trusts %s, and so does the gateway", async (_who, trustProxy, forwarded) => {
    const app = makeApp({ trustProxy });
    await app.register(gatewayPlugin, options([{ path: "/*", to: await startEcho() }]));
    const { headers } = await ask(await start(app), { headers: { "x-forwarded-for": "6.6.6.6" } });
    expect(seenBy({ headers })["x-forwarded-for"]).toBe(forwarded);
  });

  it("logs what fails, with the logger of the request", async () => {
    const lines: { msg: string; level: number; reqId?: string; gateway?: object }[] = [];
    const stream = new Writable({
      write(line: Buffer, _encoding, done) {
        lines.push(JSON.parse(line.toString()) as (typeof lines)[number]);
        done();
      },
    });
    const app = makeApp({ logger: { stream } });
    await app.register(gatewayPlugin, options([{ id: "r", path: "/*", to: "http://127.0.0.1:9" }]));
    await ask(await start(app));
    expect(lines.filter(({ gateway }) => gateway !== undefined)).toEqual([
      expect.objectContaining({
        msg: "not forwarded",
        level: 40,
        reqId: "req-1",
        gateway: {
          ...{ status: 502, route: "r", side: "instance", stage: "connect", cause: "refused" },
          ...{
            service: "http://127.0.0.1:9",
            instance: "http://127.0.0.1:9",
            attempts: 2,
          },
        },
      }),
    ]);
  });

  it("stops what takes longer than its handlerTimeout", async () => {
    const { url: silent } = await listen(() => {});
    const app = makeApp({ handlerTimeout: 50 });
    const ended = Promise.withResolvers<number>();
    const onEnd = ({ status }: { status: number }): void => ended.resolve(status);
    await app.register(gatewayPlugin, options([{ path: "/*", to: silent }], { onEnd }));
    expect((await ask(await start(app))).status).toBe(503);
    expect(await ended.promise).toBe(503);
  });

  it("drains when it closes", async () => {
    const asked = Promise.withResolvers<() => void>();
    const { url: slow } = await listen((_req, res) => asked.resolve(() => res.end("late")));
    const app = makeApp();
    await app.register(gatewayPlugin, options([{ path: "/*", to: slow }], { graceMs: 5_000 }));
    const answer = ask(await start(app));
    const answerNow = await asked.promise;
    const closed = app.close();
    answerNow();
    expect((await answer).body).toBe("late");
    await closed;
  });

  it("refuses unsafe settings of its server when it is strict", async () => {
    const app = makeApp({ requestTimeout: 0 });
    const registered = app.register(gatewayPlugin, options([], { strict: true }));
    await expect(registered).rejects.toThrow("requestTimeout is 0");
  });
});

describe("inject", () => {
  it("works for what the gateway answers itself", async () => {
    const app = makeApp();
    const routes = [
      { path: "/hi", respond: { status: 200, body: "hi" } },
      { path: "/old", redirect: { path: { replace: "/new" } } },
    ];
    await app.register(gatewayPlugin, options(routes));
    expect(await app.inject("/hi")).toMatchObject({ statusCode: 200, payload: "hi" });
    const moved = await app.inject("/old");
    expect([moved.statusCode, moved.headers["location"]]).toEqual([302, "http://localhost/new"]);
    expect((await app.inject("/else")).statusCode).toBe(404);
  });

  it("works for what is forwarded, bodies and failures too", async () => {
    const app = makeApp();
    const routes = [
      { path: "/echo/*", to: await startEcho() },
      { path: "/gone", to: "http://127.0.0.1:9" },
    ];
    await app.register(gatewayPlugin, options(routes));
    const sent = { method: "POST" as const, url: "/echo/x", payload: { a: 1 } };
    expect((await app.inject(sent)).payload).toBe('POST /echo/x {"a":1}');
    expect((await app.inject("/gone")).statusCode).toBe(502);
  });
});
