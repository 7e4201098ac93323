import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createGateway, type ConfigInput } from "@signalbox/core";
import { afterEach, describe, expect, it } from "vitest";
import { createProxy, type ProxyOptions } from "../src/index.js";
import { deadUrl, inFlight, open, startServer, until, type TestServer } from "./kit.js";

// A host may take its time before its proxy gets a request: the client may have left by then.

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function started(config: (silent: string) => ConfigInput, options: ProxyOptions = {}) {
  const instance = await startServer(() => {});
  const gateway = createGateway(config(instance.url) as never);
  const statuses: number[] = [];
  const proxy = createProxy(gateway, { ...options, onEnd: ({ status }) => statuses.push(status) });
  let goOn: (() => void)[] = [];
  const server = await startServer((req, res) => {
    goOn.push(() => proxy.handle(req, res));
    res.once("close", () => server.server.emit("left"));
  });
  ends.push(server.close, instance.close, () => proxy.close({ graceMs: 10 }));
  /** Asks and leaves, and only then the proxy gets the request. */
  const leave = async (head = "GET /x HTTP/1.1"): Promise<void> => {
    const client = await open(server.port);
    client.write(`${head}\r\nHost: a\r\n\r\n`);
    await until(() => goOn.length === 1);
    const left = once(server.server, "left");
    client.destroy();
    await left;
    const [go] = goOn;
    goOn = [];
    go?.();
  };
  return { gateway, proxy, statuses, leave, instance: instance as TestServer };
}

describe("a request whose client left before the proxy got it", () => {
  it("asks nobody, is told, and leaves its place to others", async () => {
    const { leave, statuses, proxy, gateway, instance } = await started((url) => ({
      services: { s: { instances: [url], limits: { requests: 1 } } },
      routes: [{ to: "s" }],
    }));
    await leave();
    await leave("POST /x HTTP/1.1\r\nContent-Length: 0");
    await until(() => statuses.length === 2);
    expect(statuses).toEqual([499, 499]);
    expect(proxy.counts.requests).toBe(0);
    expect(inFlight(gateway)).toBe(0);
    expect(instance.sockets.size).toBe(0);
  });

  it("does not wait in a queue", async () => {
    const { leave, statuses, proxy } = await started(() => ({
      services: { s: { instances: [], limits: { requests: 1, queue: 5 } } },
      routes: [{ to: "s" }],
    }));
    await leave();
    await until(() => statuses.length === 1);
    expect(proxy.counts).toMatchObject({ requests: 0, waiting: 0 });
  });

  it("is told where the instance is dead, where the gateway answers, and to policies", async () => {
    const dead = await deadUrl();
    const told: number[] = [];
    const look = {
      onRequest: async () => undefined,
      onEnd: (end: { status: number }) => told.push(end.status),
    };
    const { leave, statuses } = await started(
      () => ({
        policies: ["look"],
        routes: [
          { match: { path: "/x" }, to: dead },
          { match: { path: "/own" }, respond: { status: 204 } },
        ],
      }),
      { policies: { look } as never },
    );
    await leave();
    await leave("GET /own HTTP/1.1");
    await until(() => statuses.length === 2);
    expect(statuses).toEqual([499, 499]);
    await until(() => told.length === 2);
  });
});

it("a request that the host has answered goes nowhere, and its answer stays whole", async () => {
  const instance = await startServer(() => {});
  const proxy = createProxy(createGateway([{ path: "/*", to: instance.url }]));
  const server = await startServer((req, res: ServerResponse) => {
    res.end("by the host");
    proxy.handle(req, res);
  });
  ends.push(server.close, instance.close, () => proxy.close({ graceMs: 10 }));
  const answer = await fetch(`${server.url}/x`);
  expect(await answer.text()).toBe("by the host");
  expect(proxy.counts.requests).toBe(0);
  expect(instance.sockets.size).toBe(0);
});
