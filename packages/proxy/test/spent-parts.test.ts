import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { request as plain, type IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as secure } from "node:https";
import type { Socket } from "node:net";
import { Transform, type Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Policy } from "../src/index.js";
import { open } from "./kit.js";
import { begin, bodyRig, echo, feed, put, readSlowly, sumOf } from "./spent-parts-kit.js";

const MIB = 1_048_576;

const { certificate, instance, gatewayBefore, secureDoor, hear, whenOver } = await bodyRig();
const ca = certificate.cert;
afterEach(() => void vi.restoreAllMocks());

describe("a large body arrives whole", () => {
  it.each(
    ["http", "https"].flatMap((from) =>
      ["http", "https"].flatMap((to) => [
        { from, to, framing: "length" as const },
        { from, to, framing: "chunked" as const },
      ]),
    ),
  )("in both directions: $framing, from $from to $to", async ({ from, to, framing }) => {
    const body = randomBytes(6 * MIB);
    const gateway = await gatewayBefore([await instance(echo, to)]);
    const { url } = from === "http" ? gateway : await secureDoor(gateway);
    const start = from === "http" ? plain : secure;
    expect(await put(url, body, { start, framing, ca })).toBe(sumOf(body));
  });

  it.each(["http", "https"])("from a client of HTTP/2 to an instance by %s", async (to) => {
    const body = randomBytes(6 * MIB);
    const { url } = await secureDoor(await gatewayBefore([await instance(echo, to)]));
    const session = connectHttp2(url, { ca });
    whenOver(() => session.destroy());
    const stream = session.request({ ":method": "PUT" });
    const [back] = await Promise.all([buffer(stream), feed(stream, body)]);
    expect(sumOf(back)).toBe(sumOf(body));
  });

  it.each(["http2", "auto"])("at an instance of HTTP/2, asked by %s", async (protocol) => {
    const body = randomBytes(6 * MIB);
    const url = await instance(echo, "https");
    const gateway = await gatewayBefore([url], {}, {}, protocol);
    expect(await put(gateway.url, body, { framing: "chunked" })).toBe(sumOf(body));
  });

  it("at an instance that had its head long before", async () => {
    const body = randomBytes(6 * MIB);
    const begun = Promise.withResolvers<void>();
    const url = await instance((req, res) => {
      begun.resolve();
      echo(req, res);
    });
    const gateway = await gatewayBefore([url]);
    const req = plain(gateway.url, { method: "PUT", agent: false });
    const answered = once(req, "response") as Promise<[IncomingMessage]>;
    req.flushHeaders();
    await begun.promise;
    await feed(req, body);
    const [res] = await answered;
    expect(sumOf(await buffer(res))).toBe(sumOf(body));
  });

  it.each(["http", "https"])("at an instance by %s that stops many times", async (to) => {
    const body = randomBytes(20 * MIB);
    let socket: Socket | undefined;
    hear("undici:client:sendHeaders", (sent: { socket: Socket }) => (socket = sent.socket));
    const url = await instance((req, res) => {
      void readSlowly(req, () => socket, body.length).then((got) => res.end(sumOf(got)));
    }, to);
    const gateway = await gatewayBefore([url]);
    const res = await begin(gateway.url, body, { framing: "chunked" });
    expect((await buffer(res)).toString()).toBe(sumOf(body));
  });

  it.each([
    ["HTTP", plain],
    ["HTTPS", secure],
  ])("at a client by %s that stops many times", async (_, start) => {
    const body = randomBytes(20 * MIB);
    // What comes over TLS comes in small parts, of which many wait at a time.
    const url = await instance((_, res) => void feed(res, body), "https");
    const gateway = await gatewayBefore([url]);
    const door = start === plain ? gateway : await secureDoor(gateway);
    let socket: Socket | undefined;
    door.server.prependListener("request", (req: IncomingMessage) => (socket = req.socket));
    const res = await begin(door.url, Buffer.of(1), { start, ca });
    const got = await readSlowly(res, () => socket, body.length);
    expect(sumOf(got)).toBe(sumOf(body));
  });

  it("behind an upload whose instance was killed in its midst", async () => {
    let isFirst = true;
    const url = await instance((req, res) => {
      if (!isFirst) return echo(req, res);
      isFirst = false;
      req.once("data", () => req.socket.destroy());
    });
    const gateway = await gatewayBefore([url]);
    const body = randomBytes(20 * MIB);
    const req = plain(gateway.url, { method: "PUT", agent: false }).on("error", () => {});
    req.write(body);
    expect((await gateway.ended()).failure).toMatchObject({ side: "instance" });
    req.destroy();
    expect(await put(gateway.url, body, { framing: "chunked" })).toBe(sumOf(body));
  });

  it("behind a reply whose client left in its midst", async () => {
    const body = randomBytes(20 * MIB);
    const gateway = await gatewayBefore([await instance((_, res) => void res.end(body))]);
    const left = await begin(gateway.url, Buffer.of(1));
    await once(left, "readable");
    left.destroy();
    expect((await gateway.ended()).failure).toMatchObject({ side: "client", cause: "left" });
    expect(await put(gateway.url, Buffer.of(1))).toBe(sumOf(body));
  });

  it("at a second instance when all that the first one got was kept", async () => {
    const body = randomBytes(6 * MIB);
    const broken = await instance((req) => void req.on("end", () => req.socket.destroy()).resume());
    const gateway = await gatewayBefore([broken, await instance(echo)], {
      retry: { attempts: 1, backoff: { baseMs: 0, maxMs: 0 } },
      limits: { replayBytes: body.length },
    });
    expect(await put(gateway.url, body)).toBe(sumOf(body));
    expect(await gateway.ended()).toMatchObject({ attempts: 2 });
  });

  it("when one client sends many requests without waiting", async () => {
    const bodies = Array.from({ length: 4 }, () => randomBytes(5 * MIB));
    const gateway = await gatewayBefore([await instance(echo)]);
    const client = await open(gateway.port);
    for (const [at, body] of bodies.entries()) {
      const connection = at === bodies.length - 1 ? "close" : "keep-alive";
      const head = `PUT / HTTP/1.1\r\nHost: a\r\nConnection: ${connection}\r\n`;
      client.write(`${head}Content-Length: ${body.length}\r\n\r\n`);
      client.write(body);
    }
    await once(client, "close");
    const came = client.received().split(/HTTP\/1\.1 200 OK\r\n.*?\r\n\r\n/s);
    const sums = came.map((one) => sumOf(Buffer.from(one, "latin1")));
    expect(sums.slice(1)).toEqual(bodies.map(sumOf));
  });
});

describe("who looks on keeps", () => {
  const body = randomBytes(6 * MIB);
  const kept: Buffer[] = [];
  const sums: string[] = [];
  const keep = (part: Buffer): void => {
    kept.push(part);
    sums.push(sumOf(part));
  };
  afterEach(() => {
    kept.length = 0;
    sums.length = 0;
  });
  const expectAll = (): void => expect(sumOf(Buffer.concat(kept))).toBe(sumOf(body));

  it("the whole request when it listened before the gateway did", async () => {
    const { server, url } = await gatewayBefore([await instance(echo)]);
    server.prependListener("request", (req) => req.on("data", keep).pause());
    expect(await put(url, body)).toBe(sumOf(body));
    expectAll();
  });

  it.each(["on", "once"] as const)(
    "what comes when it listens with `%s` in the midst of a request",
    async (way) => {
      const read = Promise.withResolvers<void>();
      const gateway = await gatewayBefore([
        await instance((req, res) => {
          req.once("data", () => read.resolve());
          echo(req, res);
        }),
      ]);
      let taken: IncomingMessage | undefined;
      gateway.server.on("request", (req) => (taken = req));
      const req = plain(gateway.url, { method: "PUT", agent: false });
      const answered = once(req, "response") as Promise<[IncomingMessage]>;
      req.write(body.subarray(0, MIB));
      await read.promise;
      taken?.[way]("data", keep);
      await feed(req, body.subarray(MIB));
      const [res] = await answered;
      expect(sumOf(await buffer(res))).toBe(sumOf(body));
      expect(sums.length).toBeGreaterThanOrEqual(way === "on" ? 50 : 1);
      expect(kept.map(sumOf)).toEqual(sums);
    },
  );

  it("the whole request when it stands between that and its listeners", async () => {
    const { server, url } = await gatewayBefore([await instance(echo)]);
    server.prependListener("request", (req) => {
      const on = req.on.bind(req) as (...args: unknown[]) => IncomingMessage;
      const tapped = (event: string, listener: (part: Buffer) => void): IncomingMessage =>
        on(event, (part: Buffer) => {
          if (event === "data") keep(part);
          listener(part);
        });
      req.on = tapped as typeof req.on;
    });
    expect(await put(url, body)).toBe(sumOf(body));
    expectAll();
  });

  it("the whole response when it stands before its `write`", async () => {
    const { server, url } = await gatewayBefore([await instance(echo)]);
    server.prependListener("request", (_, res) => {
      const write = res.write.bind(res) as (...args: unknown[]) => boolean;
      const tapped = (part: Buffer, ...rest: unknown[]): boolean => {
        keep(part);
        return write(part, ...rest);
      };
      res.write = tapped as typeof res.write;
    });
    expect(await put(url, body)).toBe(sumOf(body));
    expectAll();
  });

  it.each(["onRequest", "onResponse"])("all that it lets pass in a policy, in %s", async (hook) => {
    const tap = (): Transform =>
      new Transform({
        transform: (part: Buffer, _, done) => {
          keep(part);
          done(null, part);
        },
      });
    const policy: Policy = { [hook]: () => ({ body: (from: Readable) => from.pipe(tap()) }) };
    const policies = { policies: { keeping: policy } };
    const urls = [await instance(echo)];
    const { url } = await gatewayBefore(urls, { policies: ["keeping"] }, policies);
    expect(await put(url, body)).toBe(sumOf(body));
    expectAll();
  });

  it.each(["Sent", "Received"])("all that `bodyChunk%s` of undici tells of", async (what) => {
    hear(`undici:request:bodyChunk${what}`, ({ chunk }: { chunk: Buffer }) => keep(chunk));
    const { url } = await gatewayBefore([await instance(echo)]);
    expect(await put(url, body)).toBe(sumOf(body));
    expectAll();
  });
});

describe("memory is given back", () => {
  it.each([
    ["an upload", randomBytes(8 * MIB), Buffer.of(1)],
    ["a reply", Buffer.of(1), randomBytes(8 * MIB)],
  ])("of %s while it is under way", async (_, up, down) => {
    const gateway = await gatewayBefore([
      await instance((req, res) => {
        // The parts of a chunked reply share their memory with the lines between them.
        res.setHeader("content-length", down.length);
        void buffer(req).then((got) => feed(res.setHeader("x-sum", sumOf(got)), down));
      }),
    ]);
    const transfer = vi.spyOn(ArrayBuffer.prototype, "transfer");
    const res = await begin(gateway.url, up);
    expect(sumOf(await buffer(res))).toBe(sumOf(down));
    expect(res.headers["x-sum"]).toBe(sumOf(up));
    expect(transfer.mock.calls.length).toBeGreaterThan(20);
  });
});
