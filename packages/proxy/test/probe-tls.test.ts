import { once } from "node:events";
import { performServerHandshake, type ServerHttp2Stream } from "node:http2";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { createServer as createTls, type TLSSocket } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeCertificate } from "./certificates.js";
import { startHttp2 } from "./http2-kit.js";
import { probe, startTcp } from "./probe-kit.js";

const [known, other] = await Promise.all([makeCertificate(), makeCertificate("other.test")]);
const tls = { ca: known.cert };

/** An instance that speaks HTTP/1.1 over TLS. */
async function secure() {
  const sockets = new Set<TLSSocket>();
  const server = createServer(
    { cert: known.cert, key: known.key },
    (_, res) => void res.end("well"),
  );
  server.on("secureConnection", (socket: TLSSocket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {});
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

/** An instance that speaks HTTP/2, and notes what it is asked. */
async function http2(isSecure: boolean, answer: (stream: ServerHttp2Stream) => void, options = {}) {
  const asked: string[] = [];
  const server = await startHttp2(
    (stream, headers) => {
      asked.push(["method", "scheme", "authority", "path"].map((n) => headers[`:${n}`]).join(" "));
      answer(stream);
    },
    isSecure ? known : undefined,
    options,
  );
  onTestFinished(() => server.close());
  return { ...server, asked };
}

describe.each(["http", "tcp"])("a probe of the type %s over TLS", (type) => {
  it("trusts whom requests trust", async () => {
    const { url, sockets: open } = await secure();
    expect(await probe(url, { type }, { connect: { tls }, open })).toBe("passing");
    expect(await probe(url, { type }, { open })).toBe("failing");
    const wrong = { tls: { ca: other.cert } };
    expect(await probe(url, { type }, { connect: wrong, open })).toBe("failing");
  });

  it("asks for the pinned key", async () => {
    const { url, sockets: open } = await secure();
    const pinned = (pin: string) => ({ tls: { ...tls, pins: [pin] } });
    expect(await probe(url, { type }, { connect: pinned(known.pin), open })).toBe("passing");
    expect(await probe(url, { type }, { connect: pinned(other.pin), open })).toBe("failing");
  });

  it("fails where no TLS is spoken, and leaves nothing open", async () => {
    const { port, sockets: open } = await startTcp((socket) => socket.resume());
    const url = `https://127.0.0.1:${port}`;
    expect(await probe(url, { type, timeoutMs: 50 }, { connect: { tls }, open })).toBe("failing");
  });

  it("fails with TLS material that is no good", async () => {
    const { url } = await secure();
    const connect = { tls: { ca: "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----" } };
    expect(await probe(url, { type }, { connect })).toBe("failing");
  });
});

describe.each([
  ["h2c", false, { protocol: "http2" }],
  ["TLS", true, { protocol: "http2", tls }],
  ["TLS that was agreed on", true, { protocol: "auto", tls }],
])("an HTTP probe over HTTP/2 and %s", (_, isSecure, connect) => {
  const start = (answer: Parameters<typeof http2>[1]) => http2(isSecure, answer);

  it("judges status and body", async () => {
    const {
      url,
      port,
      sessions: open,
      asked,
    } = await start((stream) => {
      stream.respond({ ":status": 203 });
      stream.end("all is well");
    });
    const expecting = (expect: object) => probe(url, { path: "/up", expect }, { connect, open });
    expect(await expecting({})).toBe("passing");
    expect(await expecting({ status: 203, body: "is well" })).toBe("passing");
    expect(await expecting({ status: 200 })).toBe("failing");
    expect(await expecting({ body: "bad" })).toBe("failing");
    const scheme = isSecure ? "https" : "http";
    expect(new Set(asked)).toEqual(new Set([`GET ${scheme} 127.0.0.1:${port} /up`]));
    expect(await probe(url, { method: "HEAD", host: "a.test" }, { connect, open })).toBe("passing");
    expect(asked.at(-1)).toBe(`HEAD ${scheme} a.test /`);
  });

  it("reads no more than 64 KiB, and does not wait for the rest", async () => {
    const { url, sessions: open } = await start((stream) => {
      stream.respond({ ":status": 200 });
      stream.write(`well${"x".repeat(65_536)}`);
    });
    const rule = { expect: { body: "well" } };
    expect(await probe(url, rule, { connect, open })).toBe("passing");
  });

  it("fails with an answer that is cut, and with none", async () => {
    const patient = { timeoutMs: 60_000 };
    const cut = await start((stream) => {
      // Without trailers to wait for, Node would end it in order.
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.write("well", () => stream.close(8));
    });
    expect(await probe(cut.url, patient, { connect, open: cut.sessions })).toBe("failing");
    const gone = await start((stream) => {
      stream.respond({ ":status": 200 });
      stream.write("well", () => stream.session?.socket.destroy());
    });
    expect(await probe(gone.url, patient, { connect, open: gone.sessions })).toBe("failing");
    const raw: Socket[] = [];
    const ended = await start((stream) => {
      stream.respond({ ":status": 200 });
      stream.write("well", () => raw.at(-1)?.end());
    });
    ended.server.on("connection", (socket: Socket) => raw.push(socket));
    expect(await probe(ended.url, patient, { connect, open: ended.sessions })).toBe("failing");
    const silent = await start(() => {});
    const rule = { timeoutMs: 100 };
    expect(await probe(silent.url, rule, { connect, open: silent.sessions })).toBe("failing");
  });
});

describe("a probe of an instance that may speak HTTP/2", () => {
  it("goes over HTTP/1.1 where that is agreed on", async () => {
    const { url, sockets: open } = await secure();
    const rule = { expect: { body: "well" } };
    expect(await probe(url, rule, { connect: { protocol: "auto", tls }, open })).toBe("passing");
    expect(await probe(url, rule, { connect: { protocol: "http2", tls }, open })).toBe("failing");
    expect(await probe(url, { type: "grpc" }, { connect: { tls }, open })).toBe("failing");
  });

  it("fails over HTTP/2 that was not agreed on, as requests do", async () => {
    const server = createTls({ cert: known.cert, key: known.key }, (socket) => {
      performServerHandshake(socket.on("error", () => {}))
        .on("stream", (stream) => stream.respond({ ":status": 200 }, { endStream: true }))
        .on("error", () => {});
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => void server.close());
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await probe(url, {}, { connect: { protocol: "http2", tls } })).toBe("failing");
  });

  it("goes over HTTP/1.1 without TLS", async () => {
    const { url, sockets: open } = await startTcp((socket) => {
      socket.on("data", () => socket.end("HTTP/1.1 200 OK\r\n\r\nwell"));
    });
    expect(await probe(url, {}, { connect: { protocol: "auto" }, open })).toBe("passing");
    expect(await probe(url, {}, { connect: { protocol: "http2" }, open })).toBe("failing");
  });
});
