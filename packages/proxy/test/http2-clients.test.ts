import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { createServer as createTcp, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { createGateway } from "@signalbox/core";
import { afterEach, describe, expect, it } from "vitest";
import { createProxy, type ExchangeEnd, type Proxy, type ProxyOptions } from "../src/index.js";
import { startHttp2 } from "./http2-kit.js";
import { open, until } from "./kit.js";
import { securityRig } from "./security-kit.js";

const { wire } = securityRig();

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function proxyTo(url: string, connect: object = {}, options: ProxyOptions = {}): Proxy {
  const gateway = createGateway({
    services: { s: { instances: [url], connect } },
    routes: [{ match: {}, to: "s" }],
  });
  const proxy = createProxy(gateway, options);
  ends.push(() => proxy.close({ graceMs: 50 }));
  return proxy;
}

async function portOf(server: Server | ReturnType<typeof createTcp>): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** An instance that says the same, byte by byte, to every request. */
async function instanceThatSays(answer: string): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcp((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("data", () => socket.write(answer));
  });
  ends.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${await portOf(server)}`;
}

/** A client over HTTP/2 of a proxy to an instance. */
async function clientOf(instance: string, options?: ProxyOptions): Promise<ClientHttp2Session> {
  const proxy = proxyTo(instance, {}, options);
  const front = await startHttp2(undefined);
  front.server.on("request", (req, res) => proxy.handle(req, res));
  ends.push(front.close);
  const client = connect(front.url);
  ends.push(() => new Promise<void>((resolve) => client.close(resolve)));
  return client;
}

async function headOf(fields: string): Promise<IncomingHttpHeaders> {
  const url = await instanceThatSays(`HTTP/1.1 200 OK\r\n${fields}Content-Length: 2\r\n\r\nok`);
  const stream = (await clientOf(url)).request({ ":path": "/" });
  const [head] = (await once(stream, "response")) as [IncomingHttpHeaders];
  expect(await text(stream)).toBe("ok");
  return head;
}

describe("an answer with several lines of one field goes to a client over HTTP/2", () => {
  it.each([
    ["X-Content-Type-Options", "nosniff", "nosniff", "nosniff"],
    ["Access-Control-Allow-Credentials", "true", "true", "true"],
    ["Date", "Fri, 27 Nov 2026 07:46:35 GMT", "now", "Fri, 27 Nov 2026 07:46:35 GMT"],
    ["Location", "/a", "/b", "/a"],
  ])("with the first %s, which has one value", async (name, first, second, seen) => {
    const head = await headOf(`${name}: ${first}\r\n${name}: ${second}\r\n`);
    expect(head[name.toLowerCase()]).toBe(seen);
  });

  it("with all that lists hold", async () => {
    const head = await headOf("Content-Encoding: br\r\nContent-Encoding: gzip\r\n");
    expect(head["content-encoding"]).toBe("br, gzip");
  });

  it("with each cookie", async () => {
    const head = await headOf("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n");
    expect(head["set-cookie"]).toEqual(["a=1", "b=2"]);
  });
});

describe("several trailers of one name", () => {
  it("go to a client over HTTP/2 as one", async () => {
    const trailers = `ETag: "a"\r\nETag: "b"\r\n`;
    const url = await instanceThatSays(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${trailers}\r\n`,
    );
    const stream = (await clientOf(url)).request({ ":path": "/" });
    const told = once(stream, "trailers") as Promise<[IncomingHttpHeaders]>;
    expect(await text(stream)).toBe("ok");
    expect((await told)[0]).toMatchObject({ etag: '"a", "b"' });
  });

  it("go to an instance over HTTP/2 as one", async () => {
    const instance = await startHttp2((stream) => {
      stream.on("trailers", (trailers) => {
        stream.respond();
        stream.end(String(trailers["etag"]));
      });
      stream.resume();
    });
    ends.push(instance.close);
    const proxy = proxyTo(instance.url, { protocol: "http2" });
    const front = createServer((req, res) => proxy.handle(req, res));
    ends.push(() => new Promise((resolve) => front.close(resolve)));
    const client = await open(await portOf(front));
    ends.push(async () => client.destroy());
    client.write(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: ETag\r\n\r\n",
    );
    client.write(`2\r\nhi\r\n0\r\nETag: "a"\r\nETag: "b"\r\n\r\n`);
    await until(() => client.received().includes('"a", "b"'));
  });
});

describe("a client over HTTP/2 gets", () => {
  /** What a client gets of an answer, and what the proxy tells of it. */
  async function seenOf(answer: string, options: ProxyOptions = {}): Promise<unknown[]> {
    const { promise, resolve } = Promise.withResolvers<ExchangeEnd>();
    const client = await clientOf(await instanceThatSays(answer), { ...options, onEnd: resolve });
    const stream = client.request({ ":path": "/" });
    const [head] = (await once(stream, "response")) as [IncomingHttpHeaders];
    const body = await text(stream);
    const { isComplete, failure } = await promise;
    return [head[":status"], body, isComplete, failure];
  }

  it.each([600, 999])("a 502 for %i, which is no status", async (status) => {
    const seen = await seenOf(`HTTP/1.1 ${status} Odd\r\nContent-Length: 2\r\n\r\nok`);
    expect(seen).toEqual([502, "ok", true, undefined]);
  });

  it.each([
    "Content-Length: 2\r\n\r\nok",
    "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  ])("no body of a 205: %j", async (rest) => {
    expect(await seenOf(`HTTP/1.1 205 Reset Content\r\n${rest}`)).toEqual([
      205,
      "",
      true,
      undefined,
    ]);
  });

  it("no body of a 205 of the gateway's own", async () => {
    const onError = () => ({ status: 205, body: "some" });
    const seen = await seenOf("HTTP/1.1 099 Odd\r\n\r\n", { onError });
    expect(seen.slice(0, 3)).toEqual([205, "", true]);
  });

  it("the end of its upload behind an answer that came in parts and has no body", async () => {
    const instance = await wire(
      "HTTP/1.1 205 Reset Content\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
    );
    const { promise, resolve } = Promise.withResolvers<ExchangeEnd>();
    const client = await clientOf(instance.url, { onEnd: resolve });
    const stream = client.request({ ":method": "POST", ":path": "/" });
    stream.on("error", () => {}).write("some");
    await once(stream, "response");
    const closed = once(stream, "close");
    for (const socket of instance.sockets) socket.write("0\r\n\r\n");
    await closed;
    expect(stream.rstCode).toBe(0);
    expect(await promise).toMatchObject({ status: 205, isComplete: true });
  });
});
