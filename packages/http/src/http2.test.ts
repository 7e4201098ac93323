import { once } from "node:events";
import { createServer as createHttp, type Server } from "node:http";
import {
  connect,
  constants,
  createServer,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
} from "node:http2";
import { connect as connectTcp, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { createGateway, type ExchangeEnd } from "./index.js";
import { afterEach, describe, expect, it } from "vitest";
import { attachGateway, gatewayListener, type AttachedGateway } from "./attach.js";

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = constants;

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) await close();
});

async function listen(server: Server | Http2Server): Promise<string> {
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on("error", () => {});
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  toClose.push(async () => {
    for (const session of sessions) session.destroy();
    if ("closeAllConnections" in server) server.closeAllConnections();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const settings = { maxConcurrentStreams: 100 };

/** A gateway on an HTTP/2 server before one instance. */
async function mountBefore(instance: Server, route: object = {}) {
  const to = await listen(instance);
  const ends: ExchangeEnd[] = [];
  const server = createServer({ settings });
  const gateway = createGateway({
    services: { s: { instances: [to], outlier: false } },
    routes: [{ match: {}, to: "s", retry: { attempts: 0 }, ...route }],
  });
  const mounted: AttachedGateway = attachGateway(server, gateway, {
    strict: true,
    onEnd: (end) => ends.push(end),
  });
  toClose.push(() => mounted.close({ graceMs: 10 }));
  const url = await listen(server);
  const inFlight = (): number => gateway.snapshot().services["s"]?.instances[to]?.inFlight ?? -1;
  return { url, server, mounted, ends, inFlight };
}

async function client(url: string): Promise<ClientHttp2Session> {
  const session = connect(url).on("error", () => {});
  await once(session, "connect");
  toClose.push(async () => void session.destroy());
  return session;
}

interface Answer {
  readonly head: IncomingHttpHeaders;
  readonly flags: number;
  readonly body: string;
  readonly trailers: IncomingHttpHeaders | undefined;
  readonly code: number;
}

async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  let head: IncomingHttpHeaders = {};
  let flags = 0;
  let trailers: IncomingHttpHeaders | undefined;
  const chunks: Buffer[] = [];
  stream
    .on("response", (headers, given) => {
      head = headers;
      flags = given;
    })
    .on("trailers", (fields) => (trailers = fields))
    .on("data", (chunk: Buffer) => chunks.push(chunk))
    .on("error", () => {});
  await new Promise((resolve) => stream.on("close", resolve));
  const body = Buffer.concat(chunks).toString();
  return { head, flags, body, trailers, code: stream.rstCode ?? 0 };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

const echo = () =>
  createHttp((req, res) => {
    void text(req).then((body) => {
      const { method, url, rawHeaders } = req;
      res.end(JSON.stringify({ method, url, rawHeaders, body }));
    });
  });

describe("a client over HTTP/2", () => {
  it("reaches an instance over HTTP/1.1 with authority, cookies and body in its form", async () => {
    const { url } = await mountBefore(echo());
    const stream = (await client(url)).request({
      ":method": "POST",
      ":path": "/a?b=1",
      ":authority": "shop.test",
      cookie: ["a=1", "b=2", "c=3"],
      "content-length": "5",
    });
    stream.end("hello");
    const { head, body } = await answerOf(stream);
    expect(head[":status"]).toBe(200);
    const seen = JSON.parse(body) as { rawHeaders: string[] };
    expect(seen).toMatchObject({ method: "POST", url: "/a?b=1", body: "hello" });
    const { rawHeaders } = seen;
    expect(rawHeaders[rawHeaders.indexOf("host") + 1]).toBe("shop.test");
    expect(rawHeaders.filter((name) => name === "cookie")).toHaveLength(1);
    expect(rawHeaders[rawHeaders.indexOf("cookie") + 1]).toBe("a=1; b=2; c=3");
    expect(rawHeaders.some((name) => name.startsWith(":"))).toBe(false);
  });

  it.each([
    ["HEAD", 200],
    ["GET", 204],
    ["GET", 304],
  ])("gets the answer to %s with %i as one frame", async (method, status) => {
    const { url } = await mountBefore(
      createHttp((_, res) => void res.writeHead(status, { "x-a": "1" }).end()),
    );
    const answer = await answerOf((await client(url)).request({ ":method": method }));
    expect(answer).toMatchObject({ head: { ":status": status, "x-a": "1" }, body: "", code: 0 });
    expect(answer.flags & 1).toBe(1);
  });

  it("gets a head and early hints before the body comes", async () => {
    let finish = (): void => {};
    const { url } = await mountBefore(
      createHttp((_, res) => {
        res.writeEarlyHints({ link: "</a.css>; rel=preload" });
        res.writeHead(200).flushHeaders();
        finish = () => res.end("late");
      }),
    );
    const stream = (await client(url)).request();
    const hints: unknown[] = [];
    stream.on("headers", (headers) => hints.push(headers[":status"]));
    await once(stream, "response");
    finish();
    expect(await text(stream)).toBe("late");
    expect(hints).toEqual([103]);
  });

  it("gets trailers whether it asked or not", async () => {
    const { url } = await mountBefore(
      createHttp((_, res) => {
        res.writeHead(200, { trailer: "x-sum" });
        res.write("hello");
        res.addTrailers({ "x-sum": "7", "set-cookie": "a=1" });
        res.end();
      }),
    );
    const { body, trailers } = await answerOf((await client(url)).request());
    expect(body).toBe("hello");
    expect(Object.entries(trailers ?? {})).toEqual([["x-sum", "7"]]);
  });

  it("sees that an answer was cut", async () => {
    const { url, ends, inFlight } = await mountBefore(
      createHttp((_, res) => void res.write("part", () => res.socket?.destroy())),
    );
    const answer = await answerOf((await client(url)).request());
    expect(answer.code).not.toBe(NGHTTP2_NO_ERROR);
    await until(() => ends.length === 1);
    expect(ends[0]).toMatchObject({ status: 200, isComplete: false });
    expect(inFlight()).toBe(0);
  });

  it("is told to stop an upload that was answered, and its connection lives on", async () => {
    const { url } = await mountBefore(
      createHttp((_, res) => void res.writeHead(403, { connection: "close" }).end("no")),
    );
    const session = await client(url);
    const stream = session.request({ ":method": "POST" });
    stream.write("endless");
    const answer = await answerOf(stream);
    expect(answer).toMatchObject({ head: { ":status": 403 }, body: "no", code: NGHTTP2_NO_ERROR });
    expect((await answerOf(session.request())).head[":status"]).toBe(403);
  });

  it("is told to go on when the instance says so", async () => {
    const instance = createHttp();
    instance.on("checkContinue", (req, res) => {
      res.writeContinue();
      void text(req).then((body) => res.end(body));
    });
    const { url } = await mountBefore(instance);
    const stream = (await client(url)).request({ ":method": "POST", expect: "100-continue" });
    await once(stream, "continue");
    stream.end("hello");
    expect((await answerOf(stream)).body).toBe("hello");
  });

  it.each(["the head", "the body", "the end of its upload"])(
    "takes the instance with it when it resets its stream before %s",
    async (phase) => {
      let isGone = false;
      let isAsked = false;
      const { url, ends, inFlight } = await mountBefore(
        createHttp((req, res) => {
          isAsked = true;
          req.on("error", () => {});
          res.on("close", () => (isGone = true));
          if (phase === "the body") res.writeHead(200).flushHeaders();
        }),
      );
      const session = await client(url);
      const isUpload = phase === "the end of its upload";
      const stream = session.request({ ":method": isUpload ? "POST" : "GET" });
      stream.on("error", () => {});
      if (isUpload) stream.write("half");
      if (phase === "the body") await once(stream, "response");
      else await until(() => isAsked);
      stream.close(NGHTTP2_CANCEL);
      await until(() => isGone && ends.length === 1);
      expect(ends[0]).toMatchObject({ isComplete: false });
      expect(inFlight()).toBe(0);
      expect(session.closed).toBe(false);
    },
  );

  it("may let a large answer wait without it being read ahead", async () => {
    let written = 0;
    const part = Buffer.alloc(65_536);
    const { url } = await mountBefore(
      createHttp((_, res) => {
        const write = (): void => {
          while (written++ < 512) if (!res.write(part)) return void res.once("drain", write);
          res.end();
        };
        write();
      }),
    );
    const stream = (await client(url)).request();
    await once(stream, "response");
    let before = -1;
    while (before !== written) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    expect(written).toBeLessThan(512);
    let length = 0;
    for await (const chunk of stream) length += (chunk as Buffer).length;
    expect(length).toBe(512 * 65_536);
  });
});

describe("what a client over HTTP/2 must not get to an instance", () => {
  const counting = () => {
    let requests = 0;
    const server = createHttp((req, res) => {
      requests++;
      req.on("error", () => {}).resume();
      res.end();
    });
    return { server, requests: () => requests };
  };

  it.each([
    ["a space in its path", { ":path": "/a b" }],
    ["a line break in its path", { ":path": "/a\r\nX-A: 1" }],
    ["an authority and a Host that differ", { ":authority": "a.test", host: "b.test" }],
    ["userinfo in its authority", { ":authority": "a@b.test" }],
    ["a path that is none", { ":path": "x" }],
  ])("is %s", async (_, head) => {
    const { server, requests } = counting();
    const { url } = await mountBefore(server);
    const stream = (await client(url)).request(head);
    const answer = await answerOf(stream);
    expect(Number(answer.head[":status"]) === 400 || answer.code !== NGHTTP2_NO_ERROR).toBe(true);
    expect(requests()).toBe(0);
  });

  it("is CONNECT", async () => {
    const { server, requests } = counting();
    const { url } = await mountBefore(server);
    const stream = (await client(url)).request({ ":method": "CONNECT", ":authority": "a:1" });
    stream.end();
    expect((await answerOf(stream)).head[":status"]).toBe(405);
    expect(requests()).toBe(0);
  });

  it("is a body of another length than it says", async () => {
    const bodies: string[] = [];
    const { url } = await mountBefore(
      createHttp(
        (req, res) =>
          void text(req).then(
            (body) => bodies.push(body) && res.end(),
            () => {},
          ),
      ),
    );
    const stream = (await client(url)).request({ ":method": "POST", "content-length": "5" });
    stream.end("hello, and more");
    expect((await answerOf(stream)).code).not.toBe(NGHTTP2_NO_ERROR);
    expect(bodies).toEqual([]);
  });

  /** A request head as raw frames: what no client of Node sends. Each field is a literal without indexing. */
  const frames = (fields: readonly (readonly [string, string])[]): Buffer => {
    const block = Buffer.concat(
      fields.map(([name, value]) =>
        Buffer.concat([
          Buffer.from([0, name.length]),
          Buffer.from(name, "latin1"),
          Buffer.from([value.length]),
          Buffer.from(value, "latin1"),
        ]),
      ),
    );
    const head = Buffer.from([0, 0, block.length, 1, 5, 0, 0, 0, 1]);
    const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    return Buffer.concat([preface, Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]), head, block]);
  };
  const base = [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "a.test"],
  ] as const;

  it.each([
    ["Transfer-Encoding", ["transfer-encoding", "chunked"]],
    ["Connection", ["connection", "close"]],
    ["a name with capitals", ["X-A", "1"]],
    ["a second authority", [":authority", "b.test"]],
    ["an extended CONNECT", [":protocol", "websocket"]],
  ] as const)("is %s", async (_, field) => {
    const { server, requests } = counting();
    const { url } = await mountBefore(server);
    const socket = connectTcp(Number(new URL(url).port), "127.0.0.1");
    toClose.push(async () => void socket.destroy());
    const received: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => received.push(chunk)).on("error", () => {});
    const all = field[0].startsWith(":") ? [...base, field] : [...base, field];
    socket.write(frames(all));
    // A stream that is reset (frame type 3), or a connection that is ended.
    const types = (): number[] => {
      const bytes = Buffer.concat(received);
      const found: number[] = [];
      for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3))
        found.push(bytes[at + 3] as number);
      return found;
    };
    await until(() => types().includes(3) || types().includes(7) || socket.destroyed);
    expect(requests()).toBe(0);
  });

  // Node leaves such fields out before anybody sees them, and serves the rest.
  it.each([
    ["no whole field of these kinds, though others pass", ["x-a", "1"], { "x-a": "1" }],
    ["a line break in a value", ["x-a", "1\r\nX-B: 2"], {}],
    ["a NUL in a value", ["x-a", "1\0"], {}],
    ["a name with a colon", ["x:a", "1"], {}],
  ] as const)("is %s", async (_, field, seen) => {
    const heads: IncomingHttpHeaders[] = [];
    const { url } = await mountBefore(
      createHttp((req, res) => {
        heads.push(req.headers);
        res.end();
      }),
    );
    const socket = connectTcp(Number(new URL(url).port), "127.0.0.1");
    toClose.push(async () => void socket.destroy());
    socket.on("error", () => {}).write(frames([...base, field]));
    await until(() => heads.length === 1);
    const own = Object.entries(heads[0] ?? {}).filter(([name]) => name.startsWith("x"));
    expect(Object.fromEntries(own.filter(([name]) => !name.startsWith("x-f")))).toEqual(seen);
  });
});

describe("a gateway on an HTTP/2 server", () => {
  it("leaves what no route takes to the listeners that the server has", async () => {
    const server = createServer({ settings }, (req, res) => res.end(`app ${req.url}`));
    const gateway = createGateway([{ path: "/x", respond: { status: 200, body: "x" } }]);
    const mounted = attachGateway(server, gateway);
    const session = await client(await listen(server));
    expect((await answerOf(session.request({ ":path": "/x" }))).body).toBe("x");
    expect((await answerOf(session.request({ ":path": "/y" }))).body).toBe("app /y");
    await mounted.close();
  });

  it("answers as a listener, with a fallback of its own", async () => {
    const gateway = createGateway([{ path: "/x", respond: { status: 200, body: "x" } }]);
    const listener = gatewayListener(gateway, {
      fallback: (
        _: import("node:http2").Http2ServerRequest,
        res: import("node:http2").Http2ServerResponse,
      ) => void res.end(`http2 ${res.stream.id === 1}`),
    });
    const session = await client(await listen(createServer(listener)));
    expect((await answerOf(session.request({ ":path": "/y" }))).body).toBe("http2 true");
    expect((await answerOf(session.request({ ":path": "/x" }))).body).toBe("x");
    await listener.close();
  });

  it("lets requests end when it closes, tells its clients to go, and takes no more", async () => {
    let finish = (): void => {};
    const { url, mounted } = await mountBefore(
      createHttp((_, res) => {
        res.write("first ");
        finish = () => res.end("last");
      }),
    );
    const busy = await client(url);
    const idle = await client(url);
    const stream = busy.request();
    await once(stream, "response");
    const body = text(stream);
    const idleClosed = once(idle, "close");
    const told = once(busy, "goaway");
    const closed = mounted.close({ graceMs: 10_000 });
    await Promise.all([idleClosed, told]);
    finish();
    expect(await body).toBe("first last");
    await closed;
    await until(() => busy.destroyed);
  });

  it("cuts what does not end in time", async () => {
    const { url, mounted } = await mountBefore(createHttp((_, res) => void res.write("first")));
    const stream = (await client(url)).request();
    const answer = answerOf(stream);
    await once(stream, "response");
    await mounted.close({ graceMs: 10 });
    expect((await answer).code).not.toBe(NGHTTP2_NO_ERROR);
  });

  it("refuses settings under which one connection may do too much", () => {
    const warnings: string[] = [];
    const server = createServer({ maxSessionMemory: 500, streamResetBurst: 1_000_000 });
    attachGateway(server, createGateway([]), { warn: (message) => warnings.push(message) });
    expect(warnings).toEqual([
      "settings.maxConcurrentStreams is not set: one HTTP/2 connection may hold that many requests; set it to 100 or so",
      "maxSessionMemory is 500: one HTTP/2 connection may take that many megabytes; leave it at 10 or so",
      "streamResetBurst and streamResetRate are high: they are what stops a flood of reset streams; leave them as they are",
    ]);
  });
});
