import type { ExchangeEnd } from "@signalbox/proxy";
import type { RequestHandler } from "express";
import { describe, expect, it } from "vitest";
import {
  listen,
  middlewareFor,
  OTHER_FORMS,
  startChat,
  startEcho,
  statusOf,
  versions,
} from "./kit.js";

const guard: RequestHandler = (_req, res) => void res.status(401).send("who?");

describe.each(versions)("a guard by path in $name", ({ express }) => {
  it("holds for every form of the path that the gateway would forward", async () => {
    const middleware = middlewareFor([{ path: "/admin/*", to: await startEcho() }]);
    const app = express().use("/admin", guard).use(middleware);
    const { url } = await listen(app);
    for (const target of ["/admin/x", "/ADMIN/x", "http://h/admin/x"])
      expect.soft([target, await statusOf(url, target)]).toEqual([target, 401]);
    for (const target of OTHER_FORMS)
      expect.soft([target, await statusOf(url, target)]).toEqual([target, 400]);
  });

  it("holds for websockets", async () => {
    const middleware = middlewareFor([{ path: "/admin/*", to: await startChat() }]);
    const { url, server } = await listen(express().use("/admin", guard).use(middleware));
    server.on("upgrade", middleware.upgrade);
    expect(await statusOf(url, "/admin/x", "upgrade")).toBe(401);
    for (const target of OTHER_FORMS)
      expect.soft([target, await statusOf(url, target, "upgrade")]).toEqual([target, 400]);
  });

  it("holds where policies look at the request", async () => {
    const to = await startChat();
    const middleware = middlewareFor([{ path: "/admin/*", to, policies: ["look"] }], {
      policies: { look: { onRequest: async () => undefined } },
    });
    const { url, server } = await listen(express().use("/admin", guard).use(middleware));
    server.on("upgrade", middleware.upgrade);
    expect(await statusOf(url, "//admin/x")).toBe(400);
    expect(await statusOf(url, "//admin/x", "upgrade")).toBe(400);
  });

  it("is not needed where a mount confines the gateway", async () => {
    const to = await startEcho();
    const middleware = middlewareFor([
      { path: "/admin/*", to },
      { path: "/public/*", to },
    ]);
    const { url } = await listen(express().use("/public", middleware));
    expect(await statusOf(url, "/public/x")).toBe(200);
    for (const target of ["/public/../admin/x", "/public/%2e%2e/admin/x", "/public/..//admin/x"])
      expect.soft([target, await statusOf(url, target)]).toEqual([target, 400]);
  });

  it("is told why a request was refused", async () => {
    const ended = Promise.withResolvers<ExchangeEnd>();
    const middleware = middlewareFor([{ path: "/*", to: "http://127.0.0.1:9" }], {
      onEnd: ended.resolve,
    });
    const { url } = await listen(express().use(middleware));
    expect(await statusOf(url, "//x")).toBe(400);
    expect((await ended.promise).decision).toMatchObject({
      kind: "reject",
      reason: "bad-request",
      detail:
        "the path is not in its canonical form, so what the application guards by path may have missed it; " +
        'otherPaths: "forward" lets it through',
    });
  });

  it("leaves what no route takes to the application, and the rest of the URL as it is", async () => {
    const middleware = middlewareFor([{ path: "/api/*", to: await startEcho() }]);
    const app = express().use(
      middleware,
      ((_req, res) => void res.status(203).end()) as RequestHandler,
    );
    const { url } = await listen(app);
    expect(await statusOf(url, "//else/../x")).toBe(203);
    for (const target of ["/api/a?b=//../%61", "/api/caf%C3%A9", "/api/a%2Fb", "/api/a*b"])
      expect.soft([target, await statusOf(url, target)]).toEqual([target, 200]);
  });

  it("does not see other forms where the gateway is told to forward them", async () => {
    const middleware = middlewareFor([{ path: "/admin/*", to: await startEcho() }], {
      otherPaths: "forward",
    });
    const { url } = await listen(express().use("/admin", guard).use(middleware));
    for (const target of OTHER_FORMS)
      expect.soft([target, await statusOf(url, target)]).toEqual([target, 200]);
  });

  it("and the gateway agree on runs of slashes that are kept", async () => {
    const middleware = middlewareFor({
      path: { mergeSlashes: false },
      services: { echo: { instances: [await startEcho()] } },
      routes: [{ match: { path: "/files/*" }, to: "echo" }],
    });
    const { url } = await listen(express().use(middleware));
    expect(await statusOf(url, "/files//x")).toBe(200);
    expect(await statusOf(url, "/files/%61")).toBe(400);
    expect(await statusOf(url, "//files/x")).toBe(404);
  });
});
