import { request } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { handlerRig, unheard, type Handler, type HandlerMount } from "./handler-kit.js";
import { inFlight, open, send, until } from "./kit.js";

const mount = handlerRig();

const echo: Handler = async (req, res) => {
  res.setHeader("X-Seen", JSON.stringify(req.headers));
  res.end(`${String(req.method)} ${String(req.url)} ${await text(req)}`);
};

describe("a request", () => {
  it("is answered by the function, body and all, and reported once", async () => {
    const { url, gateway, ended, outcomes } = await mount(echo);
    expect(await send(url, "/a?b=c", { method: "POST", body: "data" })).toMatchObject({
      status: 200,
      body: "POST /a?b=c data",
      headers: { "content-length": "16" },
    });
    expect(await ended()).toMatchObject({
      status: 200,
      isComplete: true,
      attempts: 1,
      decision: { kind: "forward", route: "all", instance: { id: "handler" } },
    });
    expect(outcomes).toMatchObject([{ kind: "response", status: 200 }]);
    expect(inFlight(gateway)).toBe(0);
  });

  it("has the path that the route makes of it; originalUrl stays", async () => {
    const seen: (string | undefined)[] = [];
    const handler: Handler = (req, res) => {
      seen.push(req.url, req.originalUrl);
      res.end();
    };
    const route = { match: { path: "/shop/*" }, rewrite: { path: { replacePrefix: "/v2" } } };
    const before: HandlerMount["before"] = (req) => {
      req.originalUrl = req.url as string;
    };
    const { url } = await mount(handler, { route, before });
    await send(url, "/shop/cart?x=1");
    expect(seen).toEqual(["/v2/cart?x=1", "/shop/cart?x=1"]);
  });

  it("has the canonical path, so that all who look see the same", async () => {
    const { url } = await mount(echo);
    expect((await send(url, "//a/./b/%7ec")).body).toBe("GET /a/b/~c ");
  });

  it.each([
    ["/api/x?y", "/x?y"],
    ["/api", "/"],
    ["/api?y", "/?y"],
  ])("under a mount %s stays %s", async (path, inner) => {
    const before: HandlerMount["before"] = (req) => {
      Object.assign(req, { originalUrl: req.url, baseUrl: "/api", url: inner });
    };
    const { url } = await mount(echo, { before });
    expect((await send(url, path)).body).toBe(`GET ${inner} `);
  });

  it("has the headers that the route changes, in the record and in the raw list", async () => {
    const handler: Handler = (req, res) =>
      res.end(
        JSON.stringify([
          req.headers["x-a"],
          req.headers["x-b"],
          req.headers["x-c"],
          req.rawHeaders,
        ]),
      );
    const requestHeaders = { set: { "x-a": "new" }, add: { "x-b": "more" }, remove: ["x-c"] };
    const rewrite = { host: "inner.shop.com" };
    const { url } = await mount(handler, { route: { requestHeaders, rewrite } });
    const headers = { "X-A": "old", "X-B": "some", "X-C": "gone", connection: "close" };
    const [a, b, c, raw] = JSON.parse((await send(url, "/", { headers })).body) as unknown[];
    expect([a, b, c]).toEqual(["new", "some,more", null]);
    expect(raw).toEqual([
      ...["host", "inner.shop.com", "X-B", "some,more", "connection", "close", "x-a", "new"],
    ]);
  });

  it("waits for leave to send its body, and gets it", async () => {
    const { url } = await mount(echo, { awaitsContinue: true });
    const headers = { expect: "100-continue", "content-length": "4" };
    const req = request(`${url}/`, { method: "PUT", headers, agent: false });
    req.flushHeaders();
    const body = new Promise<string>((resolve, reject) => {
      req.on("continue", () => req.end("late"));
      req.on("response", (res) => void text(res).then(resolve, reject));
    });
    expect(await body).toBe("PUT / late");
  });
});

describe("a response", () => {
  const changed = {
    responseHeaders: { set: { "x-set": "1" }, add: { vary: "x-a" }, remove: ["x-powered-by"] },
  };
  const ways: readonly (readonly [string, Handler])[] = [
    [
      "that is ended at once",
      (_req, res) => {
        res.setHeader("X-Powered-By", "app").setHeader("Vary", "Accept").end("x");
      },
    ],
    [
      "with a head of its own",
      (_req, res) => {
        res.writeHead(200, "Fine", { "X-Powered-By": "app", Vary: "Accept" });
        res.end("x");
      },
    ],
    [
      "with a flat list of headers",
      (_req, res) => {
        res.writeHead(200, ["X-Powered-By", "app", "Vary", "Accept"]).end("x");
      },
    ],
    [
      "that is written in parts",
      (_req, res) => {
        res.setHeader("X-Powered-By", "app");
        res.setHeader("Vary", "Accept");
        res.flushHeaders();
        res.write("");
        res.end("x");
      },
    ],
  ];
  it.each(ways)("%s gets the changes of the route", async (_way, handler) => {
    const { url, outcomes } = await mount(handler, { route: changed });
    const { headers, body, status } = await send(url, "/");
    expect({ status, body }).toEqual({ status: 200, body: "x" });
    expect(headers).toMatchObject({ "x-set": "1", vary: "Accept,x-a" });
    expect(headers["x-powered-by"]).toBeUndefined();
    await until(() => outcomes.length === 1);
  });

  it("carries the cookie that pins its client to the function", async () => {
    const { url } = await mount((_req, res) => res.setHeader("set-cookie", "own=1").end(), {
      service: { affinity: { cookie: { name: "pin" } } },
    });
    const lines = (await send(url, "/")).headers["set-cookie"] as string[];
    expect(lines[0]).toBe("own=1");
    expect(lines[1]).toMatch(/^pin=/);
  });

  it("keeps its reason, trailers and names", async () => {
    const handler: Handler = (_req, res) => {
      res.writeHead(202, "As you like", { "X-Case": "kept", Trailer: "x-sum" });
      res.write("a");
      res.addTrailers({ "x-sum": "1" });
      res.end();
    };
    const { port } = await mount(handler, { route: changed });
    const socket = await open(port);
    socket.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nte: trailers\r\n\r\n");
    await until(() => socket.closed || socket.received().includes("x-sum: 1"));
    const received = socket.received();
    expect(received).toContain("HTTP/1.1 202 As you like\r\n");
    expect(received).toContain("X-Case: kept\r\n");
    expect(received).toContain("Trailer: x-sum\r\n");
    socket.destroy();
  });
});

describe("next", () => {
  it("hands on to what stands behind the gateway, with the head that the route made", async () => {
    const { url, ended, outcomes } = await mount((_req, _res, next) => next(), {
      none: (req, res) => res.writeHead(201).end(`behind ${String(req.url)}`),
      route: { rewrite: { path: "/inner" }, responseHeaders: { set: { "x-set": "1" } } },
    });
    expect(await send(url, "/a")).toMatchObject({
      status: 201,
      body: "behind /inner",
      headers: { "x-set": "1" },
    });
    expect(await ended()).toMatchObject({ status: 201, attempts: 1 });
    expect(outcomes).toMatchObject([{ kind: "response", status: 201 }]);
  });

  it("answers 404 where nothing stands behind, and counts once", async () => {
    const { url, outcomes, ended } = await mount((_req, _res, next) => {
      next("router");
      next();
    });
    expect(await send(url, "/")).toMatchObject({ status: 404, body: "404 Not Found\n" });
    await ended();
    expect(outcomes).toMatchObject([{ kind: "response", status: 404 }]);
  });
});

describe("an error", () => {
  const failing: readonly (readonly [string, Handler])[] = [
    [
      "that is thrown",
      () => {
        throw new Error("broken");
      },
    ],
    ["of a promise", () => Promise.reject(new Error("broken"))],
    ["given to next", (_req, _res, next) => next(new Error("broken"))],
  ];
  it.each(failing)("%s goes to the host before the head", async (_how, handler) => {
    const { url, outcomes, ended } = await mount(handler, {
      error: ({ message }, res) => res.writeHead(418).end(`host: ${message}`),
    });
    expect(await send(url, "/")).toMatchObject({ status: 418, body: "host: broken" });
    expect(await ended()).toMatchObject({
      status: 418,
      failure: { side: "gateway", stage: "head", cause: "error", error: { message: "broken" } },
    });
    expect(outcomes).toMatchObject([{ kind: "response", status: 418 }]);
  });

  it.each(failing)("%s is a 500 where the host takes none", async (_how, handler) => {
    const lost = unheard();
    const { url, outcomes, ended } = await mount(handler);
    expect(await send(url, "/")).toMatchObject({
      status: 500,
      body: "500 Internal Server Error\n",
    });
    expect(await ended()).toMatchObject({ failure: { cause: "error" } });
    expect(outcomes).toMatchObject([{ kind: "response", status: 500 }]);
    expect(lost).toEqual([]);
  });

  it("is no success where the host says so", async () => {
    const { url, outcomes } = await mount(failing[0]?.[1] as Handler, {
      error: (_error, res) => res.end("all is well"),
    });
    await send(url, "/");
    await until(() => outcomes.length === 1);
    expect(outcomes).toMatchObject([{ kind: "response", status: 500 }]);
  });

  it("behind the head cuts the response", async () => {
    const { url, outcomes, ended } = await mount(
      async (_req, res) => {
        res.writeHead(200, { "content-length": 10 });
        await new Promise((resolve) => res.write("half", resolve));
        throw new Error("broken");
      },
      { error: () => expect.unreachable() },
    );
    await expect(send(url, "/")).rejects.toThrow();
    expect(await ended()).toMatchObject({ isComplete: false, failure: { stage: "body" } });
    expect(outcomes).toEqual([{ kind: "failure", stage: "body", cause: "truncated" }]);
  });

  it("behind the end is for logs alone", async () => {
    const { url, outcomes, ended } = await mount((_req, res) => {
      res.end("whole");
      throw new Error("broken");
    });
    expect(await send(url, "/")).toMatchObject({ status: 200, body: "whole" });
    expect(await ended()).toMatchObject({ failure: { cause: "error" } });
    expect(outcomes).toMatchObject([{ kind: "response", status: 500 }]);
  });

  it("that comes often does not take the last function away", async () => {
    const { url, gateway } = await mount((_req, res) => res.writeHead(503).end(), {
      service: { outlier: { consecutiveFailures: 2, maxEjectionRatio: 1 } },
    });
    await send(url, "/");
    await send(url, "/");
    await until(() => inFlight(gateway) === 0);
    expect(gateway.service("app").instances()[0]?.health).toBe("eligible");
  });
});
