import { randomBytes } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { request, ServerResponse, type RequestListener } from "node:http";
import { createServer as createHttps } from "node:https";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { duplexPair, PassThrough, type Duplex } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "./kit.js";
import { bodyRig, echo, put, sumOf } from "./spent-parts-kit.js";

const MIB = 1_048_576;
const body = randomBytes(6 * MIB);

const { certificate, instance, gatewayBefore, hear, whenOver } = await bodyRig();
const giving: RequestListener = (_, res) => {
  res.setHeader("content-length", body.length).end(body);
};
const kept: Buffer[] = [];
const sums: string[] = [];
const keep = (part: Buffer): void => {
  kept.push(part);
  sums.push(sumOf(part));
};
const expectKept = (): void => {
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.map(sumOf)).toEqual(sums);
};
afterEach(() => {
  kept.length = 0;
  sums.length = 0;
});

/** An instance by TLS that speaks HTTP/1.1 alone. */
async function http1Alone(listener: RequestListener): Promise<string> {
  const { cert, key } = certificate;
  const server = createHttps({ cert, key }, listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  whenOver(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Goes between a gateway and an instance, and lets nothing through until it is told. */
async function barrier(to: string) {
  const held: Socket[] = [];
  const server = createServer((socket) => void held.push(socket.on("error", () => {})));
  await once(server.listen(0, "127.0.0.1"), "listening");
  whenOver(() => {
    for (const socket of held) socket.destroy();
    server.close();
  });
  const lift = (): void => {
    for (const socket of held) {
      const behind = connect(Number(new URL(to).port), "127.0.0.1").on("error", () => {});
      whenOver(() => behind.destroy());
      socket.pipe(behind).pipe(socket);
    }
  };
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lift,
  };
}
// Memory is freed while the system and OpenSSL still read it: the instance gets other bytes.
it("a connection that stands too late does not change where a body is said to go", async () => {
  let socket: Socket | undefined;
  let started = (): void => {};
  let resume = (): void => {};
  const isStarted = new Promise<void>((resolve) => (started = resolve));
  const mayRead = new Promise<void>((resolve) => (resume = resolve));
  let wrongAt = -1;
  let came = 0;
  const second = await http1Alone((req, res) => {
    req.on("error", () => {});
    started();
    void mayRead.then(
      async () => {
        const isFull = (): boolean =>
          (socket as Socket).writableLength > 0 || (socket as Socket).bytesWritten >= big.length;
        for await (const part of req as AsyncIterable<Buffer>) {
          const at = big.compare(part, 0, part.length, came, came + part.length) === 0 ? -1 : came;
          if (wrongAt < 0) wrongAt = at;
          came += part.length;
          if (wrongAt < 0) await until(isFull);
        }
        res.end();
      },
      () => {},
    );
  });
  const big = randomBytes(16 * MIB);
  const late = await barrier(await http1Alone(echo));
  hear("undici:client:sendHeaders", (sent: { socket: Socket }) => (socket = sent.socket));
  const gateway = await gatewayBefore(
    [late.url, second],
    {
      retry: { attempts: 2, backoff: { baseMs: 0, maxMs: 0 } },
      timeouts: { attemptMs: 3_000 },
      limits: { replayBytes: 0 },
    },
    {},
    "auto",
  );
  const req = request(gateway.url, { method: "PUT", agent: false }).on("error", () => {});
  whenOver(() => req.destroy());
  req.write(big.subarray(0, 20_000));
  await isStarted;
  // The first attempt is given up; now its connection comes to stand.
  const connected = new Promise<void>((resolve) => {
    const onConnected = (): void => resolve();
    subscribe("undici:client:connected", onConnected);
    whenOver(() => unsubscribe("undici:client:connected", onConnected));
  });
  late.lift();
  await connected;
  resume();
  for (let at = 20_000; at < big.length; at += 20_000) req.write(big.subarray(at, at + 20_000));
  req.end();
  await until(() => came >= big.length || wrongAt >= 0);
  expect(wrongAt).toBe(-1);
});

describe("a socket that is none of the system keeps what was written", () => {
  // Any Duplex may be given to a server of Node.
  it("when it is half of a pair", async () => {
    const { server } = await gatewayBefore([await instance(giving)]);
    const [client, other] = duplexPair() as [Duplex, Duplex];
    server.emit("connection", other);
    client.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const parts: Buffer[] = [];
    for await (const part of client as AsyncIterable<Buffer>) parts.push(part);
    expect(Buffer.concat(parts).subarray(-body.length).equals(body)).toBe(true);
  });
  // `writableLength` of the response is NaN, and `NaN > 0` is false.
  it.each([
    ["as adapters of functions have it", {}],
    ["that is open", { destroyed: false }],
  ])("when it is a mere object, %s", async (_, more) => {
    const gateway = await gatewayBefore([await instance(giving)]);
    let isDone = false;
    gateway.server.removeAllListeners("request").on("request", (req, real) => {
      const res = new ServerResponse(req);
      const write = (part: Buffer | string, ...rest: unknown[]): boolean => {
        if (typeof part !== "string" && part.length > 2) keep(part);
        const last = rest.at(-1);
        if (typeof last === "function") (last as () => void)();
        return true;
      };
      const none = (): void => {};
      const destroy = (): void => void res.emit("close");
      const fake = {
        writable: true,
        on: none,
        removeListener: none,
        destroy,
        write,
      };
      res.assignSocket({
        ...fake,
        cork: none,
        uncork: none,
        _writableState: {},
        ...more,
      } as never);
      res.on("finish", () => {
        isDone = true;
        real.end();
      });
      gateway.proxy.handle(req, res);
    });
    request(gateway.url, { agent: false })
      .on("error", () => {})
      .end();
    await until(() => isDone || sums.length >= 90);
    expectKept();
  });

  it("when it is a stream that hands on", async () => {
    const gateway = await gatewayBefore([await instance(giving)]);
    const got = Promise.withResolvers<number>();
    gateway.server.removeAllListeners("request").on("request", (req, real) => {
      const res = new ServerResponse(req);
      const way = new PassThrough({ highWaterMark: 16 * MIB });
      res.assignSocket(way as never);
      res.on("finish", () => {
        real.end();
        let bytes = 0;
        way.on("data", (part: Buffer) => (bytes += part.length));
        way.on("end", () => got.resolve(bytes)).end();
      });
      gateway.proxy.handle(req, res);
    });
    request(gateway.url, { agent: false }).end();
    expect(await got.promise).toBeGreaterThan(body.length);
  });
  // The same as a `write` of the response that is replaced.
  it("when its `write` was replaced", async () => {
    const { server, url } = await gatewayBefore([await instance(giving)]);
    server.prependListener("connection", (socket: Socket) => {
      const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
      const tapped = (part: unknown, ...rest: unknown[]): boolean => {
        if (Buffer.isBuffer(part)) keep(part);
        return write(part, ...rest);
      };
      socket.write = tapped as typeof socket.write;
    });
    expect(await put(url, Buffer.of(1))).toBe(sumOf(body));
    expectKept();
  });
});
