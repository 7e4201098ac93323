import type { ErrorRequestHandler, RequestHandler } from "express";
import { describe, expect, it } from "vitest";
import { ask, listen, middlewareFor, seenBy, startEcho, versions } from "./kit.js";

const telling: ErrorRequestHandler = (error: Error, _req, res, _next) => {
  res.status(500).send(`handler: ${error.message}`);
};

describe.each(versions)("the middleware in $name", ({ express }) => {
  it("takes what a route takes, and next gets the rest", async () => {
    const app = express();
    app.use(middlewareFor([{ path: "/orders/*", to: await startEcho() }]));
    app.use(((req, res) => void res.send(`app ${req.url}`)) as RequestHandler);
    const { url } = await listen(app);
    expect((await ask(`${url}/orders/7?a=1`)).body).toBe("GET /orders/7?a=1 ");
    expect((await ask(`${url}/about`)).body).toBe("app /about");
  });

  it("sees the whole URL under a mount, and gives the mount back to what comes next", async () => {
    const app = express();
    app.use("/api", middlewareFor([{ path: "/api/orders/*", to: await startEcho() }]));
    app.use(
      "/api",
      ((req, res) => void res.send(`app ${req.baseUrl} ${req.url}`)) as RequestHandler,
    );
    const { url } = await listen(app);
    expect((await ask(`${url}/api/orders/7`)).body).toBe("GET /api/orders/7 ");
    expect((await ask(`${url}/api/else`)).body).toBe("app /api /else");
  });

  it("answers instances that fail, whatever the error handlers are", async () => {
    const app = express();
    app.use(middlewareFor([{ path: "/*", to: "http://127.0.0.1:9" }]));
    app.use(telling);
    const { url } = await listen(app);
    expect(await ask(url)).toMatchObject({ status: 502, body: "502 Bad Gateway\n" });
  });

  it("hands what is wrong with the program to the error handlers", async () => {
    const app = express();
    const policies = {
      broken: {
        onRequest: () => {
          throw new Error("my policy broke");
        },
      },
    };
    app.use(
      middlewareFor([{ path: "/*", to: "http://127.0.0.1:9", policies: ["broken"] }], { policies }),
    );
    app.use(telling);
    const { url } = await listen(app);
    expect(await ask(url)).toMatchObject({ status: 500, body: "handler: my policy broke" });
  });

  it("hands what its facts throw to the error handlers", async () => {
    const app = express();
    const facts = () => {
      throw new Error("no user");
    };
    app.use(middlewareFor([{ path: "/*", respond: { status: 204 } }], { facts }));
    app.use(telling);
    const { url } = await listen(app);
    expect((await ask(url)).body).toBe("handler: no user");
  });

  it("takes no facts that come later: no condition would hold, and a rejection would end the process", async () => {
    const app = express();
    const facts = async () => {
      throw new Error("no user");
    };
    app.use(middlewareFor([{ path: "/*", respond: { status: 204 } }], { facts: facts as never }));
    app.use(telling);
    const { url } = await listen(app);
    expect((await ask(url)).body).toBe(
      "handler: facts must be an object, got a Promise; wait for it in middleware before the gateway",
    );
  });

  it("routes on what earlier middleware learnt", async () => {
    const app = express();
    app.use(((req, res, next) => {
      res.locals["tenant"] = req.headers["x-tenant"];
      next();
    }) as RequestHandler);
    const middleware = middlewareFor(
      [{ match: { path: "/*", facts: { tenant: "t1" } }, respond: { status: 200, body: "t1" } }],
      { facts: (_req, res) => (res as unknown as { locals: Record<string, string> }).locals },
    );
    app.use(middleware);
    const { url } = await listen(app);
    expect((await ask(url, { headers: { "x-tenant": "t1" } })).body).toBe("t1");
    expect((await ask(url, { headers: { "x-tenant": "t2" } })).status).toBe(404);
  });

  it.each([
    ["nobody", false, "127.0.0.1", "127.0.0.1"],
    ["the peer", "loopback", "6.6.6.6, 127.0.0.1", "6.6.6.6"],
    ["two hops", 2, "7.7.7.7, 6.6.6.6, 127.0.0.1", "7.7.7.7"],
  ])("trusts %s, as the application does", async (_who, setting, sent, client) => {
    const app = express();
    app.set("trust proxy", setting);
    app.use(((req, _res, next) => {
      req.headers["x-ip"] = req.ip;
      next();
    }) as RequestHandler);
    const splits = middlewareFor([
      {
        match: { path: "/who", clientAddress: [`${client}/32`] },
        respond: { status: 200, body: "him" },
      },
      { path: "/*", to: await startEcho() },
    ]);
    app.use(splits);
    const { url } = await listen(app);
    const before = sent.split(", ").slice(0, -1).join(", ");
    const headers: Record<string, string> =
      before === "" ? { "x-forwarded-for": "6.6.6.6" } : { "x-forwarded-for": before };
    expect(seenBy(await ask(url, { headers }))["x-forwarded-for"]).toBe(sent);
    expect((await ask(`${url}/who`, { headers })).body).toBe("him");
  });

  it("leaves trust to the gateway where the application has no setting", async () => {
    const app = express();
    app.use(
      middlewareFor({
        trustedProxies: ["127.0.0.1"],
        services: { echo: { instances: [await startEcho()] } },
        routes: [{ match: { path: "/*" }, to: "echo" }],
      }),
    );
    const { url } = await listen(app);
    const answer = await ask(url, { headers: { "x-forwarded-for": "6.6.6.6" } });
    expect(seenBy(answer)["x-forwarded-for"]).toBe("6.6.6.6, 127.0.0.1");
  });

  it("looks at the settings of the server once, and refuses unsafe ones when it is strict", async () => {
    const app = express();
    const warnings: string[] = [];
    app.use("/warn", middlewareFor([], { warn: (message) => warnings.push(message) }));
    app.use("/strict", middlewareFor([], { strict: true }));
    app.use(telling);
    const { url, server } = await listen(app);
    server.requestTimeout = 0;
    await ask(`${url}/warn`);
    await ask(`${url}/warn`);
    expect(warnings).toEqual([expect.stringContaining("requestTimeout is 0")]);
    expect((await ask(`${url}/strict`)).body).toContain("requestTimeout is 0");
  });

  it("closes when requests under way have ended", async () => {
    const asked = Promise.withResolvers<() => void>();
    const { url: slow } = await listen((_req, res) => asked.resolve(() => res.end("late")));
    const app = express();
    const middleware = middlewareFor([{ path: "/*", to: slow }]);
    app.use(middleware);
    const { url } = await listen(app);
    const answer = ask(url);
    const answerNow = await asked.promise;
    const closed = middleware.close({ graceMs: 5_000 });
    answerNow();
    expect((await answer).body).toBe("late");
    await closed;
    expect((await ask(url)).status).toBe(503);
  });
});
