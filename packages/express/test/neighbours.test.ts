import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { gunzipSync, createGunzip } from "node:zlib";
import compression from "compression";
import cookieParser from "cookie-parser";
import type { RequestHandler } from "express";
import session from "express-session";
import { describe, expect, it } from "vitest";
import { ask, listen, middlewareFor, startEcho, versions } from "./kit.js";

describe.each(versions)("beside other middleware of $name", ({ express }) => {
  it.each<[string, string, string]>([
    ["JSON", "application/json", '{"a":[1,"é"]}'],
    ["a form", "application/x-www-form-urlencoded", "a=1&b=x+y"],
    ["text", "text/plain", "grüße"],
    ["raw bytes", "application/octet-stream", "abc"],
  ])("sends %s on that a body parser has read", async (_what, type, body) => {
    const app = express();
    app.use(express.json(), express.urlencoded({ extended: true }), express.text(), express.raw());
    app.use(middlewareFor([{ path: "/*", to: await startEcho() }]));
    const { url } = await listen(app);
    const headers = { "content-type": type };
    expect((await ask(url, { method: "POST", headers, body })).body).toBe(`POST / ${body}`);
  });

  it("sends bytes on that a parser kept", async () => {
    const app = express();
    app.use(
      express.json({ verify: (req, _res, bytes) => void Object.assign(req, { rawBody: bytes }) }),
    );
    app.use(middlewareFor([{ path: "/*", to: await startEcho() }]));
    const { url } = await listen(app);
    const sent = {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: '{ "a" : 1e2 }',
    };
    expect((await ask(url, sent)).body).toBe('PUT / { "a" : 1e2 }');
  });

  it("answers 500 with how to mount it, when a parser has left too little", async () => {
    const app = express();
    app.set("env", "development");
    app.use(express.json());
    app.use(middlewareFor([{ path: "/*", to: await startEcho() }]));
    app.use(((
      error: Error,
      _req: unknown,
      res: { status(code: number): { send(text: string): void } },
      _next: unknown,
    ) => res.status(500).send(error.message)) as never);
    const { url } = await listen(app);
    const sent = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{ "a": 1 }',
    };
    const answer = await ask(url, sent);
    expect(answer.status).toBe(500);
    expect(answer.body).toContain("mount the gateway before what reads bodies");
  });

  it("leaves bodies to parsers that come behind it", async () => {
    const app = express();
    app.use(middlewareFor([{ path: "/orders", to: "http://127.0.0.1:9" }]));
    app.use(express.json(), ((req, res) => void res.json(req.body)) as RequestHandler);
    const { url } = await listen(app);
    const sent = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"a":1}',
    };
    expect((await ask(url, sent)).body).toBe('{"a":1}');
  });

  it("keeps the cookies of sessions and of instances, and what responses vary by", async () => {
    const { url: instance } = await listen((_req, res) => {
      res.writeHead(200, ["set-cookie", "a=1", "set-cookie", "b=2", "vary", "accept"]).end("hi");
    });
    const app = express();
    app.use(cookieParser("s"), session({ secret: "s", resave: false, saveUninitialized: true }));
    app.use(((_req, res, next) => {
      res.cookie("own", "3").vary("origin");
      next();
    }) as RequestHandler);
    app.use(middlewareFor([{ path: "/*", to: instance }]));
    const { url } = await listen(app);
    const { headers, body } = await ask(url);
    expect(body).toBe("hi");
    const names = headers["set-cookie"]?.map((line) => line.split("=")[0]);
    expect(names?.toSorted()).toEqual(["a", "b", "connect.sid", "own"]);
    expect(headers.vary?.split(/, ?/).toSorted()).toEqual(["accept", "origin"]);
  });

  it("lets compression pack what instances send, whole", async () => {
    const large = "0123456789".repeat(200_000);
    const { url: instance } = await listen((_req, res) => {
      res.writeHead(200, { "content-type": "text/plain" });
      res.end(large);
    });
    const app = express();
    app.use(compression(), middlewareFor([{ path: "/*", to: instance }]));
    const { url } = await listen(app);
    const req = request(url, { headers: { "accept-encoding": "gzip" }, agent: false }).end();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    expect(res.headers["content-encoding"]).toBe("gzip");
    expect(await text(res.pipe(createGunzip()))).toBe(large);
  });

  it("lets no event wait in compression", async () => {
    const more = Promise.withResolvers<() => void>();
    const { url: instance } = await listen((_req, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write("data: 1\n\n");
      more.resolve(() => res.end("data: 2\n\n"));
    });
    const app = express();
    app.use(compression(), middlewareFor([{ path: "/*", to: instance }]));
    const { url } = await listen(app);
    const req = request(url, { headers: { "accept-encoding": "gzip" }, agent: false }).end();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    const events = res.pipe(createGunzip());
    const [first] = (await once(events, "data")) as [Buffer];
    expect(first.toString()).toBe("data: 1\n\n");
    (await more.promise)();
    expect(await text(events)).toBe("data: 2\n\n");
  });

  it("packs small answers in one piece too", async () => {
    const app = express();
    const body = "x".repeat(3_000);
    app.use(
      compression(),
      middlewareFor([
        { path: "/*", respond: { status: 200, headers: { "content-type": "text/plain" }, body } },
      ]),
    );
    const { url } = await listen(app);
    const req = request(url, { headers: { "accept-encoding": "gzip" }, agent: false }).end();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    const parts = (await res.toArray()) as Buffer[];
    expect(gunzipSync(Buffer.concat(parts)).toString()).toBe(body);
  });
});
