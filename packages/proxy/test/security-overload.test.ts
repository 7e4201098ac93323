import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createGateway, systemEnv } from "@signalbox/core";
import { describe, expect, it } from "vitest";
import type { MirrorEnd } from "../src/index.js";
import { inFlight, open, send, until } from "./kit.js";
import { startBlackHole } from "./leaks/black-hole.js";
import { oneService } from "./rig.js";
import { exchange, get, OK, securityRig, statusesIn } from "./security-kit.js";

const { backend, gatewayTo, wire } = securityRig();

describe("an instance to which no connection comes about", () => {
  it("is given up in time, and another one is asked, for a POST too", async () => {
    const hole = await startBlackHole();
    const instance = await backend((req, res) => void req.pipe(res));
    const connect = { timeoutMs: 100 };
    const config = oneService([hole.url, instance.url], {}, { connect });
    const { url, ended, gateway } = await gatewayTo(config);
    expect(await send(url, "/", { method: "POST", body: "b" })).toMatchObject({
      status: 200,
      body: "b",
    });
    expect(await ended()).toMatchObject({
      attempts: 2,
      failed: [{ outcome: { kind: "failure", stage: "connect", cause: "timeout" } }],
    });
    expect(inFlight(gateway)).toBe(0);
    await hole.close();
  });

  it("is a 504 where there is no other", async () => {
    const hole = await startBlackHole();
    const connect = { timeoutMs: 100 };
    const { url, ended } = await gatewayTo(oneService([hole.url], {}, { connect }));
    expect(await send(url, "/")).toMatchObject({ status: 504 });
    expect(await ended()).toMatchObject({
      failure: { side: "instance", stage: "connect", cause: "timeout" },
    });
    await hole.close();
  });

  it("nor any other wait is waited for without a bound, where nothing is configured", () => {
    const gateway = createGateway(oneService(["http://a"]));
    const decision = gateway.decide({ method: "GET", url: "/" });
    expect(decision).toMatchObject({ timeouts: { idleMs: 60_000 } });
    expect(gateway.connectOf("s")).toMatchObject({
      ...{ timeoutMs: 5_000, queueMs: 5_000, queue: 1_024, connections: 256 },
    });
  });
});

describe("an idle connection", () => {
  it("is not kept as long as the instance would keep it", async () => {
    const instance = await wire(OK.replace("\r\n\r\n", "\r\nKeep-Alive: timeout=1\r\n\r\n"));
    const connect = { keepAliveMs: 600_000 };
    const { url } = await gatewayTo(oneService([instance.url], {}, { connect }));
    expect(await send(url, "/")).toMatchObject({ status: 200 });
    await until(() => instance.sockets.size === 0);
  });

  it("is not used again once the instance has closed it, so that a POST goes over a new one", async () => {
    let answered = 0;
    const instance = await wire((socket) => {
      socket.write(OK);
      if (++answered === 1) socket.end();
    });
    const { url } = await gatewayTo(oneService([instance.url]));
    expect(await send(url, "/1")).toMatchObject({ status: 200 });
    await until(() => instance.sockets.size === 0);
    expect(await send(url, "/2", { method: "POST", body: "b" })).toMatchObject({ status: 200 });
    expect(instance.received().match(/POST/g)).toHaveLength(1);
  });
});

describe("a client that leaves", () => {
  it("in the pause before a retry causes no other attempt", async () => {
    const busy = await wire("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    const retry = {
      attempts: 5,
      statuses: [503],
      backoff: { baseMs: 600_000, maxMs: 600_000 },
    };
    const env = { ...systemEnv(), random: () => 0.99 };
    const { port, ended, gateway, proxy } = await gatewayTo(
      oneService([busy.url], { retry }, { outlier: false }),
      { env },
    );
    const client = await open(port);
    client.write(get("/x", "Host: a"));
    await until(() => busy.connections() === 1 && inFlight(gateway) === 0);
    client.destroy();
    expect(await ended()).toMatchObject({ status: 499, attempts: 1, failure: { side: "client" } });
    expect(proxy.counts.requests).toBe(0);
    expect(busy.connections()).toBe(1);
  });
});

describe("more than a service takes", () => {
  it("is told 503 and when to come back, before its body is read, and other routes go on", async () => {
    const instance = await wire(() => {});
    const { port, url, gateway } = await gatewayTo({
      services: { s: { instances: [instance.url], limits: { requests: 1 } } },
      routes: [
        { match: { path: "/healthz" }, respond: { status: 200, body: "fine" } },
        { match: { path: "/*" }, to: "s" },
      ],
    });
    const first = await open(port);
    first.write(get("/first", "Host: a"));
    await until(() => inFlight(gateway) === 1 && instance.connections() === 1);
    const head = "POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";
    const refused = await exchange(port, head);
    expect(statusesIn(refused)).toEqual([503]);
    expect(refused).toMatch(/\r\nretry-after: \d+\r\n/i);
    expect(refused).toMatch(/\r\nconnection: close\r\n/i);
    expect(await send(url, "/healthz")).toMatchObject({ status: 200, body: "fine" });
    expect(instance.connections()).toBe(1);
    first.destroy();
  });
});

describe("an upload of 200 MB on a route that retries and copies", () => {
  it("is never held in memory: the copy is left out, and nothing is sent again", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const held = (): number => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const chunk = Buffer.alloc(1 << 20, "x");
    const total = 200 * chunk.length;
    let got = 0;
    let asked: IncomingMessage | undefined;
    const instance = await backend((req) => {
      asked = req.on("error", () => {}).on("data", (bytes: Buffer) => (got += bytes.length));
    });
    const shadow = await backend((_, res) => res.end());
    const told: MirrorEnd[] = [];
    const { url, ended } = await gatewayTo(
      {
        services: {
          s: { instances: [instance.url], outlier: false },
          shadow: { instances: [shadow.url] },
        },
        routes: [
          {
            match: { path: "/*" },
            to: "s",
            retry: { attempts: 3, methods: ["PUT"] },
            mirror: [{ service: "shadow" }],
          },
        ],
      },
      { onMirror: (end) => void told.push(end) },
    );
    const before = held();
    const headers = { "content-length": String(total + 1) };
    const req = request(url, { method: "PUT", agent: false, headers });
    for (let sent = 0; sent < total; sent += chunk.length)
      if (!req.write(chunk)) await once(req, "drain");
    await until(() => got === total);
    expect(held() - before).toBeLessThan(32 * 2 ** 20);
    asked?.socket.destroy();
    const [res] = (await once(
      req.on("error", () => {}),
      "response",
    )) as [IncomingMessage];
    expect(res.statusCode).toBe(502);
    expect(await ended()).toMatchObject({ attempts: 1, failed: [{ next: "body" }] });
    expect(told).toMatchObject([{ dropped: "too-large" }]);
    expect(shadow.sockets.size).toBe(0);
  });
});
