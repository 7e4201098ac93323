import { createServer as createTcp } from "node:net";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { allTo, answered, atEnd, closeAll, get, inFlight, instance, mount, signal } from "./kit.js";
import type { AddressInfo } from "node:net";

afterEach(closeAll);

/** An address at which nobody listens. */
async function deadUrl(): Promise<string> {
  const server = createTcp();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

const failed = (stage: string, cause: string) => ({ failure: { side: "instance", stage, cause } });

describe("an instance that fails", () => {
  it("is a 502 where nobody listens", async () => {
    const { handler, nextEnd } = mount(allTo(await deadUrl()));
    const response = await answered(handler(get("/", { headers: { accept: "application/json" } })));
    expect(response.status).toBe(502);
    expect(await response.json()).toEqual({ status: 502, title: "Bad Gateway" });
    expect(await nextEnd()).toMatchObject({ status: 502, ...failed("connect", "refused") });
  });

  it("is a 502 where it hangs up", async () => {
    const url = await instance((req) => req.socket.destroy());
    const { handler, nextEnd } = mount(allTo(url));
    expect((await answered(handler(get("/")))).status).toBe(502);
    expect(await nextEnd()).toMatchObject({ failure: { side: "instance" }, attempts: 1 });
  });

  it.each(["requestMs", "attemptMs", "headMs", "idleMs"])("is a 504 past %s", async (limit) => {
    const url = await instance(() => {});
    const { handler, nextEnd } = mount({
      routes: [{ match: { path: "/*" }, to: url, timeouts: { [limit]: 30 } }],
    });
    const response = await answered(handler(get("/")));
    expect([response.status, await response.text()]).toEqual([504, "504 Gateway Timeout\n"]);
    expect(await nextEnd()).toMatchObject(failed("head", "timeout"));
  });

  it("is followed by another one, with the body again", async () => {
    const bodies: string[] = [];
    const dies = await instance((req, res) => {
      void text(req).then((body) => {
        bodies.push(body);
        res.writeHead(503).end();
      });
    });
    const lives = await instance((req, res) => {
      void text(req).then((body) => {
        bodies.push(body);
        res.end("served");
      });
    });
    const { handler, nextEnd } = mount({
      services: { s: { instances: [dies, lives], balancer: "first-eligible" } },
      routes: [{ match: { path: "/*" }, to: "s", retry: { attempts: 2, statuses: [503] } }],
    });
    const response = await answered(handler(get("/", { method: "PUT", body: "again" })));
    expect(await response.text()).toBe("served");
    expect(bodies).toEqual(["again", "again"]);
    expect(await nextEnd()).toMatchObject({ status: 200, attempts: 2, isComplete: true });
  });

  it("makes the body of the response fail where it dies in it", async () => {
    const url = await instance((_, res) => {
      res.write("first");
      setImmediate(() => res.destroy());
    });
    const { handler, nextEnd } = mount(allTo(url));
    const response = await answered(handler(get("/")));
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow("the response was cut");
    expect(await nextEnd()).toMatchObject({
      ...{ isComplete: false, failure: { side: "instance", stage: "body" } },
    });
  });
});

describe("a client that leaves", () => {
  it("by its signal cancels the attempt, before there is a response", async () => {
    const asked = signal();
    const left = signal();
    const url = await instance((req) => {
      req.socket.on("close", left.resolve);
      asked.resolve();
    });
    const { handler, gateway, nextEnd } = mount(allTo(url));
    const controller = new AbortController();
    const response = handler(get("/", { signal: controller.signal }));
    await asked.promise;
    expect(inFlight(gateway)).toBe(1);
    controller.abort();
    expect((await answered(response)).status).toBe(499);
    await left.promise;
    expect(await nextEnd()).toMatchObject({
      ...{
        status: 499,
        isComplete: false,
        failure: { side: "client", stage: "head", cause: "left" },
      },
    });
  });

  it("before it was asked is answered all the same", async () => {
    const { handler, nextEnd } = mount(allTo("http://127.0.0.1:9"));
    const response = await answered(handler(get("/", { signal: AbortSignal.abort() })));
    expect(response.status).toBe(499);
    expect(await response.text()).toBe("499 Client Closed Request\n");
    expect(await nextEnd()).toMatchObject({ failure: { side: "client" } });
  });

  it.each(["cancel", "abort"])("in the body cancels the attempt (%s)", async (way) => {
    const left = signal();
    const url = await instance((_, res) => {
      res.on("close", left.resolve);
      res.write("first");
    });
    const { handler, nextEnd } = mount(allTo(url));
    const controller = new AbortController();
    const response = await answered(handler(get("/", { signal: controller.signal })));
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(Buffer.from((await reader.read()).value as Uint8Array).toString()).toBe("first");
    if (way === "cancel") await reader.cancel();
    else {
      controller.abort();
      await expect(reader.read()).rejects.toThrow("the response was cut");
    }
    await left.promise;
    expect(await nextEnd()).toMatchObject({
      ...{ status: 200, isComplete: false },
      failure: { side: "client", stage: "body", cause: "left" },
    });
  });

  it.each<[what: string, part: unknown]>([
    ["that breaks", undefined],
    ["that is none of bytes", { odd: true }],
  ])("with a body %s gets 400", async (_, part) => {
    const url = await instance((req) => void req.resume().on("error", () => {}));
    const { handler, nextEnd } = mount(allTo(url));
    let parts = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (parts++ === 0) controller.enqueue(new TextEncoder().encode("first"));
        else if (part === undefined) controller.error(new Error("broken"));
        else controller.enqueue(part);
      },
    });
    const response = await answered(
      handler(get("/", { method: "POST", body, duplex: "half" } as RequestInit)),
    );
    expect([response.status, await response.text()]).toEqual([400, "400 Bad Request\n"]);
    expect(await nextEnd()).toMatchObject({ failure: { side: "client" } });
  });
});

describe("closing", () => {
  it("cuts what does not end in time, and takes nothing new", async () => {
    const url = await instance((_, res) => void res.write("first"));
    const { handler, nextEnd } = mount(allTo(url));
    const response = await answered(handler(get("/")));
    await handler.close({ graceMs: 1 });
    expect(await nextEnd()).toMatchObject({ failure: { side: "gateway", cause: "closing" } });
    await expect(response.text()).rejects.toThrow("the response was cut");
    const late = await answered(handler(get("/")));
    expect([late.status, late.headers.get("retry-after")]).toEqual([503, "1"]);
    await nextEnd();
  });

  it("lets what is under way end", async () => {
    const asked = signal();
    const url = await instance((_, res) => {
      setImmediate(() => res.end("done"));
      asked.resolve();
    });
    const { handler } = mount(allTo(url));
    const response = handler(get("/"));
    await asked.promise;
    const closed = handler.close();
    expect(await (await answered(response)).text()).toBe("done");
    await closed;
  });
});

it("reports each outcome once, the head of a stream first", async () => {
  const ended = signal();
  const url = await instance((_, res) => {
    res.flushHeaders();
    void ended.promise.then(() => res.end("body"));
  });
  const { handler, gateway } = mount(allTo(url));
  const outcomes: string[] = [];
  const report = gateway.report.bind(gateway);
  gateway.report = (decision, outcome) => {
    outcomes.push(outcome.kind);
    return report(decision, outcome);
  };
  atEnd(async () => expect(outcomes).toEqual(["head", "response"]));
  const response = await answered(handler(get("/")));
  expect(outcomes).toEqual(["head"]);
  ended.resolve();
  expect(await response.text()).toBe("body");
});
