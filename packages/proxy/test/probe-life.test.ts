import type { RequestListener, ServerResponse } from "node:http";
import { createGateway, type Gateway } from "@signalbox/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { createProxy, type ProxyOptions } from "../src/index.js";
import { Probes } from "../src/probes.js";
import { send, startServer, until } from "./kit.js";
import { next, startTcp } from "./probe-kit.js";

/** For tests that look at how often is asked, and not at what is found. */
const FAST = { intervalMs: 5, jitter: 0, path: "/up" };
const ONCE = { intervalMs: 60_000, path: "/up" };
/** One probe follows the other, where nothing is drawn but 0. */
const ON_AND_ON = { intervalMs: 60_000, jitter: 1, path: "/up" };

/** An instance that says its name, and answers probes as it is told. */
async function named(name: string, onProbe: RequestListener = (_, res) => void res.end()) {
  const probes: string[] = [];
  const instance = await startServer((req, res) => {
    if (req.url !== "/up") return void res.end(name);
    probes.push(name);
    onProbe(req, res);
  });
  onTestFinished(() => instance.close());
  return { ...instance, probes };
}

const configOf = (
  instances: readonly (string | object)[],
  probe?: object,
  service: object = {},
) => ({
  services: {
    s: {
      instances,
      balancer: "round-robin",
      ...(probe === undefined ? {} : { probe }),
      ...service,
    },
  },
  routes: [
    { id: "one", match: { path: "/one" }, to: "s" },
    { id: "all", match: { path: "/*" }, to: "s" },
  ],
});

function gatewayTo(...config: Parameters<typeof configOf>): Gateway {
  return createGateway(configOf(...config) as never);
}

function proxyOver(gateway: Gateway, options: ProxyOptions = {}) {
  const proxy = createProxy(gateway, options);
  onTestFinished(() => proxy.close());
  return proxy;
}

/** Waits while another instance is asked some times: what was to come by then has come. */
async function meanwhile(): Promise<void> {
  const other = await named("other");
  const proxy = proxyOver(gatewayTo([other.url], FAST));
  await until(() => other.probes.length >= 5);
  await proxy.close();
}

describe("probes of a proxy", () => {
  it("keep traffic from a new instance until its first pass", async () => {
    const [a, held] = [await named("a"), [] as ServerResponse[]];
    const b = await named("b", (_, res) => void held.push(res));
    const gateway = gatewayTo([a.url], ONCE);
    const passed = next(gateway, "passing");
    const proxy = proxyOver(gateway);
    const server = await startServer((req, res) => proxy.handle(req, res));
    onTestFinished(() => server.close());
    const bodies = async () => {
      const replies = [1, 2, 3, 4].map(() => send(server.url, "/"));
      return (await Promise.all(replies)).map(({ body }) => body).toSorted();
    };
    await passed;
    const { id } = gateway.service("s").add(b.url);
    await until(() => held.length === 1);
    expect(await bodies()).toEqual(["a", "a", "a", "a"]);
    const passes = next(gateway, "passing");
    held[0]?.end();
    expect((await passes).instance?.id).toBe(id);
    expect(await bodies()).toEqual(["a", "a", "b", "b"]);
  });

  it("keep traffic from one whose first probe fails", async () => {
    const { url } = await named("a", (_, res) => void res.writeHead(503).end());
    const gateway = gatewayTo([url], ONCE);
    const failed = next(gateway, "failing", "passing");
    proxyOver(gateway);
    expect((await failed).kind).toBe("failing");
    expect(gateway.service("s").instances()[0]?.health).toBe("failing");
  });

  it("take one out after failures in a row, and back after passes in a row", async () => {
    let status = 200;
    const answered: number[] = [];
    const a = await named("a", (_, res) => {
      answered.push(status);
      res.writeHead(status).end();
    });
    const gateway = gatewayTo([a.url], { ...ON_AND_ON, unhealthyAfter: 4, healthyAfter: 3 });
    const passed = next(gateway, "passing");
    const probes = new Probes(gateway, { random: () => 0 });
    onTestFinished(() => probes.stop());
    await passed;
    expect(answered).toEqual([200]);
    for (const [then, kind, count] of [
      [503, "failing", 4],
      [200, "passing", 3],
      [500, "failing", 4],
    ] as const) {
      answered.length = 0;
      status = then;
      expect((await next(gateway, "passing", "failing")).kind).toBe(kind);
      expect(answered.filter((each) => each === then)).toHaveLength(count);
    }
  });

  it("ask an instance once, however many routes and proxies lead to it", async () => {
    const [a, b] = [await named("a"), await named("b")];
    const gateway = gatewayTo([a.url], ONCE);
    const first = next(gateway, "passing");
    proxyOver(gateway);
    proxyOver(gateway);
    await first;
    const second = next(gateway, "passing");
    gateway.service("s").add(b.url);
    await second;
    await meanwhile();
    expect([a.probes.length, b.probes.length]).toEqual([1, 1]);
  });

  it("go on until the last proxy of the gateway closes, and begin anew with another", async () => {
    const a = await named("a");
    const gateway = gatewayTo([a.url], FAST);
    const [one, two] = [proxyOver(gateway), proxyOver(gateway)];
    await until(() => a.probes.length >= 2);
    await one.close();
    await one.close();
    const before = a.probes.length;
    await until(() => a.probes.length >= before + 3);
    await two.close();
    await until(() => a.sockets.size === 0);
    const after = a.probes.length;
    await meanwhile();
    expect(a.probes).toHaveLength(after);
    proxyOver(gateway);
    await until(() => a.probes.length > after);
  });

  it("are left to others by a proxy that is told so", async () => {
    const a = await named("a");
    const gateway = gatewayTo([a.url], FAST);
    proxyOver(gateway, { probes: false });
    await meanwhile();
    expect(a.probes).toHaveLength(0);
    expect(gateway.service("s").instances()[0]?.health).toBe("waiting");
    const passed = next(gateway, "passing");
    const asking = proxyOver(gateway);
    await passed;
    await asking.close();
  });

  it("stop with the instance", async () => {
    const [a, b] = [await named("a"), await named("b")];
    const gateway = gatewayTo([a.url, b.url], FAST);
    proxyOver(gateway);
    await until(() => a.probes.length >= 2 && b.probes.length >= 2);
    gateway.service("s").remove(b.url);
    await until(() => b.sockets.size === 0);
    const before = b.probes.length;
    await meanwhile();
    expect(b.probes).toHaveLength(before);
    const others = a.probes.length;
    await until(() => a.probes.length > others);
  });

  it("stop with an update that takes them away, and come with one that brings them", async () => {
    const a = await named("a");
    const gateway = gatewayTo([a.url], FAST);
    proxyOver(gateway);
    await until(() => a.probes.length >= 2);
    gateway.update(configOf([a.url]) as never);
    await until(() => a.sockets.size === 0);
    const before = a.probes.length;
    await meanwhile();
    expect(a.probes).toHaveLength(before);
    gateway.update(configOf([a.url], FAST) as never);
    await until(() => a.probes.length > before);
  });

  it("connect as an update says", async () => {
    const { url } = await named("a");
    const rule = { ...ONCE, unhealthyAfter: 1, healthyAfter: 1 };
    const gateway = gatewayTo([url], rule);
    const first = next(gateway, "passing");
    proxyOver(gateway);
    await first;
    const failed = next(gateway, "failing");
    gateway.update(configOf([url], rule, { connect: { protocol: "http2" } }) as never);
    await failed;
    const passed = next(gateway, "passing");
    gateway.update(configOf([url], rule) as never);
    await passed;
  });

  it("do not hold up a proxy that closes, and leave nothing open", async () => {
    const [silent, held] = [await startTcp(), [] as ServerResponse[]];
    const a = await named("a", (_, res) => void held.push(res));
    const gateway = gatewayTo([a.url, silent.url], { ...ONCE, timeoutMs: 60_000 });
    const proxy = proxyOver(gateway);
    await until(() => held.length === 1 && silent.sockets.size === 1);
    await proxy.close();
    await until(() => a.sockets.size === 0 && silent.sockets.size === 0);
    expect(
      gateway
        .service("s")
        .instances()
        .map(({ health }) => health),
    ).toEqual(["waiting", "waiting"]);
  });

  it("come to each of 300 instances", async () => {
    const a = await named("a");
    const instances = Array.from({ length: 300 }, (_, i) => ({ id: `i${i}`, url: a.url }));
    const gateway = gatewayTo(instances, ONCE);
    proxyOver(gateway);
    await until(() =>
      gateway
        .service("s")
        .instances()
        .every(({ health }) => health === "eligible"),
    );
    expect(a.probes).toHaveLength(300);
  });
});
