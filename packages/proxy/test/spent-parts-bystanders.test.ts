import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { IncomingMessage, request, ServerResponse, type RequestListener } from "node:http";
import type { Socket } from "node:net";
import { PassThrough, type Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { begin, bodyRig, feed, put, sumOf } from "./spent-parts-kit.js";

const MIB = 1_048_576;
const body = randomBytes(6 * MIB);

const { instance, gatewayBefore, hear } = await bodyRig();
const giving: RequestListener = (_, res) => {
  res.setHeader("content-length", body.length).end(body);
};
const hashing: RequestListener = (req, res) => void buffer(req).then((got) => res.end(sumOf(got)));
const textOf = async (from: Readable): Promise<string> => (await buffer(from)).toString();

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

describe("a request keeps", () => {
  /** Sends half of a body, and the rest when something was done with the request that the gateway has taken. */
  async function inTheMidst(touch: (req: IncomingMessage) => void): Promise<void> {
    const read = Promise.withResolvers<void>();
    const gateway = await gatewayBefore([
      await instance((req, res) => {
        req.once("data", () => read.resolve());
        hashing(req, res);
      }),
    ]);
    let taken: IncomingMessage | undefined;
    gateway.server.on("request", (req) => (taken = req));
    const req = request(gateway.url, { method: "PUT", agent: false });
    const answered = once(req, "response") as Promise<[IncomingMessage]>;
    req.write(body.subarray(0, MIB));
    await read.promise;
    touch(taken as IncomingMessage);
    await feed(req, body.subarray(MIB));
    const [res] = await answered;
    expect(await textOf(res)).toBe(sumOf(body));
  }
  it("what a subscriber gets that comes in the midst of an upload", async () => {
    await inTheMidst(() =>
      hear("undici:request:bodyChunkSent", ({ chunk }: { chunk: Buffer }) => keep(chunk)),
    );
    expectKept();
  });
  it("what a listener gets that goes first, once", async () => {
    await inTheMidst((req) => {
      const again = (): void => {
        req.prependOnceListener("data", (part: Buffer) => {
          keep(part);
          if (sums.length < 20) setImmediate(again);
        });
      };
      again();
    });
    expectKept();
  });

  it.each(["push", "emit"] as const)("what `%s` gets that is replaced later", async (method) => {
    await inTheMidst((req) => {
      const old = req[method].bind(req) as (...args: unknown[]) => boolean;
      const tapped = (...args: unknown[]): boolean => {
        const part = args.at(method === "push" ? 0 : 1);
        if (Buffer.isBuffer(part)) keep(part);
        return old(...args);
      };
      req[method] = tapped as never;
    });
    expectKept();
  });
  it("what was looked at and put back", async () => {
    const gateway = await gatewayBefore([await instance(hashing)], {
      limits: { replayBytes: 0 },
    });
    gateway.server.removeAllListeners("request").on("request", (req, res) => {
      void once(req, "readable").then(() => {
        const part = req.read() as Buffer;
        keep(part);
        req.unshift(part);
        gateway.proxy.handle(req, res);
      });
    });
    const res = await begin(gateway.url, body);
    expect(await textOf(res)).toBe(sumOf(body));
    expectKept();
  });
  it("what its maker pushed", async () => {
    const gateway = await gatewayBefore([await instance(hashing)], {
      limits: { replayBytes: 0 },
    });
    gateway.server.removeAllListeners("request").on("request", (real, res) => {
      const req = new IncomingMessage(new PassThrough() as never);
      const headers = { host: "a", "content-length": String(body.length) };
      Object.assign(req, {
        method: "PUT",
        url: "/",
        httpVersion: "1.1",
        httpVersionMajor: 1,
      });
      Object.assign(req, { httpVersionMinor: 1, complete: true, headers });
      req.rawHeaders = Object.entries(headers).flat();
      for (let at = 0; at < body.length; at += MIB) keep(Buffer.from(body.subarray(at, at + MIB)));
      const left = [...kept];
      req._read = () => void req.push(left.shift() ?? null);
      real.resume();
      gateway.proxy.handle(req, res);
    });
    const res = await begin(gateway.url, Buffer.of(1));
    expect(await textOf(res)).toBe(sumOf(body));
    expectKept();
  });
});

describe("a reply keeps", () => {
  it("what a listener of the socket of the instance gets", async () => {
    const { url } = await gatewayBefore([await instance(giving)]);
    hear("undici:client:sendHeaders", ({ socket }: { socket: Socket }) => socket.on("data", keep));
    expect(await put(url, Buffer.of(1))).toBe(sumOf(body));
    expectKept();
  });
  it("what a `write` gets that puts the old one back", async () => {
    const { server, url } = await gatewayBefore([await instance(giving)]);
    server.prependListener("request", (_, res) => {
      const write = res.write.bind(res) as (...args: unknown[]) => boolean;
      const tapped = (part: Buffer, ...rest: unknown[]): boolean => {
        keep(part);
        delete (res as Partial<ServerResponse>).write;
        const goesOn = write(part, ...rest);
        setImmediate(() => (res.write = tapped as typeof res.write));
        return goesOn;
      };
      res.write = tapped as typeof res.write;
    });
    expect(await put(url, Buffer.of(1))).toBe(sumOf(body));
    expectKept();
  });
});

it("a listener that was there before the gateway takes nothing away from it", async () => {
  const gateway = await gatewayBefore([await instance(hashing)]);
  gateway.server.prependListener("request", (req) => void req.on("data", keep));
  const req = request(gateway.url, { method: "PUT", agent: false });
  const answered = once(req, "response") as Promise<[IncomingMessage]>;
  await feed(req, body);
  const [res] = await answered;
  expect(await textOf(res)).toBe(sumOf(body));
  expect(sumOf(Buffer.concat(kept))).toBe(sumOf(body));
});
