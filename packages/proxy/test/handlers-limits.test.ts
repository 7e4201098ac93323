import { once } from "node:events";
import { request, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { Policy } from "../src/index.js";
import { handlerRig, unheard, type Handler } from "./handler-kit.js";
import { inFlight, open, send, until } from "./kit.js";

const mount = handlerRig();

describe("a client that leaves", () => {
  it("counts against nobody", async () => {
    const taken = Promise.withResolvers<void>();
    const { url, outcomes, ended, gateway } = await mount(() => taken.resolve());
    const req = request(`${url}/`, { agent: false }).end();
    req.on("error", () => {});
    await taken.promise;
    expect(inFlight(gateway)).toBe(1);
    req.destroy();
    expect(await ended()).toMatchObject({
      status: 499,
      isComplete: false,
      failure: { side: "client", stage: "head", cause: "left" },
    });
    expect(outcomes).toEqual([{ kind: "cancelled", stage: "head" }]);
    expect(inFlight(gateway)).toBe(0);
  });
});

describe("a limit of time", () => {
  it.each([["requestMs"], ["attemptMs"], ["idleMs"], ["headMs"]])(
    "%s answers 504 where nothing has been sent, and what comes later is dropped",
    async (limit) => {
      const lost = unheard();
      const late = Promise.withResolvers<ServerResponse>();
      const { url, outcomes, ended } = await mount((_req, res) => late.resolve(res), {
        route: { timeouts: { [limit]: 20 } },
      });
      expect(await send(url, "/")).toMatchObject({ status: 504, body: "504 Gateway Timeout\n" });
      expect(await ended()).toMatchObject({
        status: 504,
        failure: { side: "instance", stage: "head", cause: "timeout" },
      });
      expect(outcomes).toEqual([{ kind: "failure", stage: "head", cause: "timeout" }]);
      const res = await late.promise;
      const written = Promise.withResolvers<void>();
      res.setHeader("x-late", "1").writeHead(200, { "x-late": "1" }).flushHeaders();
      expect(res.write("late", () => written.resolve())).toBe(true);
      res.end("late");
      await written.promise;
      expect(lost).toEqual([]);
    },
  );

  it("cuts a response that has begun", async () => {
    const { url, outcomes } = await mount((_req, res) => void res.write("half"), {
      route: { timeouts: { requestMs: 20 } },
    });
    await expect(send(url, "/")).rejects.toThrow();
    await until(() => outcomes.length === 1);
    expect(outcomes).toEqual([{ kind: "failure", stage: "body", cause: "timeout" }]);
  });

  it("holds for no event stream", async () => {
    const passed = Promise.withResolvers<void>();
    const handler: Handler = (_req, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write("data: 1\n\n");
      setTimeout(() => passed.resolve(), 40);
      void passed.promise.then(() => res.end("data: 2\n\n"));
    };
    const { url } = await mount(handler, { route: { timeouts: { requestMs: 20, attemptMs: 20 } } });
    expect((await send(url, "/")).body).toBe("data: 1\n\ndata: 2\n\n");
  });

  it("is over when the proxy closes and waits no longer", async () => {
    const { url, proxy, outcomes } = await mount(() => undefined);
    const reply = send(url, "/");
    await until(() => proxy.counts.requests === 1);
    await proxy.close({ graceMs: 0 });
    expect(await reply).toMatchObject({ status: 503 });
    expect(outcomes).toEqual([{ kind: "cancelled", stage: "head" }]);
  });
});

describe("policies", () => {
  const within = (policy: Policy, gateway: object = { policies: ["p"] }) => ({
    config: gateway,
    proxy: { policies: { p: policy } },
  });

  it("change the head of the request", async () => {
    const { url } = await mount(
      (req, res) => res.end(JSON.stringify([req.method, req.url, req.headers["x-user"]])),
      within({
        onRequest: () => ({ headers: { set: { "x-user": "ada" } }, method: "PUT", url: "/b?c" }),
      }),
    );
    expect((await send(url, "/a")).body).toBe('["PUT","/b?c","ada"]');
  });

  it.each([
    ["at once", (value: object) => value],
    ["later", async (value: object) => Promise.resolve(value)],
  ])("change the head of the response %s", async (_when, give) => {
    const ends: number[] = [];
    const sent: boolean[] = [];
    const { url, ended } = await mount(
      (_req, res) => {
        res.writeHead(200, { "x-a": "1" });
        sent.push(res.headersSent);
        res.write("one ");
        res.end("two");
      },
      within({
        onResponse: (_exchange, { status, headers, origin }) =>
          give({
            status: 203,
            headers: { set: { "x-seen": `${status} ${headers.join(" ")} ${origin}` } },
          }),
        onEnd: (_exchange, { status }) => void ends.push(status),
      }),
    );
    expect(await send(url, "/")).toMatchObject({
      status: 203,
      body: "one two",
      headers: { "x-seen": "200 x-a 1 instance" },
    });
    expect(await ended()).toMatchObject({ status: 203, isComplete: true });
    expect({ ends, sent }).toEqual({ ends: [203], sent: [true] });
  });

  it("let a large response go on that they held back", async () => {
    const part = Buffer.alloc(300_000, "x");
    const { url } = await mount(
      async (_req, res) => {
        for (let i = 0; i < 4; i++) if (!res.write(part)) await once(res, "drain");
        res.end();
      },
      within({ onResponse: async () => Promise.resolve() }),
    );
    expect((await send(url, "/")).body).toHaveLength(1_200_000);
  });

  it.each([
    [
      "the request",
      { onRequest: () => ({ body: () => new PassThrough() }) },
      "onRequest: the body of a request that a handler takes cannot be changed: give the route an instance with a url",
    ],
    [
      "the response",
      { onResponse: () => ({ body: () => new PassThrough() }) },
      "onResponse: the body of the response of a handler cannot be changed: give the route an instance with a url",
    ],
    [
      "the response later",
      { onResponse: async () => Promise.resolve({ body: () => new PassThrough() }) },
      "onResponse: the body of the response of a handler cannot be changed: give the route an instance with a url",
    ],
  ])("that change the body of %s are refused", async (_what, policy: Policy, message) => {
    const { url, ended } = await mount((_req, res) => res.end("whole"), within(policy));
    expect(await send(url, "/", { method: "POST", body: "x" })).toMatchObject({ status: 500 });
    expect(await ended()).toMatchObject({ failure: { cause: "policy", error: { message } } });
  });

  it("that fail over the response end it with 500, and not the function", async () => {
    const { url, outcomes } = await mount(
      (_req, res) => res.end("whole"),
      within({ onResponse: async () => Promise.reject(new Error("no")) }),
    );
    expect(await send(url, "/")).toMatchObject({ status: 500 });
    await until(() => outcomes.length === 1);
    expect(outcomes).toEqual([{ kind: "cancelled", stage: "head" }]);
  });

  it("see the answer to an error", async () => {
    const { url } = await mount(
      () => Promise.reject(new Error("broken")),
      within({ onResponse: (_exchange, { origin }) => ({ headers: { set: { "x-by": origin } } }) }),
    );
    expect(await send(url, "/")).toMatchObject({ status: 500, headers: { "x-by": "gateway" } });
  });
});

describe("an upgrade", () => {
  const asking =
    "GET /chat HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

  it("is handed on, and counts for nobody", async () => {
    const { port, outcomes, ended, proxy } = await mount(() => expect.unreachable(), {
      noneOfUpgrades: (req, socket) => socket.end(`taken ${String(req.url)}`),
    });
    const socket = await open(port);
    socket.write(asking);
    await once(socket, "close");
    expect(socket.received()).toBe("taken /chat");
    expect(await ended()).toMatchObject({ status: 0, decision: { kind: "forward", route: "all" } });
    expect(outcomes).toEqual([{ kind: "cancelled", stage: "upgrade" }]);
    expect(proxy.counts.requests).toBe(0);
  });

  it("gets 404 where nobody takes it", async () => {
    const { port } = await mount(() => expect.unreachable());
    const socket = await open(port);
    socket.write(asking);
    await once(socket, "close");
    expect(socket.received()).toContain("404 Not Found");
  });
});

describe("over HTTP/2", () => {
  const ask = async (url: string, body = "data") => {
    const session = connect(url);
    const stream = session.request({ ":method": "POST", ":path": "/a?b" });
    stream.end(body);
    const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
    try {
      return { headers, body: await text(stream) };
    } finally {
      session.destroy();
    }
  };
  const route = {
    requestHeaders: { set: { "x-a": "1" } },
    responseHeaders: { set: { "x-b": "2" } },
    rewrite: { path: "/inner" },
  };

  it("a function takes requests", async () => {
    const handler = async (req: IncomingMessage, res: ServerResponse) =>
      res.end(`${String(req.url)} ${String(req.headers["x-a"])} ${await text(req)}`);
    const { url, outcomes, ended } = await mount(handler, { route, http2: true });
    expect(await ask(url)).toMatchObject({
      headers: { ":status": 200, "x-b": "2" },
      body: "/inner?b 1 data",
    });
    expect(await ended()).toMatchObject({ status: 200, isComplete: true });
    expect(outcomes).toMatchObject([{ kind: "response", status: 200 }]);
  });

  it("an error is a 500, and a limit a 504", async () => {
    const { url, outcomes, ended } = await mount(
      (req) => (req.headers["content-length"] === "0" ? undefined : Promise.reject(new Error("x"))),
      { http2: true, route: { match: { path: "/*" }, timeouts: { requestMs: 30 } } },
    );
    expect((await ask(url)).headers[":status"]).toBe(500);
    await ended();
    expect(outcomes).toMatchObject([{ kind: "response", status: 500 }]);
    const late = await mount((_req, res) => void setTimeout(() => res.end("late"), 40), {
      http2: true,
      route: { timeouts: { requestMs: 20 } },
    });
    expect((await ask(late.url)).headers[":status"]).toBe(504);
    expect(await late.ended()).toMatchObject({ status: 504 });
    expect(late.outcomes).toEqual([{ kind: "failure", stage: "head", cause: "timeout" }]);
  });

  it("a client that leaves is told from a response that is whole", async () => {
    const taken = Promise.withResolvers<void>();
    const { url, outcomes, ended } = await mount(() => taken.resolve(), { http2: true });
    const session = connect(url);
    const stream = session.request({ ":path": "/" });
    stream.on("error", () => {});
    await taken.promise;
    stream.close(8);
    expect(await ended()).toMatchObject({ failure: { side: "client", cause: "left" } });
    expect(outcomes).toEqual([{ kind: "cancelled", stage: "head" }]);
    session.destroy();
  });
});
