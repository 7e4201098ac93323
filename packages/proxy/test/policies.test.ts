import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { PassThrough, Transform } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { Policy, ProxyOptions } from "../src/index.js";
import { inFlight, open, send, until } from "./kit.js";
import { oneService, rig } from "./rig.js";

const { backend, gatewayTo } = rig();

const echo = () =>
  backend(async (req, res) => {
    res.setHeader("x-seen", JSON.stringify(req.headers));
    res.end(`${req.method} ${req.url} ${await text(req)}`);
  });

const through = async (policies: Record<string, Policy>, options: ProxyOptions = {}) => {
  const instance = await echo();
  const config = oneService([instance.url], { policies: Object.keys(policies) });
  return { instance, ...(await gatewayTo(config, { ...options, policies })) };
};

const never = new Promise<never>(() => {});
const upperCase = () =>
  new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, chunk.toString().toUpperCase()),
  });

describe("a step before the request", () => {
  it("answers, and nothing is asked of an instance", async () => {
    const deny: Policy = {
      onRequest: () => ({
        answer: { status: 401, headers: { "www-authenticate": "Bearer" }, body: "who are you?" },
      }),
    };
    const { url, gateway, ended } = await through({ deny });
    expect(await send(url, "/x", { method: "POST", body: "data" })).toMatchObject({
      status: 401,
      body: "who are you?",
      headers: { "www-authenticate": "Bearer" },
    });
    expect(await ended()).toMatchObject({
      status: 401,
      attempts: 0,
      decision: { kind: "respond", route: "all", status: 401 },
    });
    expect(gateway.snapshot().services["s"]?.cursors).toEqual({ "": 0 });
  });

  it("may answer with bytes and with several lines of one header", async () => {
    const body = Buffer.from([0, 255, 1]);
    const bytes: Policy = {
      onRequest: () => ({
        answer: { status: 200, headers: { "set-cookie": ["a=1", "b=2"] }, body },
      }),
    };
    const { url } = await through({ bytes });
    const req = request(`${url}/`, { agent: false }).end();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    const [chunk] = (await once(res, "data")) as [Buffer];
    expect(chunk).toEqual(body);
    expect(res.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
  });

  it("adds facts that conditions of the split see, and headers that the instance sees", async () => {
    const one = await backend((req, res) => res.end(`v1 ${req.headers["x-user"]}`));
    const two = await backend((_, res) => res.end("v2"));
    const config = oneService(
      [
        { url: one.url, version: "v1" },
        { url: two.url, version: "v2" },
      ],
      {
        to: { service: "s", split: { v1: 1, v2: 1 }, sticky: { fact: "tenant" } },
        policies: ["who"],
      },
    );
    const who: Policy = {
      onRequest: async ({ view, route, params }) => {
        await Promise.resolve();
        expect([route, params]).toEqual(["all", { "*": "x" }]);
        expect(view.facts).toBeUndefined();
        return {
          facts: { tenant: "acme" },
          headers: { set: { "x-user": "ada" }, remove: ["authorization"] },
        };
      },
    };
    const { url, gateway, ends } = await gatewayTo(config, { policies: { who } });
    const expected = gateway.decide({ method: "GET", url: "/x", facts: { tenant: "acme" } });
    const reply = await send(url, "/x", { headers: { "x-user": "eve", authorization: "secret" } });
    expect(reply.body).toBe(
      expected.kind === "forward" && expected.version === "v1" ? "v1 ada" : "v2",
    );
    await until(() => ends.length === 1);
    expect(ends[0]).toMatchObject({ decision: { point: (expected as { point: number }).point } });
    expect(ends[0]?.view.facts).toEqual({ tenant: "acme" });
  });

  it("of the whole gateway runs before the match and may change what routes see", async () => {
    const seen: (string | undefined)[] = [];
    const instance = await echo();
    const config = {
      policies: ["outer"],
      routes: [
        {
          id: "tenant",
          match: { path: "/t/:id", facts: { tenant: "a" } },
          to: instance.url,
          policies: ["inner"],
        },
        {
          id: "put",
          match: { path: "/moved", method: "PUT", headers: { "x-new": "1" } },
          to: instance.url,
        },
      ],
    };
    const outer: Policy = {
      onRequest: ({ view, route }) => {
        seen.push(`outer ${route}`);
        if (view.url === "/old")
          return { url: "/moved", method: "PUT", headers: { set: { "x-new": "1" } } };
        return { facts: { tenant: "a" } };
      },
    };
    const inner: Policy = { onRequest: ({ route }) => void seen.push(`inner ${route}`) };
    const { url, ends } = await gatewayTo(config, { policies: { outer, inner } });
    expect((await send(url, "/t/7")).body).toBe("GET /t/7 ");
    expect((await send(url, "/old", { method: "PATCH", body: "b" })).body).toBe("PUT /moved b");
    expect(seen).toEqual(["outer undefined", "inner tenant", "outer undefined"]);
    await until(() => ends.length === 2);
    expect(ends.map(({ decision }) => decision.kind === "forward" && decision.route)).toEqual([
      "tenant",
      "put",
    ]);
  });

  it("may not choose another path for a route that is chosen already", async () => {
    const late: Policy = { onRequest: () => ({ url: "/admin" }) };
    const { url, ended } = await through({ late });
    expect(await send(url, "/x")).toMatchObject({ status: 500 });
    expect((await ended()).failure).toMatchObject({
      side: "gateway",
      cause: "policy",
      error: new TypeError(
        "onRequest: only a policy of the whole gateway may change method or url; the route of this one is chosen already",
      ),
    });
  });

  it.each([
    ["a line break in a value", { headers: { set: { "x-a": "1\r\nx-b: 2" } } }],
    ["a name that is none", { headers: { set: { "x a": "1" } } }],
    ["a framing header", { headers: { set: { "content-length": "1" } } }],
    ["a header of the connection", { headers: { remove: ["Connection"] } }],
    ["a host", { headers: { add: { host: "b" } } }],
    ["an answer with an odd status", { answer: { status: 99 } }],
  ])("that gives %s fails loudly, before anything is sent", async (_what, step) => {
    const { url, instance, ended } = await through({ bad: { onRequest: () => step } });
    expect(await send(url, "/x")).toMatchObject({
      status: 500,
      body: "500 Internal Server Error\n",
    });
    expect((await ended()).failure).toMatchObject({ side: "gateway", cause: "policy" });
    expect(instance.sockets.size).toBe(0);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
    ["rejects with no error", () => Promise.reject("no")],
  ])("that %s is a 500, and those behind it do not run", async (_how, onRequest) => {
    let ran = false;
    const { url, ended } = await through({
      bad: { onRequest },
      next: { onRequest: () => void (ran = true) },
    });
    expect(await send(url, "/x")).toMatchObject({ status: 500 });
    expect((await ended()).failure).toMatchObject({ cause: "policy", error: new Error("no") });
    expect(ran).toBe(false);
  });

  it("that never comes to its end is given up", async () => {
    const { url, ended } = await through({ slow: { onRequest: () => never } }, { policyMs: 5 });
    expect(await send(url, "/x")).toMatchObject({ status: 500 });
    expect((await ended()).failure).toMatchObject({
      error: new Error("a policy did not come to its end in 5 ms"),
    });
  });

  it("hears of a client that leaves while it waits", async () => {
    let signal: AbortSignal | undefined;
    const told: string[] = [];
    const slow: Policy = {
      onRequest: (exchange) => {
        ({ signal } = exchange);
        return never;
      },
      onEnd: (_, { status }) => void told.push(`end ${status}`),
    };
    const { port, ended, proxy } = await through({ slow });
    const client = await open(port);
    client.write("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => signal !== undefined);
    expect(signal?.aborted).toBe(false);
    client.destroy();
    expect(await ended()).toMatchObject({
      status: 499,
      failure: { side: "client", cause: "left" },
    });
    expect(signal?.aborted).toBe(true);
    expect(told).toEqual(["end 499"]);
    expect(proxy.counts.requests).toBe(0);
  });

  it("makes another body of the one that the client sends", async () => {
    const shout: Policy = { onRequest: () => ({ body: (body) => body.pipe(upperCase()) }) };
    const { url } = await through({ shout });
    const reply = await send(url, "/x", { method: "POST", body: "quiet" });
    expect(reply.body).toBe("POST /x QUIET");
    expect(reply.headers["x-seen"]).not.toContain("content-length");
  });

  it("whose body breaks ends the request", async () => {
    const broken: Policy = {
      onRequest: () => ({
        body: (body) => {
          const out = new PassThrough();
          body.on("data", () => out.destroy(new Error("broken")));
          return out;
        },
      }),
    };
    const { url, ended, gateway } = await through({ broken });
    expect(await send(url, "/x", { method: "POST", body: "quiet" })).toMatchObject({ status: 500 });
    expect((await ended()).failure).toMatchObject({ cause: "policy", error: new Error("broken") });
    expect(inFlight(gateway)).toBe(0);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["gives no stream", () => undefined as never],
  ])("whose function of a body %s ends the request", async (_how, body) => {
    const { url, ended, gateway } = await through({ bad: { onRequest: () => ({ body }) } });
    expect(await send(url, "/x", { method: "POST", body: "quiet" })).toMatchObject({ status: 500 });
    expect(await ended()).toMatchObject({
      attempts: 0,
      failure: { side: "gateway", cause: "policy" },
    });
    expect(inFlight(gateway)).toBe(0);
    expect((await send(url, "/x")).status).toBe(200);
  });
});

describe("a step before the response", () => {
  it("changes status, headers and body of an instance, the last policy first", async () => {
    const mark = (name: string): Policy => ({
      onResponse: (_, { origin }) => ({
        headers: { add: { "x-by": name }, set: { "x-origin": origin }, remove: ["x-seen"] },
      }),
    });
    const shout: Policy = {
      onResponse: async () => {
        await Promise.resolve();
        return { status: 203, body: (body) => body.pipe(upperCase()) };
      },
    };
    const { url } = await through({ outer: mark("outer"), shout, inner: mark("inner") });
    const reply = await send(url, "/quiet", { method: "POST", body: "words" });
    expect(reply).toMatchObject({
      status: 203,
      body: "POST /QUIET WORDS",
      headers: { "x-by": "inner,outer", "x-origin": "instance", "transfer-encoding": "chunked" },
    });
    expect(reply.headers["x-seen"]).toBeUndefined();
  });

  it("leaves the length of a body that it does not touch", async () => {
    const { url } = await through({ noop: { onResponse: () => undefined } });
    expect((await send(url, "/x")).headers["content-length"]).toBe("7");
  });

  it.each([
    ["HEAD", 200],
    ["GET", 204],
    ["GET", 304],
  ])("never makes a body for %s with %i", async (method, status) => {
    const instance = await backend((_, res) => res.writeHead(status).end());
    const add: Policy = { onResponse: () => ({ body: (body) => body.pipe(upperCase()) }) };
    const { url, ended } = await gatewayTo(oneService([instance.url], { policies: ["add"] }), {
      policies: { add },
    });
    expect(await send(url, "/", { method })).toMatchObject({ status, body: "" });
    expect(await ended()).toMatchObject({ isComplete: true });
  });

  it("holds a large response back while it waits, and loses nothing", async () => {
    const size = 8 * 1024 * 1024;
    const instance = await backend((_, res) => res.end(Buffer.alloc(size, "x")));
    let go: (() => void) | undefined;
    const wait: Policy = { onResponse: () => new Promise((resolve) => (go = resolve)) };
    const { url, ended } = await gatewayTo(oneService([instance.url], { policies: ["wait"] }), {
      policies: { wait },
    });
    const reply = send(url, "/");
    await until(() => go !== undefined);
    go?.();
    expect((await reply).body.length).toBe(size);
    expect(await ended()).toMatchObject({ isComplete: true });
  });

  it("sees what the gateway answers itself, and errors", async () => {
    const origins: string[] = [];
    const note: Policy = {
      onResponse: (_, { origin, status }) => {
        origins.push(`${origin} ${status}`);
        return { headers: { set: { "x-noted": "1" } } };
      },
    };
    const dead = await backend();
    await dead.close();
    const config = {
      policies: ["note"],
      routes: [
        { match: { path: "/ok" }, respond: { status: 200, body: "ok" } },
        { match: { path: "/dead" }, to: dead.url },
      ],
    };
    const { url } = await gatewayTo(config, { policies: { note } });
    expect((await send(url, "/ok")).headers["x-noted"]).toBe("1");
    expect((await send(url, "/dead")).headers["x-noted"]).toBe("1");
    expect((await send(url, "/a%00")).headers["x-noted"]).toBe("1");
    expect(origins).toEqual(["gateway 200", "gateway 502", "gateway 400"]);
  });

  it.each([200, 304])(
    "says no length of a body that it would change, to HEAD and in a 304",
    async (status) => {
      const instance = await backend(
        (_, res) => void res.writeHead(status, { "content-length": 5 }).end(),
      );
      const cut: Policy = { onResponse: () => ({ body: (body) => body.pipe(upperCase()) }) };
      const { url } = await gatewayTo(oneService([instance.url], { policies: ["cut"] }), {
        policies: { cut },
      });
      const { headers } = await send(url, "/", { method: "HEAD" });
      expect(headers["content-length"]).toBeUndefined();
    },
  );

  it("says the length of the body that it makes of an answer of the gateway, to HEAD too", async () => {
    const twice = () =>
      new Transform({
        transform: (part: Buffer, _, done) => done(null, Buffer.concat([part, part])),
      });
    const own: Policy = {
      onRequest: () => ({ answer: { status: 200, body: "own" } }),
      onResponse: () => ({ body: (body) => body.pipe(twice()) }),
    };
    const { url } = await through({ own });
    expect(await send(url, "/", { method: "HEAD" })).toMatchObject({
      headers: { "content-length": "6" },
    });
  });

  it("makes another body of an answer of the gateway", async () => {
    const shout: Policy = { onResponse: () => ({ body: (body) => body.pipe(upperCase()) }) };
    const config = [{ path: "/*", respond: { status: 200, body: "quiet" }, policies: ["shout"] }];
    const { url } = await gatewayTo(config, { policies: { shout } });
    expect((await send(url, "/")).body).toBe("QUIET");
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
    ["gives a status that is none", () => ({ status: 1000 })],
    ["gives a value that no header may have", () => ({ headers: { set: { a: "\n" } } })],
    ["gives no stream for a body", () => ({ body: () => undefined as never })],
  ])("that %s is a 500, and blames nobody", async (_how, onResponse) => {
    const { url, ended, gateway } = await through({ bad: { onResponse } });
    expect(await send(url, "/x")).toMatchObject({ status: 500 });
    expect((await ended()).failure).toMatchObject({ side: "gateway", cause: "policy" });
    expect(inFlight(gateway)).toBe(0);
    const [instance] = Object.values(gateway.snapshot().services["s"]?.instances ?? {});
    expect(instance?.consecutiveFailures).toBe(0);
  });

  it("whose body breaks cuts the response", async () => {
    const broken: Policy = {
      onResponse: () => ({
        body: (body) => {
          const out = new PassThrough();
          body.once("data", () => {
            out.write("begun");
            setImmediate(() => out.destroy(new Error("broken")));
          });
          return out;
        },
      }),
    };
    const { url, ended, gateway } = await through({ broken });
    await expect(send(url, "/x")).rejects.toThrow();
    expect(await ended()).toMatchObject({ isComplete: false, failure: { cause: "policy" } });
    expect(inFlight(gateway)).toBe(0);
  });
});

describe("the last step", () => {
  it("runs once for each that was reached, in the opposite order, whatever one of them throws", async () => {
    const order: string[] = [];
    const note = (name: string): Policy => ({
      onRequest: ({ locals }) => void (locals[name] = name.toUpperCase()),
      onEnd: ({ locals, signal }, { status }) => {
        order.push(`${String(locals[name])} ${status} ${signal.aborted}`);
        if (name === "b") throw new Error("ignored");
      },
    });
    const { url, ended } = await through({
      a: note("a"),
      b: note("b"),
      stop: { onRequest: () => ({ answer: { status: 403 } }) },
      c: note("c"),
    });
    await send(url, "/x");
    await ended();
    expect(order).toEqual(["B 403 true", "A 403 true"]);
  });

  it("comes too for a request that no route takes, when it has been answered elsewhere", async () => {
    const kinds: string[] = [];
    const note: Policy = { onEnd: (_, { decision }) => void kinds.push(decision.kind) };
    const config = { policies: ["note"], routes: [] };
    const { url, ends, proxy } = await gatewayTo(config, { policies: { note } });
    expect(await send(url, "/x")).toMatchObject({ status: 404 });
    await until(() => kinds.length === 1);
    expect(kinds).toEqual(["none"]);
    expect(ends).toEqual([]);
    expect(proxy.counts.requests).toBe(0);
  });
});

it("refuses limits that are none", async () => {
  for (const policyMs of [-1, 2 ** 31])
    await expect(gatewayTo([], { policyMs })).rejects.toThrow(
      `createProxy: policyMs must be a number of milliseconds from 0 to 2147483647, got ${policyMs}`,
    );
  await expect(gatewayTo([], { maxMirrors: 1.5 })).rejects.toThrow(
    "createProxy: maxMirrors must be a whole number >= 0, got 1.5",
  );
});
