import { PassThrough, Readable, Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import { systemEnv } from "@signalbox/core";
import { describe, expect, it } from "vitest";
import type { ErrorReply, Policy, ProxyOptions } from "../src/index.js";
import { deadUrl, inFlight, send, until } from "./kit.js";
import { oneService, rig } from "./rig.js";

const { backend, gatewayTo } = rig();

/** A gateway to an instance that answers `ok`, with policies around all of it. */
async function around(policies: ProxyOptions["policies"], options: ProxyOptions = {}, route = {}) {
  const instance = await backend((req, res) => {
    req.on("error", () => {}).resume();
    if (req.method === "GET") res.end("ok");
    else req.on("end", () => res.end("ok"));
  });
  const config = { ...oneService([instance.url], route), policies: Object.keys(policies ?? {}) };
  return gatewayTo(config, { policies: policies ?? {}, ...options });
}

const values: readonly (readonly [what: string, answer: object])[] = [
  ["a status that is none", { status: 99 }],
  ["a status that opens a tunnel", { status: 101 }],
  ["a status that is text", { status: "abc" }],
  ["a name with a space", { status: 200, headers: { "a b": "1" } }],
  ["a value with a line break", { status: 200, headers: { a: "1\r\nb: 2" } }],
  ["a value that is a number", { status: 200, headers: { a: 5 } }],
  ["a length of its own", { status: 200, headers: { "content-length": "3" } }],
  ["a framing of its own", { status: 200, headers: { "transfer-encoding": "chunked" } }],
  ["a body that is a number", { status: 200, body: 5 }],
];

describe("an answer that cannot be sent", () => {
  it.each(values)("of a policy is a 500: %s", async (_, answer) => {
    const { url, ended } = await around({ bad: { onRequest: () => ({ answer }) as never } });
    expect(await send(url, "/")).toMatchObject({
      status: 500,
      body: "500 Internal Server Error\n",
    });
    expect((await ended()).failure).toMatchObject({ side: "gateway", cause: "policy" });
  });

  it.each(values)("of the hook of errors leaves the usual one: %s", async (_, answer) => {
    const onError = () => answer as ErrorReply;
    const { url, gateway } = await gatewayTo(oneService([await deadUrl()]), { onError });
    const usual = { status: 502, body: "502 Bad Gateway\n" };
    expect(await send(url, "/")).toMatchObject(usual);
    expect(await send(url, "/%00")).toMatchObject({ status: 400, body: "400 Bad Request\n" });
    expect(inFlight(gateway)).toBe(0);
  });

  it("may be a promise of one: then the usual one goes out", async () => {
    const onError = () => Promise.reject(new Error("late")) as never;
    const { url } = await gatewayTo(oneService([await deadUrl()]), { onError });
    expect(await send(url, "/")).toMatchObject({ status: 502, body: "502 Bad Gateway\n" });
  });
});

describe("a hook that only listens", () => {
  it.each<[string, ProxyOptions]>([
    ["onEnd", { onEnd: (() => Promise.reject(new Error("late"))) as never }],
    ["onMirror", { onMirror: (() => Promise.reject(new Error("late"))) as never }],
    [
      "onEnd of a policy",
      { policies: { p: { onEnd: (() => Promise.reject(new Error("late"))) as never } } },
    ],
  ])("may reject a promise unheard: %s", async (_, options) => {
    const { url, proxy } = await around(options.policies ?? {}, options, {
      mirror: [{ service: "s" }],
    });
    expect((await send(url, "/")).status).toBe(200);
    await until(() => proxy.counts.requests + proxy.counts.mirrors === 0);
    // A rejection that nobody hears would end the process in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it("is not waited for where it only looks like a promise", async () => {
    const step = {
      then() {
        throw new Error("no promise");
      },
    };
    const onRequest = (() => step) as never;
    const onResponse = (() => step) as never;
    expect(await send((await around({ bad: { onRequest } })).url, "/")).toMatchObject({
      status: 500,
    });
    expect(await send((await around({ bad: { onResponse } })).url, "/")).toMatchObject({
      status: 500,
    });
  });
});

const objects = (): Transform =>
  new Transform({
    readableObjectMode: true,
    transform: (_chunk, _encoding, done) => done(null, { no: "bytes" }),
  });

/** What a policy may make of a body that is none. */
const bodies: readonly (readonly [what: string, body: (body: Readable) => Readable])[] = [
  ["errs", (body) => body.pipe(createGunzip())],
  ["holds parts that are no bytes", (body) => body.pipe(objects())],
  [
    "is closed before its end",
    (body) => {
      const out = new PassThrough();
      body.once("data", () => out.destroy());
      return out;
    },
  ],
  ["never ends", (body) => (body.resume(), new PassThrough())],
];
const pass: Policy = {
  onRequest: () => ({ body: (body) => body.pipe(new PassThrough()) }),
  onResponse: () => ({ body: (body) => body.pipe(new PassThrough()) }),
};

describe("a body that a policy makes", () => {
  it.each(bodies)("ends a request where it %s, also between two others", async (_, body) => {
    const bad: Policy = { onRequest: () => ({ body }) };
    const { url, ended, gateway } = await around(
      { first: pass, bad, last: pass },
      {},
      {
        timeouts: { idleMs: 100 },
      },
    );
    const post = { method: "POST", body: "words" };
    expect(await send(url, "/", post)).toMatchObject({ status: 500 });
    expect((await ended()).failure).toMatchObject({ side: "gateway", cause: "policy" });
    expect(blamed(gateway)).toBe(0);
  });

  it.each(bodies)("cuts a response where it %s, also between two others", async (_, body) => {
    const bad: Policy = { onResponse: () => ({ body }) };
    const { url, ended, gateway } = await around(
      { first: pass, bad, last: pass },
      {},
      {
        timeouts: { idleMs: 100 },
      },
    );
    await expect(send(url, "/")).rejects.toThrow();
    expect(await ended()).toMatchObject({
      isComplete: false,
      failure: { side: "gateway", cause: "policy" },
    });
    expect(blamed(gateway)).toBe(0);
  });

  it.each(bodies)("is a 500 for an answer of the gateway where it %s", async (_, body) => {
    const bad: Policy = { onResponse: () => ({ body }) };
    const { url } = await around(
      { bad },
      { policyMs: 50 },
      {
        ...{ to: undefined, respond: { status: 200, body: "ok" } },
      },
    );
    expect((await send(url, "/")).status).toBe(500);
  });

  it("goes nowhere behind a status without a body", async () => {
    const { url } = await around({ p: { onResponse: () => ({ status: 204 }) } });
    const reply = await send(url, "/");
    expect(reply).toMatchObject({ status: 204, body: "" });
    expect(reply.headers["content-length"]).toBeUndefined();
  });
});

describe("a policy that holds a response back", () => {
  const hold = (ms: number): Policy => ({
    onResponse: async (_, { origin }) => {
      if (origin === "instance") await new Promise((resolve) => setTimeout(resolve, ms));
    },
  });

  it("is no silence of the instance: what a policy waits for has a limit of its own", async () => {
    const { url, gateway } = await around({ slow: hold(700) }, {}, { timeouts: { idleMs: 250 } });
    expect((await send(url, "/")).status).toBe(200);
    expect(blamed(gateway)).toBe(0);
  });

  it.each(["attemptMs", "requestMs"])("blames no instance when %s passes", async (limit) => {
    const timeouts = { [limit]: 300 };
    const { url, ended, gateway } = await around({ slow: hold(60_000) }, {}, { timeouts });
    expect((await send(url, "/")).status).toBe(504);
    expect((await ended()).failure).toMatchObject({ side: "gateway", cause: "timeout" });
    expect(blamed(gateway)).toBe(0);
    expect(inFlight(gateway)).toBe(0);
  });
});

function blamed(gateway: Awaited<ReturnType<typeof around>>["gateway"]): number {
  const { s } = gateway.snapshot().services;
  return Object.values(s?.instances ?? {}).reduce((sum, one) => sum + one.consecutiveFailures, 0);
}

it("a clock of the user's own that throws stands still, and the request goes on", async () => {
  const env = { ...systemEnv() };
  const instance = await backend((_, res) => res.end("ok"));
  const { url, gateway } = await gatewayTo(oneService([instance.url]), { env });
  env.now = () => {
    throw new Error("no clock");
  };
  expect(await send(url, "/")).toMatchObject({ status: 200 });
  expect(inFlight(gateway)).toBe(0);
});
