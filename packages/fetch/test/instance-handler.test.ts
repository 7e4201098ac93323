import { createServer } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { Hono } from "hono";
import { createGateway } from "@signalbox/core";
import { createProxy } from "@signalbox/proxy";
import { afterEach, describe, expect, it } from "vitest";
import {
  fetchHandler,
  instanceHandler,
  type ExchangeEnd,
  type FetchFunction,
} from "../src/index.js";
import { answered, atEnd, closeAll, get, listen, mount, signal } from "./kit.js";

afterEach(closeAll);

const config = (answer: FetchFunction, route: object = {}) => ({
  services: { s: { instances: [{ handler: instanceHandler(answer), id: "old" }] } },
  routes: [{ match: { path: "/*" }, to: "s", ...route }],
});

describe("an instance that is a function from Request to Response", () => {
  it("gets the request with what the route changes of it, and its body", async () => {
    const app = new Hono();
    app.post("/new/:id", async (c) => {
      const body = await c.req.text();
      return c.json({ id: c.req.param("id"), own: c.req.header("x-own"), url: c.req.url, body });
    });
    const route = {
      rewrite: { path: { replacePrefix: "/new" } },
      match: { path: { prefix: "/old" } },
      requestHeaders: { set: { "x-own": "1" } },
      responseHeaders: { set: { "x-back": "2" } },
    };
    const { handler, nextEnd } = mount(config((request) => app.fetch(request), route));
    const response = await answered(handler(get("/old/7?a=1", { method: "POST", body: "hi" })));
    expect(await response.json()).toEqual({
      ...{ id: "7", own: "1", url: "http://shop.test/new/7?a=1", body: "hi" },
    });
    expect(response.headers.get("x-back")).toBe("2");
    expect(await nextEnd()).toMatchObject({
      ...{ status: 200, isComplete: true, attempts: 1, decision: { instance: { id: "old" } } },
    });
  });

  it("keeps cookies apart, and answers without a body", async () => {
    const { handler } = mount(
      config(() => {
        const headers = new Headers([
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
        ]);
        return new Response(null, { status: 204, headers });
      }),
    );
    const response = await answered(handler(get("/")));
    expect([response.status, response.body]).toEqual([204, null]);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  it("streams, and is held back while nobody reads", async () => {
    let made = 0;
    const part = new Uint8Array(65_536);
    const { handler, nextEnd } = mount(
      config(() => {
        const pull = (controller: ReadableStreamDefaultController): void => {
          if (made++ < 256) controller.enqueue(part);
          else controller.close();
        };
        return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
      }),
    );
    const response = await answered(handler(get("/")));
    for (let i = 0; i < 100; i++) await turn();
    expect(made).toBeLessThan(8);
    expect((await response.arrayBuffer()).byteLength).toBe(256 * part.length);
    expect(await nextEnd()).toMatchObject({ isComplete: true });
  });

  it("is a 500 where it throws, and cut where its body breaks", async () => {
    const { handler, nextEnd } = mount(
      config((request) => {
        if (request.url.endsWith("/throws")) throw new Error("oh");
        const pull = (controller: ReadableStreamDefaultController): void =>
          controller.error(new Error("broken"));
        return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
      }),
    );
    expect((await answered(handler(get("/throws")))).status).toBe(500);
    expect(await nextEnd()).toMatchObject({
      failure: { cause: "error", error: { message: "oh" } },
    });
    const response = await answered(handler(get("/breaks")));
    await expect(response.text()).rejects.toThrow("the response was cut");
    expect(await nextEnd()).toMatchObject({ isComplete: false });
  });

  it("is told when the client leaves, also while it streams", async () => {
    const asked = signal();
    const aborted = signal();
    const cancelled = signal();
    const { handler, nextEnd } = mount(
      config((request) => {
        request.signal.addEventListener("abort", aborted.resolve);
        asked.resolve();
        if (request.url.endsWith("/waits")) return new Promise<never>(() => {});
        return new Response(new ReadableStream({ cancel: cancelled.resolve }));
      }),
    );
    const controller = new AbortController();
    const waiting = handler(get("/waits", { signal: controller.signal }));
    await asked.promise;
    controller.abort();
    expect((await answered(waiting)).status).toBe(499);
    await aborted.promise;
    expect(await nextEnd()).toMatchObject({ failure: { side: "client", cause: "left" } });
    const response = await answered(handler(get("/streams")));
    await response.body?.cancel();
    await cancelled.promise;
    expect(await nextEnd()).toMatchObject({ failure: { side: "client", stage: "body" } });
  });

  it.each(["requestMs", "idleMs"])("is a 504 past %s, and its signal is aborted", async (limit) => {
    const aborted = signal();
    const { handler, nextEnd } = mount(
      config(
        (request) => {
          request.signal.addEventListener("abort", aborted.resolve);
          return new Promise<never>(() => {});
        },
        { timeouts: { [limit]: 30 } },
      ),
    );
    expect((await answered(handler(get("/")))).status).toBe(504);
    expect(await nextEnd()).toMatchObject({ failure: { cause: "timeout" } });
  });

  it("hands on by answering nothing, and the body with it", async () => {
    const { handler } = mount(config(() => undefined));
    const headers = { "content-length": "4" };
    const request = get("/", { method: "POST", body: "mine", headers });
    expect(await handler(request)).toBeUndefined();
    expect(await request.text()).toBe("mine");
  });

  it("serves under a server of Node too", async () => {
    const gateway = createGateway(
      config(async (request) => new Response(`${request.url} ${await request.text()}`)) as never,
    );
    const proxy = createProxy(gateway);
    atEnd(() => proxy.close({ graceMs: 0 }));
    const url = await listen(createServer((req, res) => proxy.handle(req, res)));
    const response = await fetch(`${url}/x`, { method: "POST", body: "hi" });
    expect(await response.text()).toBe(`${url}/x hi`);
  });
});

it("refuses a function that takes requests of Node", () => {
  const gateway = createGateway({
    services: { s: { instances: [{ handler: () => {}, id: "old" }] } },
    routes: [{ match: { path: "/*" }, to: "s" }],
  } as never);
  expect(() => fetchHandler(gateway)).toThrow(
    'fetchHandler: the handler of instance "old" of service "s" takes requests of Node; ' +
      "make it with instanceHandler((request) => response)",
  );
});

it("refuses to call one that comes later, and says so", async () => {
  const told = Promise.withResolvers<ExchangeEnd>();
  const gateway = createGateway({
    services: { s: { instances: [] as { handler: () => void }[] } },
    routes: [{ match: { path: "/*" }, to: "s" }],
  } as never);
  const handler = fetchHandler(gateway, { onEnd: told.resolve });
  atEnd(() => handler.close({ graceMs: 0 }));
  gateway.service("s").add({ handler: () => {}, id: "late" } as never);
  const response = await handler(new Request("http://gateway/x"));
  expect(response?.status).toBe(500);
  expect((await told.promise).failure).toMatchObject({
    ...{ side: "gateway", cause: "error" },
    error: {
      message:
        "fetchHandler: the handler takes requests of Node; make it with instanceHandler((request) => response)",
    },
  });
});
