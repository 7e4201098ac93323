import { once } from "node:events";
import { request, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { inFlight, open, send, until } from "./kit.js";
import { oneService, rig } from "./rig.js";

const { backend, gatewayTo } = rig();

describe("the size of a body", () => {
  const small = { limits: { bodyBytes: 5 } };

  it("is looked at before anything is sent where it is announced", async () => {
    const instance = await backend(async (req, res) => res.end(await text(req)));
    const { url, ended } = await gatewayTo(oneService([instance.url], small));
    expect(await send(url, "/", { method: "POST", body: "123456" })).toMatchObject({ status: 413 });
    expect(instance.sockets.size).toBe(0);
    expect(await ended()).toMatchObject({ decision: { reason: "too-large" }, attempts: 0 });
    expect(await send(url, "/", { method: "POST", body: "12345" })).toMatchObject({
      body: "12345",
    });
  });

  it("is counted where it is not, and the rest of it is not read", async () => {
    let whole: boolean | undefined;
    const instance = await backend((req) => {
      req.on("error", () => {}).on("close", () => (whole = req.complete));
      req.resume();
    });
    const { port, ended, gateway } = await gatewayTo(oneService([instance.url], small));
    const client = await open(port);
    client.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n123\r\n");
    await until(() => instance.sockets.size === 1);
    client.write("3\r\n456\r\n");
    await once(client, "close");
    expect(client.received()).toMatch(/^HTTP\/1\.1 413 [^]*\r\nConnection: close\r\n/i);
    expect(await ended()).toMatchObject({
      status: 413,
      failure: { side: "client", cause: "too-large" },
    });
    await until(() => whole !== undefined);
    expect(whole).toBe(false);
    expect(inFlight(gateway)).toBe(0);
  });

  it("cuts a response that has begun", async () => {
    const instance = await backend((req, res) => {
      req.resume();
      res.writeHead(200).flushHeaders();
    });
    const { url, ended } = await gatewayTo(oneService([instance.url], small));
    const req = request(url, { method: "POST", agent: false });
    req.on("error", () => {});
    req.write("123");
    const [res] = (await once(req, "response")) as [IncomingMessage];
    req.write("456");
    await expect(text(res)).rejects.toThrow("aborted");
    expect(await ended()).toMatchObject({ status: 200, isComplete: false });
  });
});

it("a target, header lines and header bytes past their limits have statuses of their own", async () => {
  const instance = await backend((_, res) => res.end("ok"));
  const limits = { urlBytes: 20, headerBytes: 100, headerCount: 4 };
  const { url } = await gatewayTo({ ...oneService([instance.url]), limits });
  const statusOf = async (path: string, headers = {}) =>
    (await send(url, path, { headers })).status;
  expect(await statusOf(`/${"x".repeat(19)}`)).toBe(200);
  expect(await statusOf(`/${"x".repeat(20)}`)).toBe(414);
  expect(await statusOf("/", { a: "1", b: "2" })).toBe(200);
  expect(await statusOf("/", { a: "1", b: "2", c: "3" })).toBe(431);
  expect(await statusOf("/", { a: "x".repeat(90) })).toBe(431);
});

describe("a silent side", () => {
  const quick = { timeouts: { idleMs: 40 } };

  it("that is the instance before its head is a 504", async () => {
    const instance = await backend(() => {});
    const { url, ended } = await gatewayTo(oneService([instance.url], quick));
    expect(await send(url, "/")).toMatchObject({ status: 504 });
    expect(await ended()).toMatchObject({
      failure: { side: "instance", stage: "head", cause: "timeout" },
    });
  });

  it("that is the instance in its body cuts the response", async () => {
    const instance = await backend((_, res) => res.write("half"));
    const { url, ended, gateway } = await gatewayTo(oneService([instance.url], quick));
    await expect(send(url, "/")).rejects.toThrow("aborted");
    expect(await ended()).toMatchObject({
      failure: { side: "instance", stage: "body", cause: "timeout" },
    });
    expect(inFlight(gateway)).toBe(0);
  });

  it("that is the client in its body is a 408, and nobody else is blamed", async () => {
    const instance = await backend((req) => void req.resume());
    const { port, ended, gateway } = await gatewayTo(oneService([instance.url], quick));
    const client = await open(port);
    client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
    await once(client, "close");
    expect(client.received()).toMatch(/^HTTP\/1\.1 408 /);
    expect(await ended()).toMatchObject({ failure: { side: "client", cause: "silent" } });
    expect(gateway.snapshot().services["s"]?.instances[instance.url]?.consecutiveFailures).toBe(0);
  });

  it("that is a client which reads nothing loses its connection", async () => {
    const instance = await backend((_, res) => res.end(Buffer.alloc(64 * 1024 * 1024)));
    const { port, ended, gateway } = await gatewayTo(
      oneService([instance.url], { timeouts: { idleMs: 500 } }),
    );
    const client = await open(port);
    client.pause();
    client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(await ended()).toMatchObject({
      isComplete: false,
      failure: { side: "client", cause: "silent" },
    });
    expect(inFlight(gateway)).toBe(0);
    client.destroy();
  });

  it("is none while bytes go in either direction", async () => {
    const instance = await backend((req, res) => {
      res.writeHead(200).flushHeaders();
      req.resume().on("end", () => res.end("done"));
    });
    const { url } = await gatewayTo(oneService([instance.url], { timeouts: { idleMs: 1_000 } }));
    const req = request(url, { method: "POST", agent: false });
    const response = once(req, "response") as Promise<[IncomingMessage]>;
    // Ten pauses that are together far longer than what may be silence.
    for (let i = 0; i < 10; i++) {
      req.write("x");
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
    req.end();
    const [res] = await response;
    expect(await text(res)).toBe("done");
  });
});

describe("an upload that drips", () => {
  /** One byte now and then, never silent for long. */
  async function drip(port: number) {
    const client = await open(port);
    client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    const timer = setInterval(() => client.write("x"), 100);
    client.on("close", () => clearInterval(timer));
    return client;
  }

  it("loses its place to those who wait, and blames nobody", async () => {
    const instance = await backend((req, res) => {
      req.on("error", () => {}).resume();
      if (req.method === "GET") res.end("served");
    });
    const connect = { connections: 2, queueMs: 20_000 };
    const { url, port, ended, gateway } = await gatewayTo(
      oneService([instance.url], {}, { connect }),
    );
    const slow = await Promise.all([drip(port), drip(port)]);
    await until(() => inFlight(gateway) === 2);
    expect(await send(url, "/")).toMatchObject({ status: 200, body: "served" });
    await until(() => slow.every(({ closed }) => closed));
    for (const client of slow) expect(client.received()).toMatch(/^HTTP\/1\.1 408 /);
    expect((await ended()).failure).toEqual({ side: "client", stage: "send", cause: "silent" });
    expect(gateway.snapshot().services["s"]?.instances[instance.url]).toMatchObject({
      inFlight: 0,
      consecutiveFailures: 0,
    });
  });
});

describe("a limit of time", () => {
  it("for the head alone is a 504 of its own", async () => {
    const instance = await backend(() => {});
    const { url, ended } = await gatewayTo(
      oneService([instance.url], { timeouts: { headMs: 30 } }),
    );
    expect(await send(url, "/", { method: "POST", body: "b" })).toMatchObject({ status: 504 });
    expect(await ended()).toMatchObject({ failure: { stage: "head", cause: "timeout" } });
  });

  it("for the head says nothing of the body", async () => {
    let finish = (): void => {};
    const instance = await backend((_, res) => {
      res.writeHead(200).flushHeaders();
      finish = () => res.end("late");
    });
    const { url } = await gatewayTo(oneService([instance.url], { timeouts: { headMs: 60 } }));
    const req = request(url, { agent: false }).end();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    await new Promise((resolve) => setTimeout(resolve, 100));
    finish();
    expect(await text(res)).toBe("late");
  });

  it("for the whole request is a 504 before the head, and a cut behind it", async () => {
    const silent = await backend(() => {});
    const before = await gatewayTo(oneService([silent.url], { timeouts: { requestMs: 30 } }));
    expect(await send(before.url, "/")).toMatchObject({ status: 504 });
    const drips = await backend((_, res) => {
      const timer = setInterval(() => res.write("x"), 5);
      res.on("close", () => clearInterval(timer));
    });
    const behind = await gatewayTo(oneService([drips.url], { timeouts: { requestMs: 60 } }));
    await expect(send(behind.url, "/")).rejects.toThrow("aborted");
    expect(await behind.ended()).toMatchObject({
      isComplete: false,
      failure: { cause: "timeout" },
    });
  });

  it.each(["requestMs", "attemptMs"])("%s is not one for an event stream", async (limit) => {
    let finish = (): void => {};
    const instance = await backend((_, res) => {
      res.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      res.write("data: 1\n\n");
      finish = () => res.end("data: 2\n\n");
    });
    const { url } = await gatewayTo(oneService([instance.url], { timeouts: { [limit]: 50 } }));
    const req = request(url, { agent: false }).end();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    await new Promise((resolve) => setTimeout(resolve, 100));
    finish();
    expect(await text(res)).toBe("data: 1\n\ndata: 2\n\n");
  });

  it("for the wait for a connection is a 503", async () => {
    const instance = await backend(() => {});
    const connect = { connections: 1, queueMs: 30 };
    const { url, port, ended } = await gatewayTo(oneService([instance.url], {}, { connect }));
    const first = await open(port);
    first.write("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => instance.sockets.size === 1);
    const reply = await send(url, "/2");
    expect(reply).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    expect(await ended()).toMatchObject({ failure: { side: "gateway", cause: "overloaded" } });
    first.destroy();
  });
});

describe("the requests under way at a service", () => {
  const held = async (limits: object) => {
    const waiting: ServerResponse[] = [];
    const instance = await backend((_, res) => void waiting.push(res));
    const gateway = await gatewayTo(oneService([instance.url], {}, { limits }));
    return { ...gateway, waiting };
  };

  it("past their limit get 503 at once where there is no queue", async () => {
    const { url, waiting, ends } = await held({ requests: 1 });
    const first = send(url, "/1");
    await until(() => waiting.length === 1);
    expect(await send(url, "/2")).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    expect(ends[0]?.decision).toMatchObject({ kind: "reject", reason: "overloaded", service: "s" });
    waiting[0]?.end("one");
    expect(await first).toMatchObject({ body: "one" });
    const third = send(url, "/3");
    await until(() => waiting.length === 2);
    waiting[1]?.end("three");
    expect(await third).toMatchObject({ body: "three" });
  });

  it("wait their turn in a queue, in their order", async () => {
    const { url, waiting, proxy } = await held({ requests: 1, queue: 2 });
    const replies = [send(url, "/1")];
    await until(() => waiting.length === 1);
    replies.push(send(url, "/2"));
    await until(() => proxy.counts.waiting === 1);
    replies.push(send(url, "/3"));
    await until(() => proxy.counts.waiting === 2);
    expect(await send(url, "/4")).toMatchObject({ status: 503 });
    for (let i = 0; i < 3; i++) {
      await until(() => waiting.length === i + 1);
      waiting[i]?.end(waiting[i]?.req.url);
    }
    expect((await Promise.all(replies)).map(({ body }) => body)).toEqual(["/1", "/2", "/3"]);
    expect(proxy.counts.waiting).toBe(0);
  });

  it("are given up when they have waited long enough", async () => {
    const { url, waiting, proxy } = await held({ requests: 1, queue: 1, queueMs: 20 });
    const first = send(url, "/1");
    await until(() => waiting.length === 1);
    expect(await send(url, "/2")).toMatchObject({ status: 503 });
    expect(proxy.counts.waiting).toBe(0);
    waiting[0]?.end("one");
    expect(await first).toMatchObject({ body: "one" });
  });

  it("leave the queue when their clients leave", async () => {
    const { url, port, waiting, proxy, ended } = await held({ requests: 1, queue: 1 });
    const first = send(url, "/1");
    await until(() => waiting.length === 1);
    const client = await open(port);
    client.write("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => proxy.counts.waiting === 1);
    client.destroy();
    expect(await ended()).toMatchObject({
      status: 499,
      failure: { side: "client", cause: "left" },
    });
    expect(proxy.counts.waiting).toBe(0);
    waiting[0]?.end("one");
    await first;
  });

  it("get a place that another proxy over the same gateway gave back", async () => {
    const { url, waiting, gateway, proxy } = await held({ requests: 1, queue: 1 });
    const elsewhere = gateway.decide({ method: "GET", url: "/" });
    gateway.start(elsewhere);
    const reply = send(url, "/1");
    await until(() => proxy.counts.waiting === 1);
    gateway.report(elsewhere, { kind: "cancelled", stage: "head" });
    await until(() => waiting.length === 1);
    waiting[0]?.end("one");
    expect(await reply).toMatchObject({ body: "one" });
  });
});
