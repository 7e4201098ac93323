import { createHash } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { request as plain, type IncomingMessage, type RequestListener } from "node:http";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach } from "vitest";
import type { ProxyOptions } from "../src/index.js";
import { makeCertificate, type TestCertificate } from "./certificates.js";
import { startHttp2, type Http2TestServer } from "./http2-kit.js";
import { startServer, until, type TestProxy } from "./kit.js";
import { oneService, rig } from "./rig.js";

/** Servers of a test file through which large bodies go. All are closed behind each test. */
export interface BodyRig {
  readonly certificate: TestCertificate;
  /** An instance, over TLS or not. */
  instance(listener: RequestListener, scheme?: string): Promise<string>;
  gatewayBefore(
    urls: readonly string[],
    route?: object,
    options?: ProxyOptions,
    protocol?: string,
  ): Promise<TestProxy>;
  /** A door of a gateway by TLS, for clients of HTTP/1.1 and HTTP/2. */
  secureDoor(gateway: TestProxy): Promise<Http2TestServer>;
  /** Hears what is published on a channel until the test is over. */
  hear(channel: string, listener: (message: never) => void): void;
  /** Called behind the test. */
  whenOver(close: () => unknown): void;
}

export async function bodyRig(): Promise<BodyRig> {
  const certificate = await makeCertificate();
  const toClose: (() => unknown)[] = [];
  // The hook that is set last runs first: gateways go before the instances behind them.
  afterEach(async () => {
    for (const close of toClose.splice(0).toReversed()) await close();
  });
  const { gatewayTo } = rig();
  const whenOver = (close: () => unknown): void => void toClose.push(close);
  return {
    certificate,
    whenOver,
    instance: async (listener, scheme = "http") => {
      const isSecure = scheme === "https";
      const server = isSecure
        ? await startHttp2(undefined, certificate, { allowHTTP1: true })
        : await startServer();
      server.server.on("request", listener);
      whenOver(() => server.close());
      return server.url;
    },
    gatewayBefore: (urls, route = {}, options = {}, protocol = "http1") => {
      const isSecure = urls[0]?.startsWith("https:") === true;
      const tls = isSecure ? { tls: { ca: certificate.cert } } : {};
      const service = { outlier: false, connect: { protocol, ...tls } };
      return gatewayTo(oneService(urls, route, service), options);
    },
    secureDoor: async ({ proxy }) => {
      const door = await startHttp2(undefined, certificate, { allowHTTP1: true });
      door.server.on("request", ((req, res) => proxy.handle(req, res)) as RequestListener);
      whenOver(() => door.close());
      return door;
    },
    hear: (channel, listener) => {
      const heard = listener as (message: unknown) => void;
      subscribe(channel, heard);
      whenOver(() => unsubscribe(channel, heard));
    },
  };
}

export const sumOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** Writes a body in many parts, as fast as they are taken. */
export async function feed(to: Writable, body: Buffer): Promise<void> {
  for (let at = 0; at < body.length; at += 50_000)
    if (!to.write(body.subarray(at, at + 50_000))) await once(to, "drain");
  to.end();
}

export interface HowToPut {
  readonly framing?: "length" | "chunked";
  readonly start?: typeof plain;
  /** Of a server that signs its certificate itself. */
  readonly ca?: string;
}

/** Sends a body on a connection of its own, and resolves with the response to it. */
export async function begin(
  url: string,
  body: Buffer,
  { framing = "length", start = plain, ca }: HowToPut = {},
): Promise<IncomingMessage> {
  const headers = framing === "length" ? { "content-length": body.length } : {};
  const req = start(url, { method: "PUT", headers, agent: false, ca } as object);
  const answered = once(req, "response") as Promise<[IncomingMessage]>;
  await feed(req, body);
  const [res] = await answered;
  return res;
}

/** Sends a body, and resolves with the hash of the one that comes back. */
export async function put(url: string, body: Buffer, how: HowToPut = {}): Promise<string> {
  return sumOf(await buffer(await begin(url, body, how)));
}

/** Gives back what it gets, once all of it has come. */
export const echo: RequestListener = (req, res) => {
  const answer = (body: Buffer): void => {
    if (req.headers["content-length"] !== undefined) res.setHeader("content-length", body.length);
    void feed(res, body);
  };
  // A request that is cut has no answer.
  buffer(req).then(answer, () => {});
};

/** Reads a body of so many bytes, and stops again and again until the socket it comes from is full. */
export async function readSlowly(
  source: Readable,
  from: () => Socket | undefined,
  bytes: number,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  const isFull = (): boolean => {
    const socket = from();
    return socket !== undefined && (socket.writableLength > 0 || socket.bytesWritten >= bytes);
  };
  for await (const part of source as AsyncIterable<Buffer>) {
    if (parts.push(part) % 8 === 1) await until(isFull);
  }
  return Buffer.concat(parts);
}
