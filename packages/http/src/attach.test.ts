import { once } from "node:events";
import {
  createServer,
  request,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { createGateway } from "@signalbox/core";
import { ServerSettingsError } from "@signalbox/proxy";
import { afterEach, describe, expect, it, vi } from "vitest";
import { attachGateway, gatewayListener, type AttachedGateway } from "./attach.js";

const servers: Server[] = [];
const mounts: AttachedGateway[] = [];

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function mount(...args: Parameters<typeof attachGateway>): AttachedGateway {
  const mounted = attachGateway(...args);
  mounts.push(mounted);
  return mounted;
}

afterEach(async () => {
  await Promise.all(mounts.splice(0).map((mounted) => mounted.close({ graceMs: 10 })));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function send(
  url: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<{ status: number; body: string }> {
  const req = request(url, { method: body === undefined ? "GET" : "POST", headers, agent: false });
  if (headers["expect"] === undefined) req.end(body);
  else req.once("continue", () => req.end(body)).flushHeaders();
  const [res] = (await once(req, "response")) as [IncomingMessage];
  return { status: res.statusCode as number, body: await text(res) };
}

const quiet = { warn: () => {} };

describe("attachGateway", () => {
  it("takes what a route takes, and leaves the rest to the listeners that the server has", async () => {
    const orders = await listen(createServer((req, res) => res.end(`orders ${req.url}`)));
    const server = createServer((req, res) => res.end(`app ${req.url}`));
    mount(server, createGateway([{ path: "/orders/*", to: orders }]));
    const url = await listen(server);
    expect(await send(`${url}/orders/7`)).toEqual({ status: 200, body: "orders /orders/7" });
    expect(await send(`${url}/about`)).toEqual({ status: 200, body: "app /about" });
  });

  it("answers 404 where the server has no listener", async () => {
    const server = createServer();
    mount(server, createGateway([]));
    expect((await send(await listen(server))).status).toBe(404);
  });

  it("lets a client that asks first send its body, to an instance and to the server's own listener", async () => {
    const echo = await listen(
      createServer(
        (req, res) => void text(req).then((body) => res.end(`${req.headers.expect} ${body}`)),
      ),
    );
    const server = createServer(
      (req, res) => void text(req).then((body) => res.end(`app ${body}`)),
    );
    mount(server, createGateway([{ path: "/echo", to: echo }]));
    const url = await listen(server);
    const expecting = { expect: "100-continue", "content-length": "5" };
    expect(await send(`${url}/echo`, expecting, "hello")).toEqual({
      status: 200,
      body: "100-continue hello",
    });
    expect(await send(`${url}/else`, expecting, "hello")).toEqual({
      status: 200,
      body: "app hello",
    });
  });

  it("hands upgrades that no route takes to the server's own listener", async () => {
    const server = createServer();
    server.on("upgrade", (_, socket) =>
      socket.end("HTTP/1.1 418 I'm a teapot\r\nConnection: close\r\n\r\n"),
    );
    mount(server, createGateway([{ path: "/chat", to: "http://127.0.0.1:9" }]));
    const url = await listen(server);
    const headers = { connection: "upgrade", upgrade: "websocket" };
    expect((await send(`${url}/own`, headers)).status).toBe(418);
  });

  it.each(["h2c", "websocket"])(
    "leaves a request that offers %s to an app that takes no upgrades",
    async (protocol) => {
      const server = createServer((req, res) => res.end(`app ${req.url}`));
      mount(server, createGateway([{ path: "/orders/*", to: "http://127.0.0.1:9" }]));
      const url = await listen(server);
      const headers = { connection: "Upgrade", upgrade: protocol };
      expect(await send(`${url}/own`, headers)).toEqual({ status: 200, body: "app /own" });
    },
  );

  it("serves a request that offers h2c as if it did not, its body included", async () => {
    const orders = await listen(
      createServer((req, res) => {
        void text(req).then((body) => res.end(`${req.headers.upgrade} ${body}`));
      }),
    );
    const server = createServer();
    mount(server, createGateway([{ path: "/orders", to: orders }]));
    const url = await listen(server);
    const headers = { connection: "Upgrade", upgrade: "h2c", "content-length": "5" };
    expect(await send(`${url}/orders`, headers, "hello")).toEqual({
      status: 200,
      body: "undefined hello",
    });
  });

  it("gives the server its listeners back when it closes", async () => {
    const server = createServer((_, res) => res.end("app"));
    const mounted = mount(
      server,
      createGateway([{ path: "/*", respond: { status: 200, body: "gateway" } }]),
    );
    const url = await listen(server);
    expect((await send(url)).body).toBe("gateway");
    await mounted.close();
    expect((await send(url)).body).toBe("app");
    expect(server.listenerCount("upgrade")).toBe(0);
  });

  it("refuses unsafe settings when it is strict, and warns of them else", () => {
    const server = createServer({ insecureHTTPParser: true, requireHostHeader: false });
    server.requestTimeout = 0;
    server.maxHeadersCount = 100;
    const warnings: string[] = [];
    mount(server, createGateway([]), { warn: (message) => warnings.push(message) });
    expect(warnings).toEqual([
      "insecureHTTPParser is on: requests can be smuggled; leave it off",
      "requireHostHeader is off: HTTP/1.1 requests need a Host",
      "maxHeadersCount is 100: headers past it vanish unseen; set it to 0, the size stays limited",
      "requestTimeout is 0: a slow upload holds its connection for ever; set it to what your uploads need",
    ]);
    expect(() => attachGateway(server, createGateway([]), { strict: true })).toThrow(
      ServerSettingsError,
    );
  });

  it("shares a proxy between mounts", async () => {
    const gateway = createGateway([{ path: "/*", respond: { status: 204 } }]);
    const first = createServer();
    const second = createServer();
    const mounted = mount(first, gateway, quiet);
    expect(mount(second, gateway, { proxy: mounted.proxy, ...quiet }).proxy).toBe(mounted.proxy);
  });
});

describe("gateways on one server", () => {
  const told = (status: number) => (_: IncomingMessage, socket: Duplex) =>
    void socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
  const offering = { connection: "upgrade", upgrade: "websocket" };
  const expecting = { expect: "100-continue", "content-length": "5" };

  /** A server with an application, and a gateway for each name, the first behind the others. */
  function stacked(...names: string[]) {
    const app = vi.fn<RequestListener>(
      (req, res) => void text(req).then((body) => res.end(`app ${body}`)),
    );
    const server = createServer(app);
    const mounts = names.map((name) =>
      mount(server, createGateway([{ path: `/${name}`, respond: { status: 200, body: name } }])),
    );
    return { app, server, mounts };
  }

  it.each([
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ])("close in any order: %i, %i, %i", async (...order) => {
    const { app, server, mounts } = stacked("a", "b", "c");
    const url = await listen(server);
    const open = new Set([0, 1, 2]);
    for (const next of order) {
      await (mounts[next] as AttachedGateway).close();
      open.delete(next);
      for (const [at, name] of ["a", "b", "c"].entries()) {
        app.mockClear();
        const body = open.has(at) ? name : "app ";
        expect(await send(`${url}/${name}`)).toEqual({ status: 200, body });
        expect((await send(`${url}/${name}`, offering)).body).toBe(body);
        expect(app).toHaveBeenCalledTimes(open.has(at) ? 0 : 2);
      }
      expect((await send(`${url}/else`, expecting, "hello")).body).toBe("app hello");
    }
    expect(server.rawListeners("request")).toEqual([app]);
    for (const event of ["upgrade", "checkContinue", "session"])
      expect([event, server.listenerCount(event)]).toEqual([event, 0]);
  });

  it.each([
    [0, 1],
    [1, 0],
  ])("give upgrades back in any order: %i, %i", async (first, second) => {
    const server = createServer().on("upgrade", told(418));
    const before = server.rawListeners("upgrade");
    const mounts = ["/a", "/b"].map((path) =>
      mount(server, createGateway([{ path, respond: { status: 204 } }])),
    );
    const url = await listen(server);
    expect((await send(`${url}/a`, offering)).status).toBe(204);
    await (mounts[first] as AttachedGateway).close();
    expect((await send(`${url}/${"ab"[first]}`, offering)).status).toBe(418);
    expect((await send(`${url}/${"ab"[second]}`, offering)).status).toBe(204);
    await (mounts[second] as AttachedGateway).close();
    expect((await send(`${url}/${"ab"[second]}`, offering)).status).toBe(418);
    expect(server.rawListeners("upgrade")).toEqual(before);
  });

  it("leave a server as Node made it", async () => {
    const { server, mounts } = stacked("a", "b");
    for (const mounted of mounts) await mounted.close();
    server.on("upgrade", told(418));
    expect((await send(await listen(server), offering)).status).toBe(418);
  });

  it("that are closed pass on what somebody who took their listener hands them", async () => {
    const { server, mounts } = stacked("a");
    const [held] = server.rawListeners("request") as RequestListener[];
    server.removeAllListeners("request").on("request", (req, res) => held?.(req, res));
    await mounts[0]?.close();
    const url = await listen(server);
    expect((await send(`${url}/a`)).body).toBe("app ");
  });
});

describe("gatewayListener", () => {
  it("does not give leave twice to a client that asks first", async () => {
    const echo = await listen(
      createServer((req, res) => void text(req).then((body) => res.end(body))),
    );
    const listener = gatewayListener(createGateway([{ path: "/*", to: echo }]));
    const url = await listen(createServer(listener));
    const headers = { expect: "100-continue", "content-length": "5" };
    const req = request(url, { method: "POST", headers, agent: false });
    let leaves = 0;
    req.on("continue", () => {
      leaves++;
      req.end("hello");
    });
    req.flushHeaders();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    expect(await text(res)).toBe("hello");
    expect(leaves).toBe(1);
    await listener.close({ graceMs: 10 });
  });

  it("is a listener with a fallback, an upgrade listener and a close", async () => {
    const instance = await listen(createServer((_, res) => res.end("instance")));
    const listener = gatewayListener(createGateway([{ path: "/api/*", to: instance }]), {
      fallback: (_, res) => res.end("app"),
    });
    const url = await listen(createServer(listener).on("upgrade", listener.upgrade));
    expect((await send(`${url}/api/x`)).body).toBe("instance");
    expect((await send(`${url}/x`)).body).toBe("app");
    await listener.close();
    expect((await send(`${url}/api/x`)).status).toBe(503);
  });
});
