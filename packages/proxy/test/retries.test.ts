import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { systemEnv } from "@signalbox/core";
import { describe, expect, it } from "vitest";
import { inFlight, open, send, startServer, until } from "./kit.js";
import { oneService, rig } from "./rig.js";

const { backend, gatewayTo } = rig();

const at = { baseMs: 0, maxMs: 0 };
const again = { retry: { attempts: 2, statuses: [503], backoff: at } };

/** Reads a request to its end and breaks the connection. */
const breaking = (seen: string[]) =>
  backend(async (req) => {
    seen.push(await text(req));
    req.socket.destroy();
  });

const answering = (seen: string[]) =>
  backend(async (req, res) => {
    seen.push(await text(req));
    res.end("done");
  });

describe("a body that was read", () => {
  it("is sent again whole when it was small enough to keep", async () => {
    const seen: string[] = [];
    const first = await breaking(seen);
    const second = await answering(seen);
    const { url, ended } = await gatewayTo(oneService([first.url, second.url], again));
    const body = "x".repeat(65_536);
    expect(await send(url, "/", { method: "PUT", body })).toMatchObject({ status: 200 });
    expect(seen).toEqual([body, body]);
    expect(await ended()).toMatchObject({
      attempts: 2,
      failed: [{ next: "retry", facts: { replayable: true } }],
    });
  });

  it("goes on where the client is, when the first attempt failed in the middle of it", async () => {
    const first = await backend((req) => void req.once("data", () => req.socket.destroy()));
    const seen: string[] = [];
    const second = await answering(seen);
    const { url, ended } = await gatewayTo(oneService([first.url, second.url], again));
    const req = request(url, { method: "PUT", agent: false });
    req.write("one ");
    await until(() => second.sockets.size > 0);
    req.write("two ");
    req.end("three");
    const [res] = (await once(req, "response")) as [IncomingMessage];
    expect(await text(res)).toBe("done");
    expect(seen).toEqual(["one two three"]);
    expect(await ended()).toMatchObject({ attempts: 2 });
  });

  it("is whole for the next attempt when more of it comes while that one waits", async () => {
    const rest = Buffer.alloc(200_000, "x");
    const client: { socket?: Awaited<ReturnType<typeof open>> } = {};
    const first = await backend((req, res) => {
      req.resume().once("data", () => {
        res.writeHead(503).flushHeaders();
        client.socket?.write(rest);
      });
    });
    const seen: string[] = [];
    const second = await answering(seen);
    const backoff = { baseMs: 100, maxMs: 100 };
    const { port } = await gatewayTo(
      oneService([first.url, second.url], { retry: { attempts: 1, statuses: [503], backoff } }),
    );
    const socket = (client.socket = await open(port));
    const length = rest.length + 4;
    socket.write(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\nhalf`);
    await until(() => socket.received().includes("done"));
    expect(seen).toEqual([`half${rest.toString()}`]);
    socket.destroy();
  });

  it("is not sent again when it was larger than what is kept, and no more of it than that is kept", async () => {
    const seen: string[] = [];
    const first = await breaking(seen);
    const second = await answering(seen);
    const { url, ended } = await gatewayTo(oneService([first.url, second.url], again));
    expect(await send(url, "/", { method: "PUT", body: "x".repeat(65_537) })).toMatchObject({
      status: 502,
    });
    expect(seen).toHaveLength(1);
    expect(await ended()).toMatchObject({
      failed: [{ next: "body", facts: { replayable: false } }],
    });
  });

  it("is kept up to what the route says", async () => {
    const seen: string[] = [];
    const first = await breaking(seen);
    const second = await answering(seen);
    const config = oneService([first.url, second.url], { ...again, limits: { replayBytes: 3 } });
    const { url } = await gatewayTo(config);
    expect(await send(url, "/", { method: "PUT", body: "abc" })).toMatchObject({ status: 200 });
    // The turn of the other one.
    await send(url, "/", { method: "PUT", body: "b" });
    expect(await send(url, "/", { method: "PUT", body: "abcd" })).toMatchObject({ status: 502 });
    expect(seen).toEqual(["abc", "abc", "b", "abcd"]);
  });

  it("of a POST reaches one instance, and is sent twice only where the route names the method", async () => {
    const seen: string[] = [];
    const first = await breaking(seen);
    const second = await answering(seen);
    const once = await gatewayTo(oneService([first.url, second.url], again));
    expect(await send(once.url, "/", { method: "POST", body: "once" })).toMatchObject({
      status: 502,
    });
    const retry = { ...again.retry, methods: ["POST"] };
    const twice = await gatewayTo(oneService([first.url, second.url], { retry }));
    expect(await send(twice.url, "/", { method: "POST", body: "twice" })).toMatchObject({
      status: 200,
    });
    expect(seen).toEqual(["once", "twice", "twice"]);
  });

  it("is sent again after a status that the route lists", async () => {
    const seen: string[] = [];
    const busy = await backend(async (req, res) => {
      seen.push(await text(req));
      res.writeHead(503, { "retry-after": "0" }).end("busy");
    });
    const second = await answering(seen);
    const { url, ended } = await gatewayTo(oneService([busy.url, second.url], again));
    expect(await send(url, "/", { method: "PUT", body: "b" })).toMatchObject({
      status: 200,
      body: "done",
    });
    expect(seen).toEqual(["b", "b"]);
    expect(await ended()).toMatchObject({ attempts: 2, status: 200 });
  });
});

describe("the time that an attempt may take", () => {
  it("ends it, and another instance is asked where the route retries", async () => {
    const silent = await backend(() => {});
    const good = await backend((_, res) => res.end("good"));
    const config = oneService([silent.url, good.url], { ...again, timeouts: { attemptMs: 30 } });
    const { url, ended, gateway } = await gatewayTo(config);
    expect(await send(url, "/")).toMatchObject({ status: 200, body: "good" });
    expect(await ended()).toMatchObject({
      failed: [{ outcome: { kind: "failure", stage: "head", cause: "timeout" }, next: "retry" }],
    });
    expect(inFlight(gateway)).toBe(0);
  });

  it("is waited for by a Retry-After that fits into the time of the request, and not by one that does not", async () => {
    const busy = await backend((_, res) => res.writeHead(503, { "retry-after": "5" }).end("busy"));
    const config = oneService([busy.url], { ...again, timeouts: { requestMs: 3_000 } });
    const { url, ended } = await gatewayTo(config);
    expect(await send(url, "/")).toMatchObject({ status: 503, body: "busy" });
    expect(await ended()).toMatchObject({ attempts: 1, status: 503 });
  });
});

it("retries stop when the budget is used up", async () => {
  const busy = await backend((_, res) => res.writeHead(503).end());
  const env = { ...systemEnv(), now: () => 1_000 };
  const retry = { attempts: 1, statuses: [503], backoff: at };
  const config = oneService([busy.url], { retry }, { outlier: false });
  const { url, ends } = await gatewayTo(config, { env });
  for (let i = 0; i < 130; i++) await send(url, "/");
  await until(() => ends.length === 130);
  // 20 % of the requests, and 10 for each of ten seconds; those that are not tried again have no attempt more.
  const attempts = ends.map((end) => end.attempts);
  const allowed = attempts.indexOf(1);
  expect(allowed).toBeGreaterThan(100);
  expect(allowed).toBeLessThan(130);
  expect(attempts.filter((count) => count === 2).length).toBe(126);
});

describe("a hedge", () => {
  const hedge = { hedge: { delayMs: 10 } };

  it("takes the first head, and cancels the other attempt, blaming nobody", async () => {
    let isGone = false;
    const slow = await backend((req) => void req.once("close", () => (isGone = true)));
    const fast = await backend((_, res) => res.end("fast"));
    const { url, ended, gateway } = await gatewayTo(oneService([slow.url, fast.url], hedge));
    expect(await send(url, "/")).toMatchObject({ status: 200, body: "fast" });
    expect(await ended()).toMatchObject({
      attempts: 2,
      decision: { attempt: 2, instance: { url: fast.url } },
      failed: [],
    });
    await until(() => isGone);
    expect(inFlight(gateway)).toBe(0);
    expect(gateway.snapshot().services["s"]?.instances[slow.url]?.consecutiveFailures).toBe(0);
    expect(gateway.snapshot().services["s"]?.retries[0]).toBe(1);
  });

  it("keeps the first when it comes before the second", async () => {
    let answer = (): void => {};
    const first = await backend((_, res) => void (answer = () => res.end("first")));
    const second = await backend(() => answer());
    const { url, ended, gateway } = await gatewayTo(oneService([first.url, second.url], hedge));
    expect(await send(url, "/")).toMatchObject({ body: "first" });
    expect(await ended()).toMatchObject({ attempts: 2, decision: { attempt: 1 } });
    await until(() => inFlight(gateway) === 0);
  });

  it("starts nothing when the answer comes in time", async () => {
    const one = await backend((_, res) => res.end("one"));
    const two = await backend((_, res) => res.end("two"));
    const config = oneService([one.url, two.url], { hedge: { delayMs: 60_000 } });
    const { url, ended } = await gatewayTo(config);
    await send(url, "/");
    expect(await ended()).toMatchObject({ attempts: 1 });
    expect(two.sockets.size).toBe(0);
  });

  it("sends the body that was kept, and no POST", async () => {
    const seen: string[] = [];
    const slow = await backend(async (req) => void seen.push(`slow ${await text(req)}`));
    const fast = await backend(async (req, res) => {
      seen.push(`fast ${await text(req)}`);
      res.end("fast");
    });
    const config = oneService([slow.url, fast.url], { ...hedge, timeouts: { requestMs: 100 } });
    const { url } = await gatewayTo(config);
    expect(await send(url, "/", { method: "PUT", body: "data" })).toMatchObject({ body: "fast" });
    // The turn of the other one.
    await send(url, "/", { method: "PUT", body: "b" });
    expect(await send(url, "/", { method: "POST", body: "post" })).toMatchObject({ status: 504 });
    expect(seen).toEqual(["slow data", "fast data", "fast b", "slow post"]);
  });

  it("waits for the other attempt when one of them fails", async () => {
    let isAsked = false;
    const breaks = await backend((req) => {
      void until(() => isAsked).then(() => req.socket.destroy());
    });
    const good = await backend((_, res) => {
      isAsked = true;
      void until(() => breaks.sockets.size === 0).then(() => res.end("good"));
    });
    const { url, ended } = await gatewayTo(
      oneService([breaks.url, good.url], { ...hedge, ...again }, { outlier: false }),
    );
    expect(await send(url, "/")).toMatchObject({ status: 200, body: "good" });
    expect(await ended()).toMatchObject({ attempts: 2, failed: [{ next: "hedged" }] });
  });

  it("has the body when it waits in a queue while the first attempt fails", async () => {
    let picked = 1;
    let leaveFirst = (): void => {};
    let answerHolder = (): void => {};
    const first = await backend(async (req) => {
      await text(req);
      leaveFirst = () => req.socket.destroy();
    });
    const second = await backend(async (req, res) => {
      const body = await text(req);
      if (req.method === "POST") answerHolder = () => res.end();
      else res.end(`got ${body}`);
    });
    const config = oneService(
      [first.url, second.url],
      { ...hedge, retry: { attempts: 0 } },
      {
        balancer: { name: "picked", pick: () => picked },
        connect: { connections: 1, queue: 10 },
      },
    );
    const { url, gateway } = await gatewayTo(config);
    const holder = request(url, { method: "POST", agent: false }).end();
    await until(() => second.sockets.size > 0);
    picked = 0;
    const reply = send(url, "/", { method: "PUT", body: "data" });
    await until(() => inFlight(gateway) === 3);
    leaveFirst();
    await until(() => inFlight(gateway) === 2);
    answerHolder();
    expect(await reply).toMatchObject({ status: 200, body: "got data" });
    holder.destroy();
  });

  it("is cancelled whole when the client leaves", async () => {
    const silent = await Promise.all([backend(() => {}), backend(() => {})]);
    const urls = silent.map(({ url }) => url);
    const { port, ended, gateway } = await gatewayTo(oneService(urls, hedge));
    const client = await open(port);
    client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => silent.every(({ sockets }) => sockets.size === 1));
    client.destroy();
    expect(await ended()).toMatchObject({ status: 499, attempts: 2 });
    await until(() => silent.every(({ sockets }) => sockets.size === 0));
    expect(inFlight(gateway)).toBe(0);
  });

  it("asks no instance twice", async () => {
    let calls = 0;
    const only = await startServer((_, res) => {
      calls++;
      setTimeout(() => res.end("only"), 40);
    });
    const { url } = await gatewayTo(oneService([only.url], { hedge: { delayMs: 5 } }));
    expect(await send(url, "/")).toMatchObject({ body: "only" });
    expect(calls).toBe(1);
    await only.close();
  });
});
