import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import {
  deadUrl,
  inFlight,
  open,
  startProxy,
  startServer,
  until,
  type TestProxy,
  type TestServer,
} from "./kit.js";

const running: (TestServer | TestProxy)[] = [];
const track = <T extends TestServer>(server: T): T => {
  running.push(server);
  return server;
};

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

const config = (...urls: string[]) => ({
  services: { chat: { instances: urls, balancer: "round-robin" as const } },
  routes: [
    { id: "chat", match: { path: "/chat/*" }, to: "chat" },
    { id: "gone", match: { path: "/gone" }, respond: { status: 410, body: "gone" } },
  ],
});

async function chatServer(): Promise<TestServer & { messages: string[] }> {
  const instance = track(await startServer((_, res) => res.writeHead(426).end("websockets only")));
  const messages: string[] = [];
  const sockets = new WebSocketServer({
    server: instance.server,
    handleProtocols: (protocols) => [...protocols].at(-1) ?? false,
  });
  sockets.on("connection", (socket) => {
    socket.on("error", () => {});
    socket.on("message", (data: Buffer) => {
      messages.push(data.toString());
      socket.send(`echo ${data.toString()}`);
    });
  });
  return { ...instance, messages };
}

/** An instance that answers an upgrade with raw bytes. */
async function rawInstance(
  answer: (req: IncomingMessage, socket: Duplex) => void,
): Promise<TestServer> {
  const instance = track(await startServer());
  instance.server.on("upgrade", (req, socket) => {
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    answer(req, socket.resume());
  });
  return instance;
}

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = createHash("sha1")
  .update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
  .digest("base64");
const upgradeRequest = (path: string, more = "") =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n${more}\r\n`;

describe("a websocket", () => {
  it("opens through the gateway, carries messages both ways and ends on both sides", async () => {
    const instance = await chatServer();
    const { port, ended, gateway } = track(await startProxy(config(instance.url)));
    const client = new WebSocket(`ws://127.0.0.1:${port}/chat/room?x=1`, ["a", "b"]);
    await once(client, "open");
    expect(client.protocol).toBe("b");
    expect(inFlight(gateway)).toBe(1);
    client.send("hello");
    const [data] = (await once(client, "message")) as [Buffer];
    expect(data.toString()).toBe("echo hello");
    client.close();
    await once(client, "close");
    expect(await ended()).toMatchObject({ status: 101, isComplete: true, attempts: 1 });
    expect(inFlight(gateway)).toBe(0);
    await until(() => instance.sockets.size === 0);
  });

  it("goes to another instance when the first takes no connection", async () => {
    const instance = await chatServer();
    const { port, ends } = track(await startProxy(config(await deadUrl(), instance.url)));
    const client = new WebSocket(`ws://127.0.0.1:${port}/chat/room`);
    await once(client, "open");
    client.terminate();
    await until(() => ends.length === 1);
    expect(ends[0]).toMatchObject({ status: 101, attempts: 2 });
  });

  it.each(["client", "instance"])("ends on the other side when the %s is killed", async (side) => {
    const instance = await chatServer();
    const { port, ended, server, gateway } = track(await startProxy(config(instance.url)));
    const client = new WebSocket(`ws://127.0.0.1:${port}/chat/room`);
    client.on("error", () => {});
    await once(client, "open");
    const closed = once(client, "close");
    if (side === "client") client.terminate();
    else for (const socket of instance.sockets) socket.resetAndDestroy();
    await closed;
    await ended();
    await until(() => instance.sockets.size === 0);
    expect(inFlight(gateway)).toBe(0);
    await until(() => connections(server) === 0);
  });

  it("gets the whole answer of an instance that refuses", async () => {
    const instance = await rawInstance((_, socket) => {
      socket.end("HTTP/1.1 403 Forbidden\r\nX-Why: no\r\nContent-Length: 4\r\n\r\nnope");
    });
    const { port, ended } = track(await startProxy(config(instance.url)));
    const client = await open(port);
    client.write(upgradeRequest("/chat/a"));
    await once(client, "close");
    expect(client.received()).toMatch(/^HTTP\/1.1 403 Forbidden\r\n/);
    expect(client.received()).toContain("x-why: no");
    expect(client.received()).toMatch(/\r\n\r\nnope$/);
    expect(await ended()).toMatchObject({ status: 403 });
  });

  it.each([
    ["a wrong key", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA"],
    ["another protocol", `Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}`],
  ])("is refused with 502 when the 101 has %s", async (_, head) => {
    const instance = await rawInstance((__, socket) =>
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${head}\r\n\r\n`),
    );
    const { port, ended } = track(await startProxy(config(instance.url)));
    const client = await open(port);
    client.write(upgradeRequest("/chat/a"));
    await once(client, "close");
    expect(client.received()).toMatch(/^HTTP\/1.1 502 /);
    expect(await ended()).toMatchObject({
      status: 502,
      failure: { side: "instance", cause: "protocol" },
    });
    await until(() => instance.sockets.size === 0);
  });

  it("keeps bytes behind the request back until the tunnel is open", async () => {
    let open_ = (): void => {};
    let before = -1;
    const got: Buffer[] = [];
    const instance = await rawInstance((_, socket) => {
      socket.on("data", (bytes: Buffer) => got.push(bytes));
      open_ = () => {
        before = got.length;
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`,
        );
      };
    });
    const { port } = track(await startProxy(config(instance.url)));
    const client = await open(port);
    client.write(`${upgradeRequest("/chat/a")}early`);
    await until(() => open_.toString().includes("before"));
    open_();
    await until(() => Buffer.concat(got).toString() === "early");
    expect(before).toBe(0);
    client.destroy();
  });

  it("is answered 504 when the instance is silent for longer than an attempt may take", async () => {
    const instance = await rawInstance(() => {});
    const { port } = track(
      await startProxy({
        services: { chat: { instances: [instance.url] } },
        routes: [{ match: { path: "/chat/*" }, to: "chat", timeouts: { attemptMs: 20 } }],
      }),
    );
    const client = await open(port);
    client.write(upgradeRequest("/chat/a"));
    await once(client, "close");
    expect(client.received()).toMatch(/^HTTP\/1.1 504 /);
  });

  it("is cut off when more comes behind the request than can be kept back", async () => {
    const instance = await rawInstance(() => {});
    const { port, ended, gateway } = track(await startProxy(config(instance.url)));
    const client = await open(port);
    client.write(upgradeRequest("/chat/a") + "x".repeat(65_536));
    await until(() => client.destroyed);
    expect(await ended()).toMatchObject({ status: 499 });
    expect(inFlight(gateway)).toBe(0);
  });

  it.each([
    ["with a body", "/chat/a", "Content-Length: 3\r\n", 400],
    ["that no route takes", "/else", "", 404],
    ["that the gateway answers itself", "/gone", "", 410],
  ])("request %s is answered and closed", async (_, path, more, status) => {
    const instance = await chatServer();
    const { port } = track(await startProxy(config(instance.url)));
    const client = await open(port);
    client.write(upgradeRequest(path, more));
    await once(client, "close");
    expect(client.received()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(instance.sockets.size).toBe(0);
  });

  it("is cut when the proxy closes and its grace is over", async () => {
    const instance = await chatServer();
    const { port, proxy } = track(await startProxy(config(instance.url)));
    const client = new WebSocket(`ws://127.0.0.1:${port}/chat/room`);
    client.on("error", () => {});
    await once(client, "open");
    const closed = once(client, "close");
    await proxy.close({ graceMs: 10 });
    await closed;
    expect(proxy.counts).toMatchObject({ requests: 0, upgrades: 0 });
  });
});

it("a request that offers h2c is served as if it had not", async () => {
  const instance = track(
    await startServer((req, res) => res.end(`upgrade: ${req.headers.upgrade ?? "none"}`)),
  );
  const { port } = track(await startProxy(config(instance.url)));
  const client = await open(port);
  client.write(
    "GET /chat/a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
  );
  await once(client, "close");
  expect(client.received()).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(client.received()).toContain("upgrade: none");
});

function connections(server: TestServer["server"]): number {
  return (server as unknown as { _connections: number })._connections;
}
