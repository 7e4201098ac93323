import { once } from "node:events";
import { createGateway } from "@signalbox/core";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createProxy } from "../src/index.js";
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
import {
  ACCEPT,
  chatConfig,
  chatServer as startChat,
  chatWithin,
  openWebSocket,
  rawInstance as startRaw,
  SWITCH,
  untilNothingIsLeft,
  upgradeRequest,
} from "./upgrade-kit.js";

const running: (TestServer | TestProxy)[] = [];
const track = <T extends TestServer>(server: T): T => {
  running.push(server);
  return server;
};

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

const chatServer = async () => track(await startChat());
const rawInstance: typeof startRaw = async (answer) => track(await startRaw(answer));

describe("a websocket", () => {
  it("opens through the gateway, carries messages both ways and ends on both sides", async () => {
    const instance = await chatServer();
    const { port, ended, gateway } = track(await startProxy(chatConfig(instance.url)));
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
    const { port, ends } = track(await startProxy(chatConfig(await deadUrl(), instance.url)));
    const client = new WebSocket(`ws://127.0.0.1:${port}/chat/room`);
    await once(client, "open");
    client.terminate();
    await until(() => ends.length === 1);
    expect(ends[0]).toMatchObject({ status: 101, attempts: 2 });
  });

  it("gets the whole answer of an instance that refuses", async () => {
    const instance = await rawInstance((socket) => {
      socket.end("HTTP/1.1 403 Forbidden\r\nX-Why: no\r\nContent-Length: 4\r\n\r\nnope");
    });
    const { port, ended } = track(await startProxy(chatConfig(instance.url)));
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
    const instance = await rawInstance((socket) =>
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${head}\r\n\r\n`),
    );
    const { port, ended } = track(await startProxy(chatConfig(instance.url)));
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

  it.each([
    ["a subprotocol that was not offered", "Sec-WebSocket-Protocol: chat"],
    ["an extension that was not offered", "Sec-WebSocket-Extensions: permessage-deflate"],
  ])("is refused with 502 when the 101 names %s", async (_, line) => {
    const instance = await rawInstance((socket) =>
      socket.write(SWITCH.replace(/\r\n$/, `${line}\r\n\r\n`)),
    );
    const { port, ended } = track(await startProxy(chatConfig(instance.url)));
    const client = await open(port);
    client.write(upgradeRequest("/chat/a"));
    await once(client, "close");
    expect(client.received()).toMatch(/^HTTP\/1.1 502 /);
    expect(await ended()).toMatchObject({
      failure: { side: "instance", cause: "protocol" },
      failed: [{ next: "not-retriable" }],
    });
    await until(() => instance.sockets.size === 0);
  });

  it("gets the head of the 101 as the instance sent it, without a length", async () => {
    const instance = await rawInstance((socket) =>
      socket.write(
        SWITCH.replace(
          /\r\n$/,
          "X-Name: caf\u00e9\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 5\r\n\r\n",
        ),
        "latin1",
      ),
    );
    const { port } = track(await startProxy(chatConfig(instance.url)));
    const client = await open(port);
    client.write(upgradeRequest("/chat/a"));
    await until(() => client.received().endsWith("\r\n\r\n"));
    const lines = client.received().trimEnd().split("\r\n");
    expect(lines).toEqual([
      "HTTP/1.1 101 Switching Protocols",
      `sec-websocket-accept: ${ACCEPT}`,
      "x-name: caf\u00e9",
      "set-cookie: a=1",
      "set-cookie: b=2",
      "connection: Upgrade",
      "upgrade: websocket",
    ]);
    client.destroy();
  });

  it("asks for the target as the client did, up to an empty query", async () => {
    const targets: string[] = [];
    const instance = await rawInstance((socket, req) => {
      targets.push(req.url as string);
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    });
    const { port } = track(await startProxy(chatConfig(instance.url)));
    for (const path of ["/chat/a?", "/chat/a?b=1?c=/../&&d", "/chat/%2f"]) {
      const client = await open(port);
      client.write(upgradeRequest(path));
      await once(client, "close");
    }
    expect(targets).toEqual(["/chat/a?", "/chat/a?b=1?c=/../&&d", "/chat/%2F"]);
  });

  it("opens behind interim answers", async () => {
    const early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    const instance = await rawInstance((socket) => socket.write(early.repeat(50) + SWITCH));
    const { port } = track(await startProxy(chatConfig(instance.url)));
    const client = await open(port);
    client.write(upgradeRequest());
    await until(() => client.received().endsWith("\r\n\r\n"));
    expect(client.received()).toMatch(/^HTTP\/1.1 101 /);
    client.destroy();
  });

  it.each([
    ["never comes to an end of interim answers", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(60)],
    ["switches to nothing", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    ["speaks no HTTP", "SSH-2.0-OpenSSH_9.6\r\n"],
  ])("is answered 502 when the instance %s", async (_, bytes) => {
    const instance = await rawInstance((socket) => socket.write(bytes));
    const proxy = track(await startProxy(chatConfig(instance.url)));
    const client = await open(proxy.port);
    client.write(upgradeRequest());
    await once(client, "close");
    expect(client.received()).toMatch(/^HTTP\/1.1 502 /);
    expect(await proxy.ended()).toMatchObject({ failure: { side: "instance", cause: "protocol" } });
    await untilNothingIsLeft(proxy, instance);
  });

  it("asks another instance when the first answers with a status that the route retries", async () => {
    const busy = await rawInstance((socket) =>
      socket.end("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"),
    );
    const chat = await chatServer();
    const { routes, services } = chatConfig(busy.url, chat.url);
    const [route] = routes;
    const proxy = track(
      await startProxy({
        services,
        routes: [
          { ...route, retry: { attempts: 1, statuses: [503], backoff: { baseMs: 0, maxMs: 0 } } },
        ],
      } as never),
    );
    const client = await openWebSocket(proxy.port);
    client.terminate();
    expect(await proxy.ended()).toMatchObject({
      status: 101,
      attempts: 2,
      failed: [{ outcome: { kind: "response", status: 503 }, next: "retry" }],
    });
    await untilNothingIsLeft(proxy, busy, chat);
  });

  it("is answered 504 when the time of the whole request is up", async () => {
    const silent = await rawInstance(() => {});
    const { port, ended } = track(await startProxy(chatWithin(silent.url, { requestMs: 30 })));
    const client = await open(port);
    client.write(upgradeRequest());
    await once(client, "close");
    expect(client.received()).toMatch(/^HTTP\/1.1 504 /);
    expect(await ended()).toMatchObject({ failure: { side: "instance", cause: "timeout" } });
  });

  it.each<[how: string, cause: string, cut: (end: () => void) => void]>([
    ["ends in the middle", "truncated", (end) => end()],
    ["stops in the middle", "timeout", () => {}],
  ])("is cut visibly when a refusal %s", async (_, cause, cut) => {
    const instance = await rawInstance((socket) => {
      socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nhalf");
      cut(() => setImmediate(() => socket.destroy()));
    });
    const proxy = track(await startProxy(chatWithin(instance.url, { idleMs: 100 })));
    const client = await open(proxy.port);
    client.write(upgradeRequest());
    await once(client, "close");
    expect(client.received()).toMatch(/^HTTP\/1.1 403 [^]*\r\n\r\n(half)?$/);
    expect(await proxy.ended()).toMatchObject({
      status: 403,
      isComplete: false,
      failure: { side: "instance", cause },
    });
    await untilNothingIsLeft(proxy, instance);
  });

  it("keeps bytes behind the request back until the tunnel is open", async () => {
    let open_ = (): void => {};
    let before = -1;
    const got: Buffer[] = [];
    const instance = await rawInstance((socket) => {
      socket.on("data", (bytes: Buffer) => got.push(bytes));
      open_ = () => {
        before = got.length;
        socket.write(SWITCH);
      };
    });
    const { port } = track(await startProxy(chatConfig(instance.url)));
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
    const { port } = track(await startProxy(chatWithin(instance.url, { attemptMs: 20 })));
    const client = await open(port);
    client.write(upgradeRequest("/chat/a"));
    await once(client, "close");
    expect(client.received()).toMatch(/^HTTP\/1.1 504 /);
  });

  it("is cut off when more comes behind the request than can be kept back", async () => {
    const instance = await rawInstance(() => {});
    const { port, ended, gateway } = track(await startProxy(chatConfig(instance.url)));
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
    const { port } = track(await startProxy(chatConfig(instance.url)));
    const client = await open(port);
    client.write(upgradeRequest(path, more));
    await once(client, "close");
    expect(client.received()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(client.received()).toMatch(/\r\ncontent-type: text\/plain; charset=utf-8\r\n/i);
    expect(client.received()).toMatch(/\r\n\r\n.*(gone|Bad Request|Not Found)\n?$/);
    expect(instance.sockets.size).toBe(0);
  });
});

it("a request that offers h2c is served as if it had not", async () => {
  const instance = track(
    await startServer((req, res) => res.end(`upgrade: ${req.headers.upgrade ?? "none"}`)),
  );
  const { port } = track(await startProxy(chatConfig(instance.url)));
  const client = await open(port);
  client.write(
    "GET /chat/a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
  );
  await once(client, "close");
  expect(client.received()).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(client.received()).toContain("upgrade: none");
});

describe("the number of upgrades is limited", () => {
  const refused = async (port: number): Promise<string> => {
    const client = await open(port);
    client.write(upgradeRequest());
    await once(client, "close");
    return client.received();
  };

  it.each<[what: string, proxy: object, connect: object]>([
    ["in the proxy", { maxUpgrades: 2 }, {}],
    ["to one instance", {}, { upgrades: 2 }],
  ])(
    "%s: one more is told to come back later, and nobody is blamed",
    async (_, options, connect) => {
      const chat = await chatServer();
      const { routes } = chatConfig();
      const services = { chat: { instances: [chat.url], connect } };
      const proxy = track(await startProxy({ services, routes }, options));
      const first = await openWebSocket(proxy.port);
      const second = await openWebSocket(proxy.port);
      const answer = await refused(proxy.port);
      expect(answer).toMatch(/^HTTP\/1.1 503 /);
      expect(answer).toMatch(/\r\nretry-after: 1\r\n/i);
      expect(answer).toMatch(/\r\ncontent-type: text\/plain; charset=utf-8\r\n/i);
      expect(await proxy.ended()).toMatchObject({
        status: 503,
        attempts: 0,
        decision: { kind: "reject", route: "chat", reason: "overloaded" },
      });
      expect(proxy.gateway.snapshot().services["chat"]?.instances[chat.url]).toMatchObject({
        inFlight: 2,
        consecutiveFailures: 0,
      });
      first.close();
      await until(() => proxy.ends.length === 2);
      const third = await openWebSocket(proxy.port);
      third.close();
      second.close();
      await untilNothingIsLeft(proxy, chat);
    },
  );

  it("to one instance: a retry finds it full as well", async () => {
    const chat = await chatServer();
    const dead = await deadUrl();
    const { routes } = chatConfig();
    const services = {
      chat: {
        instances: [dead, chat.url],
        connect: { upgrades: 1 },
        balancer: "round-robin" as const,
        outlier: false as const,
      },
    };
    const proxy = track(await startProxy({ services, routes }));
    const first = await openWebSocket(proxy.port);
    const answer = await refused(proxy.port);
    expect(answer).toMatch(/^HTTP\/1.1 503 /);
    first.close();
    await untilNothingIsLeft(proxy, chat);
  });

  it("not at all when it is 0", async () => {
    const chat = await chatServer();
    const proxy = track(await startProxy(chatConfig(chat.url), { maxUpgrades: 0 }));
    const clients = await Promise.all(Array.from({ length: 20 }, () => openWebSocket(proxy.port)));
    expect(proxy.proxy.counts.upgrades).toBe(20);
    for (const client of clients) client.close();
    await untilNothingIsLeft(proxy, chat);
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("and %d is refused", (maxUpgrades) => {
    const gateway = createGateway([{ path: "/*", to: "http://a" }]);
    expect(() => createProxy(gateway, { maxUpgrades })).toThrow(
      new TypeError(`createProxy: maxUpgrades must be a whole number >= 0, got ${maxUpgrades}`),
    );
  });
});

describe("a socket that died while the decision was being made", () => {
  it.each([
    ["for a websocket", "/chat/a", upgradeRequest, 499],
    ["for what the gateway answers itself", "/gone", upgradeRequest, 410],
    ["for what no route takes", "/else", upgradeRequest, undefined],
  ])("%s leaves nothing behind", async (_, path, head, status) => {
    const chat = await chatServer();
    const proxy = track(await startProxy(chatConfig(chat.url)));
    proxy.server.removeAllListeners("upgrade");
    proxy.server.on("upgrade", (req, socket, first) => {
      socket.on("error", () => {});
      socket.on("close", () => proxy.proxy.upgrade(req, socket, first));
      socket.destroy();
    });
    const client = await open(proxy.port);
    client.write(head(path));
    await once(client, "close");
    if (status !== undefined) {
      expect(await proxy.ended()).toMatchObject({ isComplete: false, attempts: 0 });
    }
    await untilNothingIsLeft(proxy, chat);
    expect(proxy.ends).toHaveLength(status === undefined ? 0 : 1);
  });
});
