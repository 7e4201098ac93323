import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import {
  connect as connectTcp,
  createServer as createTcp,
  type AddressInfo,
  type Socket,
} from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { startHttp2 } from "./http2-kit.js";
import { inFlight, open, send, startProxy, until } from "./kit.js";

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } =
  constants;

const toClose: { close(): Promise<void> }[] = [];
const track = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
  const server = await starting;
  toClose.push(server);
  return server;
};
afterEach(async () => {
  for (const server of toClose.splice(0).toReversed()) await server.close();
});

const h2 = (...args: Parameters<typeof startHttp2>) => track(startHttp2(...args));
const proxyTo = (urls: readonly string[], connect: object = {}, route: object = {}) =>
  track(
    startProxy({
      services: {
        s: {
          instances: urls,
          balancer: "round-robin",
          outlier: false,
          connect: { protocol: "http2", ...connect },
        },
      },
      routes: [{ match: {}, to: "s", ...route }],
    }),
  );

async function bodyOf(stream: ServerHttp2Stream): Promise<string> {
  return text(stream);
}

describe("an instance that speaks h2c", () => {
  it("gets method, path, authority, headers and body, and its answer comes back", async () => {
    const instance = await h2((stream, headers) => {
      void bodyOf(stream).then((body) => {
        stream.respond({ ":status": 201, "x-one": "1", "set-cookie": ["a=1", "b=2"] });
        stream.end(JSON.stringify({ headers, body }));
      });
    });
    const { url, ended, gateway } = await proxyTo([instance.url]);
    const reply = await send(url, "/a/b?q=1", {
      method: "POST",
      headers: { host: "shop.test", cookie: ["a=1", "b=2"], "X-Multi": ["1", "2"] },
      body: "hello",
    });
    const seen = JSON.parse(reply.body) as { headers: Record<string, string>; body: string };
    expect(reply.status).toBe(201);
    expect(reply.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
    expect(seen).toMatchObject({
      headers: {
        ":method": "POST",
        ":path": "/a/b?q=1",
        ":authority": "shop.test",
        ":scheme": "http",
        cookie: "a=1; b=2",
        "x-multi": "1, 2",
        "content-length": "5",
      },
      body: "hello",
    });
    expect(seen.headers["connection"]).toBeUndefined();
    expect(await ended()).toMatchObject({ status: 201, isComplete: true });
    expect(inFlight(gateway)).toBe(0);
  });

  it("serves many requests at once on one connection, and the rest on others", async () => {
    const streams: ServerHttp2Stream[] = [];
    const instance = await h2((stream) => streams.push(stream));
    const { url } = await proxyTo([instance.url], { streams: 4 });
    const replies = Array.from({ length: 10 }, () => send(url, "/"));
    await until(() => streams.length === 10);
    expect(instance.sessions.size).toBe(3);
    for (const stream of streams) {
      stream.respond({ ":status": 200 });
      stream.end("ok");
    }
    for (const reply of await Promise.all(replies)) expect(reply.body).toBe("ok");
    streams.length = 0;
    const again = send(url, "/");
    await until(() => streams.length === 1);
    streams[0]?.respond({ ":status": 204 }, { endStream: true });
    expect((await again).status).toBe(204);
    expect(instance.sessions.size).toBe(3);
  });

  it("opens no more connections and streams than it may, and the next waits", async () => {
    const streams: ServerHttp2Stream[] = [];
    const instance = await h2((stream) => streams.push(stream));
    const { url } = await proxyTo([instance.url], { streams: 2, connections: 1, queue: 1 });
    const replies = Array.from({ length: 3 }, () => send(url, "/"));
    await until(() => streams.length === 2);
    expect((await send(url, "/")).status).toBe(503);
    streams[0]?.respond({ ":status": 200 }, { endStream: true });
    await until(() => streams.length === 3);
    for (const stream of streams.slice(1)) stream.respond({ ":status": 200 }, { endStream: true });
    expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(instance.sessions.size).toBe(1);
  });

  it("keeps to the number of streams that the instance allows", async () => {
    const streams: ServerHttp2Stream[] = [];
    const instance = await h2((stream) => streams.push(stream), undefined, {
      settings: { maxConcurrentStreams: 1 },
    });
    const { url } = await proxyTo([instance.url]);
    const first = send(url, "/");
    await until(() => streams.length === 1);
    const second = send(url, "/");
    await until(() => streams.length === 2);
    expect(instance.sessions.size).toBe(2);
    for (const stream of streams) stream.respond({ ":status": 200 }, { endStream: true });
    await Promise.all([first, second]);
  });

  it("resets the stream when the client leaves, and keeps the connection", async () => {
    let aborted: number | undefined;
    const instance = await h2((stream, headers) => {
      if (headers[":path"] === "/slow") stream.on("close", () => (aborted = stream.rstCode));
      else stream.respond({ ":status": 200 }, { endStream: true });
    });
    const { url, port, ended } = await proxyTo([instance.url]);
    const client = await open(port);
    client.write("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => instance.sessions.size === 1);
    expect((await send(url, "/")).status).toBe(200);
    client.destroy();
    await until(() => aborted !== undefined);
    expect(aborted).toBe(NGHTTP2_CANCEL);
    const [session] = instance.sessions;
    expect((await send(url, "/")).status).toBe(200);
    expect([...instance.sessions]).toEqual([session]);
    expect(await ended(2)).toMatchObject({ status: 499 });
  });

  it("never lets an upload that was cut look whole", async () => {
    const seen: string[] = [];
    const instance = await h2((stream) => {
      stream.on("data", (chunk: Buffer) => seen.push(chunk.toString()));
      stream.on("aborted", () => seen.push("aborted"));
      // Node tells the end of an aborted stream too, behind its abort.
      stream.on("end", () => seen.push("end"));
    });
    const { port } = await proxyTo([instance.url]);
    const client = await open(port);
    client.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
    await until(() => seen.length > 0);
    client.destroy();
    await until(() => seen.length > 1);
    expect(seen.slice(0, 2)).toEqual(["half", "aborted"]);
  });

  it.each<[string, RegExp, (stream: ServerHttp2Stream) => void]>([
    [
      "was answered before its end",
      /early/,
      (stream) => {
        stream.respond({ ":status": 200 });
        stream.end("early");
      },
    ],
    [
      "gets hints and never an answer",
      /^HTTP\/1.1 502 /m,
      (stream) => {
        for (let i = 0; i < 60; i++) stream.additionalHeaders({ ":status": 103 });
      },
    ],
  ])("resets an upload that %s", async (_, expected, answer) => {
    const codes: (number | undefined)[] = [];
    const instance = await h2((stream) => {
      stream.on("close", () => codes.push(stream.rstCode));
      stream.once("data", () => answer(stream));
    });
    const { port } = await proxyTo([instance.url]);
    const client = await open(port);
    client.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
    await until(() => codes.length > 0);
    // Without an error the instance would take what has come for the whole upload.
    expect(codes).toEqual([NGHTTP2_CANCEL]);
    await until(() => expected.test(client.received()));
    client.destroy();
  });

  it.each([
    ["resets it", true, NGHTTP2_NO_ERROR],
    ["does not", false, NGHTTP2_CANCEL],
  ])(
    "lets go of an upload that waits when its answer is there, whether the instance %s",
    async (_, resets, code) => {
      const codes: (number | undefined)[] = [];
      const instance = await h2(
        (stream, headers) => {
          stream.respond({ ":status": 200 });
          stream.end("early");
          if (headers[":method"] === "GET") return;
          stream.on("close", () => codes.push(stream.rstCode));
          // Node resets what nobody has begun to read.
          if (!resets) stream.once("data", () => stream.pause());
        },
        undefined,
        { settings: { initialWindowSize: 10 } },
      );
      const { url } = await proxyTo([instance.url], { keepAliveMs: 20 });
      await send(url, "/");
      const reply = await send(url, "/", { method: "POST", body: "x".repeat(100) });
      expect(reply.body).toBe("early");
      await until(() => instance.sessions.size === 0);
      expect(codes).toEqual([code]);
    },
  );

  it("sends an upload again whole that grew while its next attempt waited", async () => {
    const rest = Buffer.alloc(200_000, "x");
    const client: { socket?: Awaited<ReturnType<typeof open>> } = {};
    const refusing = await h2((stream) => {
      stream.once("data", () => {
        stream.close(NGHTTP2_REFUSED_STREAM);
        client.socket?.write(rest);
      });
    });
    const serving = await h2((stream) => {
      let length = 0;
      stream.on("data", (chunk: Buffer) => (length += chunk.length));
      stream.on("end", () => {
        stream.respond({ ":status": 200 });
        stream.end(`got ${length}`);
      });
    });
    const retry = { attempts: 1, backoff: { baseMs: 100, maxMs: 100 } };
    const { port } = await proxyTo([refusing.url, serving.url], {}, { retry });
    const socket = (client.socket = await open(port));
    const length = rest.length + 4;
    socket.write(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\nhalf`);
    await until(() => socket.received().includes("got "));
    expect(socket.received()).toContain(`got ${length}`);
    socket.destroy();
  });

  it("passes the head of an answer on that breaks at once", async () => {
    const instance = await h2((stream) => {
      stream.respond({ ":status": 200, "content-length": 3 });
      stream.end("four");
    });
    const { port, ended } = await proxyTo([instance.url]);
    const client = await open(port);
    client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(client, "close");
    expect(client.received()).toMatch(/^HTTP\/1.1 200 /);
    expect(await ended()).toMatchObject({ isComplete: false });
  });

  it.each([
    ["with CANCEL", NGHTTP2_CANCEL],
    ["with an error", NGHTTP2_INTERNAL_ERROR],
  ])("cuts the answer of a stream that is reset %s", async (_, code) => {
    const instance = await h2((stream) => {
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.write("part", () => stream.close(code));
    });
    const { url, ended } = await proxyTo([instance.url]);
    const req = request(url, { agent: false }).end();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    await expect(text(res)).rejects.toThrow();
    expect(await ended()).toMatchObject({
      isComplete: false,
      failure: { side: "instance", cause: "truncated" },
    });
  });

  it("answers 502 for a stream that is reset before its head, and for one that ends without", async () => {
    const instance = await h2((stream, headers) => {
      if (headers[":path"] === "/reset") stream.close(NGHTTP2_INTERNAL_ERROR);
      else stream.session?.destroy();
    });
    const { url } = await proxyTo([instance.url]);
    expect((await send(url, "/reset", { method: "POST", body: "x" })).status).toBe(502);
    expect((await send(url, "/gone", { method: "POST", body: "x" })).status).toBe(502);
  });

  it("sends a refused request to another instance whatever its method", async () => {
    let refused = 0;
    const refusing = await h2((stream) => {
      refused++;
      stream.close(NGHTTP2_REFUSED_STREAM);
    });
    const serving = await h2((stream) => {
      stream.respond({ ":status": 200 });
      stream.end("served");
    });
    const { url } = await proxyTo([refusing.url, serving.url]);
    const replies = [
      await send(url, "/", { method: "DELETE" }),
      await send(url, "/", { method: "DELETE" }),
    ];
    expect(replies.map(({ body }) => body)).toEqual(["served", "served"]);
    expect(refused).toBeGreaterThan(0);
  });

  it("lets streams end on a connection that goes away, and sends new requests over another", async () => {
    const streams: ServerHttp2Stream[] = [];
    const instance = await h2((stream) => streams.push(stream));
    const { url } = await proxyTo([instance.url]);
    const first = send(url, "/");
    await until(() => streams.length === 1);
    const old = streams[0]?.session;
    old?.goaway(0, streams[0]?.id ?? 0);
    // What is sent before the frame is read is refused unseen, and tried again.
    const second = send(url, "/");
    await until(() => streams.length === 2);
    expect(streams[1]?.session).not.toBe(old);
    for (const stream of streams) {
      stream.respond({ ":status": 200 });
      stream.end("whole");
    }
    expect((await first).body).toBe("whole");
    expect((await second).body).toBe("whole");
    await until(() => instance.sessions.size === 1);
  });

  it("loses no request while connections go away under load", async () => {
    let served = 0;
    const instance = await h2((stream) => {
      if (++served % 20 === 0) stream.session?.close();
      stream.respond({ ":status": 200 });
      stream.end("ok");
    });
    const { url, gateway } = await proxyTo(
      [instance.url],
      { streams: 8 },
      { retry: { attempts: 3 } },
    );
    const worker = async (): Promise<void> => {
      for (let i = 0; i < 40; i++)
        expect(await send(url, "/")).toMatchObject({ status: 200, body: "ok" });
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    expect(inFlight(gateway)).toBe(0);
  });

  it("holds a large answer back from a slow client, and others pass it by", async () => {
    let written = 0;
    const part = Buffer.alloc(65_536);
    const instance = await h2((stream, headers) => {
      stream.respond({ ":status": 200 });
      if (headers[":path"] !== "/large") return void stream.end("small");
      const write = (): void => {
        while (written++ < 512) if (!stream.write(part)) return void stream.once("drain", write);
        stream.end();
      };
      write();
    });
    const { url, port } = await proxyTo([instance.url]);
    const client = await open(port);
    client.pause();
    client.write("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let before = -1;
    while (before !== written || written === 0) {
      before = written;
      expect((await send(url, "/small")).body).toBe("small");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(written).toBeLessThan(512);
    expect(instance.sessions.size).toBe(1);
    client.resume();
    await once(client, "end");
    expect(client.received().length).toBeGreaterThan(512 * 65_536);
  });

  it("holds a large upload back from a slow instance", async () => {
    let stream: ServerHttp2Stream | undefined;
    const instance = await h2((opened) => (stream = opened.pause()));
    const { url } = await proxyTo([instance.url]);
    const req = request(url, { method: "POST", agent: false });
    const part = Buffer.alloc(65_536);
    let sent = 0;
    const write = (): void => {
      while (sent++ < 512) if (!req.write(part)) return void req.once("drain", write);
      req.end();
    };
    write();
    let before = -1;
    while (before !== sent || stream === undefined) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(sent).toBeLessThan(512);
    let received = 0;
    stream.on("data", (chunk: Buffer) => (received += chunk.length));
    stream.on("end", () => stream?.respond({ ":status": 204 }, { endStream: true }));
    stream.resume();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    res.resume();
    expect(received).toBe(512 * 65_536);
  });

  it("answers 504 for an instance that is silent, and keeps its connection while it is there", async () => {
    const instance = await h2((stream, headers) => {
      if (headers[":path"] === "/") stream.respond({ ":status": 200 }, { endStream: true });
    });
    const { url } = await proxyTo([instance.url], {}, { timeouts: { idleMs: 50 } });
    expect((await send(url, "/silent")).status).toBe(504);
    const [session] = instance.sessions;
    expect((await send(url, "/")).status).toBe(200);
    expect([...instance.sessions]).toEqual([session]);
  });

  it("gives a connection up that has died without a word", async () => {
    const instance = await h2((stream) => stream.respond({ ":status": 200 }, { endStream: true }));
    const relays: Socket[] = [];
    const wire = createTcp((socket) => {
      const onward = connectTcp(instance.port, "127.0.0.1");
      relays.push(socket);
      for (const end of [socket, onward]) end.on("error", () => {});
      socket.on("close", () => onward.destroy());
      socket.pipe(onward).pipe(socket);
    }).listen(0, "127.0.0.1");
    await once(wire, "listening");
    toClose.push({ close: () => new Promise<void>((resolve) => void wire.close(() => resolve())) });
    const { port } = wire.address() as AddressInfo;
    const { url } = await proxyTo(
      [`http://127.0.0.1:${port}`],
      { timeoutMs: 50 },
      { timeouts: { idleMs: 50 } },
    );
    expect((await send(url, "/")).status).toBe(200);
    relays[0]?.unpipe().pause();
    expect((await send(url, "/")).status).toBe(504);
    // A socket that is not read does not tell of its end.
    await until(() => {
      relays[0]?.resume();
      return relays[0]?.destroyed === true;
    });
    expect((await send(url, "/")).status).toBe(200);
    expect(relays).toHaveLength(2);
  });

  it("passes early hints and a head without a body on", async () => {
    const instance = await h2((stream) => {
      stream.additionalHeaders({ ":status": 103, link: "</a.css>; rel=preload" });
      stream.respond({ ":status": 200, "x-head": "1" }, { endStream: true });
    });
    const { url } = await proxyTo([instance.url]);
    const req = request(url, { agent: false }).end();
    const hints = once(req, "information");
    const [res] = (await once(req, "response")) as [IncomingMessage];
    res.resume();
    expect((await hints)[0]).toMatchObject({ statusCode: 103 });
    expect(res.headers["x-head"]).toBe("1");
    expect((await send(url, "/", { method: "HEAD" })).status).toBe(200);
  });

  it("closes connections that are idle, and those of an instance that left", async () => {
    const instance = await h2((stream) => stream.respond({ ":status": 200 }, { endStream: true }));
    const { url, gateway } = await proxyTo([instance.url], { keepAliveMs: 30 });
    await send(url, "/");
    await until(() => instance.sessions.size === 0);
    await send(url, "/");
    expect(instance.sessions.size).toBe(1);
    gateway.update([{ path: "/*", to: "http://127.0.0.1:9" }]);
    await until(() => instance.sessions.size === 0);
  });

  it("answers 502 where the instance does not speak it", async () => {
    const { url } = await proxyTo([(await track(startProxy([]))).url]);
    expect((await send(url, "/", { method: "POST", body: "x" })).status).toBe(502);
  });
});
