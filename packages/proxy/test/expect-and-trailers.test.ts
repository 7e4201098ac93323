import { once } from "node:events";
import { createServer, request, type IncomingMessage } from "node:http";
import { createServer as createTcp, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { startHttp2 } from "./http2-kit.js";
import { inFlight, open, send, startProxy, startServer, until } from "./kit.js";

const toClose: { close(): Promise<void> }[] = [];
const track = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
  const server = await starting;
  toClose.push(server);
  return server;
};
afterEach(async () => {
  for (const server of toClose.splice(0).toReversed()) await server.close();
});

const instanceOf = (...args: Parameters<typeof startServer>) => track(startServer(...args));
async function proxyTo(url: string, connect: object = {}, timeouts: object = {}) {
  const proxy = await track(
    startProxy({
      services: { s: { instances: [url], outlier: false, connect } },
      routes: [{ match: {}, to: "s", timeouts, retry: { attempts: 0 } }],
    }),
  );
  proxy.server.on("checkContinue", (req, res) =>
    proxy.proxy.handle(req, res, { awaitsContinue: true }),
  );
  return proxy;
}

/** An instance that says what it is told to say, byte by byte. */
async function rawInstance(onRequest: (socket: Socket, text: string) => void) {
  const sockets = new Set<Socket>();
  const server = createTcp((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    socket.on("data", (chunk: Buffer) => onRequest(socket, chunk.toString()));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return track(Promise.resolve({ url, sockets, close }));
}

const EXPECTING = "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n";

describe("a client that asks before it sends its body", () => {
  it("is told to go on when the instance says so, and no sooner", async () => {
    let goOn = (): void => {};
    const server = createServer();
    server.on("checkContinue", (req, res) => {
      goOn = () => res.writeContinue();
      void text(req).then((body) => res.end(`${req.headers.expect} ${body}`));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    toClose.push({ close: async () => void server.close().closeAllConnections() });
    const { port } = await proxyTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const client = await open(port);
    client.write(`POST / HTTP/1.1\r\nHost: a\r\n${EXPECTING}`);
    await until(() => goOn.length === 0 && server.listenerCount("checkContinue") === 1);
    await new Promise(setImmediate);
    expect(client.received()).toBe("");
    await until(() => {
      goOn();
      return client.received() !== "";
    });
    expect(client.received()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    client.write("hello");
    await until(() => client.received().endsWith("100-continue hello"));
    client.destroy();
  });

  it("gets a final answer instead, and its body is not waited for", async () => {
    const instance = await rawInstance((socket) =>
      socket.write("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno"),
    );
    const { port, ended, gateway } = await proxyTo(instance.url);
    const client = await open(port);
    client.write(`POST / HTTP/1.1\r\nHost: a\r\n${EXPECTING}`);
    await once(client, "close");
    expect(client.received()).toMatch(/^HTTP\/1\.1 417 [^]*connection: close[^]*\r\n\r\nno$/i);
    expect(await ended()).toMatchObject({ status: 417, isComplete: true });
    expect(inFlight(gateway)).toBe(0);
    await until(() => instance.sockets.size === 0);
  });

  it("need not wait: its body is streamed", async () => {
    const instance = await instanceOf((req, res) => void text(req).then((body) => res.end(body)));
    const { port } = await proxyTo(instance.url);
    const client = await open(port);
    client.write(`POST / HTTP/1.1\r\nHost: a\r\n${EXPECTING}hello`);
    await until(() => client.received().endsWith("hello"));
    client.destroy();
  });

  it("takes the instance with it when it leaves", async () => {
    let head = "";
    const instance = await rawInstance((_, received) => (head += received));
    const { port, ended } = await proxyTo(instance.url);
    const client = await open(port);
    client.write(`POST / HTTP/1.1\r\nHost: a\r\n${EXPECTING}`);
    await until(() => head.includes("expect: 100-continue"));
    client.destroy();
    await until(() => instance.sockets.size === 0);
    expect(await ended()).toMatchObject({ status: 499 });
  });

  it("is answered 504 when the instance says nothing at all", async () => {
    const instance = await rawInstance(() => {});
    const { url } = await proxyTo(instance.url, {}, { idleMs: 50 });
    const headers = { expect: "100-continue", "content-length": "5" };
    const req = request(url, { method: "POST", headers, agent: false });
    req.on("error", () => {}).flushHeaders();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    expect(res.statusCode).toBe(504);
    req.destroy();
  });

  it("asks an instance over HTTP/2 in its own way", async () => {
    const instance = await startHttp2(undefined);
    toClose.push(instance);
    instance.server.on("request", () => {});
    instance.server.on("checkContinue", (req, res) => {
      res.writeContinue();
      void text(req).then((body) => res.end(body));
    });
    const { port } = await proxyTo(instance.url, { protocol: "http2" });
    const client = await open(port);
    client.write(`POST / HTTP/1.1\r\nHost: a\r\n${EXPECTING}`);
    await until(() => client.received() === "HTTP/1.1 100 Continue\r\n\r\n");
    client.write("hello");
    await until(() => client.received().includes("hello"));
    client.destroy();
  });
});

describe("an instance that says 100 to what nobody asked", () => {
  it("is heard out, and its connection serves the next request", async () => {
    const instance = await rawInstance((socket, head) => {
      const path = head.split(" ")[1] as string;
      socket.write("HTTP/1.1 100 Contin");
      setImmediate(() =>
        socket.write(`ue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`),
      );
    });
    const { url } = await proxyTo(instance.url);
    expect((await send(url, "/first")).body).toBe("/first");
    const [socket] = instance.sockets;
    expect((await send(url, "/second")).body).toBe("/second");
    expect([...instance.sockets]).toEqual([socket]);
  });
});

describe("trailers of a request", () => {
  const chunked = (trailers: string): string =>
    `Transfer-Encoding: chunked\r\nTrailer: X-Sum, Content-Length\r\n\r\n5\r\nhello\r\n0\r\n${trailers}\r\n`;

  it.each(["http1", "http2"])("follow its body to an instance over %s", async (protocol) => {
    const answerWith = (req: IncomingMessage, respond: (body: string) => void): void =>
      void text(req).then((body) => {
        const { trailer, host, "content-length": length } = req.headers;
        respond(JSON.stringify({ body, trailer, host, length, trailers: req.trailers }));
      });
    const plain = await instanceOf((req, res) => answerWith(req, (body) => void res.end(body)));
    const h2 = await startHttp2(undefined);
    toClose.push(h2);
    h2.server.on("request", (req, res) => answerWith(req as never, (body) => void res.end(body)));
    const { port } = await proxyTo(protocol === "http1" ? plain.url : h2.url, { protocol });
    const client = await open(port);
    const forbidden = "Host: evil\r\nAuthorization: x\r\nX_Forwarded_For: 9\r\n";
    client.write(
      `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${chunked(`X-Sum: 7\r\n${forbidden}`)}`,
    );
    await once(client, "close");
    const seen = JSON.parse(/\{.*\}/.exec(client.received())?.[0] ?? "") as object;
    expect(seen).toMatchObject({ body: "hello", trailer: "X-Sum", trailers: { "x-sum": "7" } });
    expect(JSON.stringify(seen)).not.toMatch(/9|evil|authorization/);
  });

  it("that were not announced are dropped", async () => {
    const instance = await instanceOf(
      (req, res) => void text(req).then(() => res.end(JSON.stringify(req.rawTrailers))),
    );
    const { port } = await proxyTo(instance.url);
    const client = await open(port);
    client.write(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 7\r\n\r\n",
    );
    await until(() => client.received().endsWith("[]"));
    client.destroy();
  });

  it("never come behind an upload that was cut", async () => {
    let received = "";
    const instance = await rawInstance((_, piece) => (received += piece));
    const { port } = await proxyTo(instance.url);
    const client = await open(port);
    client.write(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n4\r\nhalf\r\n",
    );
    await until(() => received.includes("half"));
    client.destroy();
    await until(() => instance.sockets.size === 0);
    expect(received).not.toContain("\r\n0\r\n");
  });
});

describe("trailers of an answer", () => {
  const ASKING = "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close, TE\r\n\r\n";
  const withTrailers = () =>
    instanceOf((req, res) => {
      res.setHeader("trailer", "X-Sum");
      res.setHeader("x-te", `${req.headers.te} ${req.headers.connection}`);
      res.write("hello");
      res.addTrailers({ "X-Sum": "7", "Set-Cookie": "a=1" });
      res.end();
    });

  it("go to a client that takes them", async () => {
    const { port } = await proxyTo((await withTrailers()).url);
    const client = await open(port);
    client.write(ASKING);
    await once(client, "close");
    expect(client.received()).toMatch(/trailer: X-Sum\r\n/i);
    expect(client.received()).toContain("x-te: trailers close, TE\r\n");
    expect(client.received()).toMatch(/5\r\nhello\r\n0\r\nx-sum: 7\r\n\r\n$/i);
  });

  it.each([
    ["says nothing of them", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"],
    ["speaks of another connection", ASKING.replace("close, TE", "close")],
    ["is of the last century", ASKING.replace("HTTP/1.1", "HTTP/1.0")],
  ])("are dropped for a client that %s", async (_, head) => {
    const { port } = await proxyTo((await withTrailers()).url);
    const client = await open(port);
    client.write(head);
    await once(client, "close");
    expect(client.received()).toContain("hello");
    expect(client.received()).not.toMatch(/x-sum/i);
  });

  it("of an instance over HTTP/2 go to a client over HTTP/1.1", async () => {
    const instance = await startHttp2((stream) => {
      stream.respond({ ":status": 200, trailer: "x-sum" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "7" }));
      stream.end("hello");
    });
    toClose.push(instance);
    const { port } = await proxyTo(instance.url, { protocol: "http2" });
    const client = await open(port);
    client.write(ASKING);
    await once(client, "close");
    expect(client.received()).toMatch(/hello\r\n0\r\nx-sum: 7\r\n\r\n$/i);
  });
});

describe("an instance that breaks the protocol, asked over a connection of its own", () => {
  const asked = async (answer: (socket: Socket) => void) => {
    let isAnswered = false;
    const instance = await rawInstance((socket) => {
      if (!isAnswered) answer(socket);
      isAnswered = true;
    });
    const { port, ended, gateway } = await proxyTo(instance.url);
    const client = await open(port);
    client.write("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE, close\r\n\r\n");
    await once(client, "close");
    const end = await ended();
    expect(inFlight(gateway)).toBe(0);
    await until(() => instance.sockets.size === 0);
    return { received: client.received(), end };
  };

  it.each([
    [
      "switches protocols unasked",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
      "protocol",
    ],
    ["sends garbage", "garbage\r\n\r\n", "protocol"],
    ["never comes to the point", "HTTP/1.1 102 Processing\r\n\r\n".repeat(60), "protocol"],
    [
      "says two lengths",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "protocol",
    ],
    ["has a head without an end", `HTTP/1.1 200 OK\r\nX: ${"a".repeat(70_000)}\r\n`, "overflow"],
  ])("is a 502 when it %s", async (_, answer, cause) => {
    const { received, end } = await asked((socket) => socket.write(answer));
    expect(received).toMatch(/^HTTP\/1\.1 502 /);
    expect(end.failure).toMatchObject({ side: "instance", cause });
  });

  it.each([
    ["counted", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart"],
    ["chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n"],
    ["broken", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\nzz\r\n"],
  ])("is cut visibly in a %s body", async (_, answer) => {
    const { received, end } = await asked((socket) => socket.write(answer, () => socket.end()));
    // What breaks in one breath with its head may have none.
    expect(received).toMatch(/^(HTTP\/1\.1 200 |$)/);
    expect(received).not.toContain("\r\n0\r\n");
    expect(end.isComplete).toBe(false);
  });

  it("may send any number of fields that have room", async () => {
    const fields = Array.from({ length: 1_500 }, (_, i) => `x-${i}: 1\r\n`).join("");
    const { received } = await asked((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\n${fields}Content-Length: 0\r\nX-Last: 1\r\n\r\n`),
    );
    expect(received).toMatch(/x-last: 1/i);
  });
});
