import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttp, request, type Server } from "node:http";
import { createServer as createHttps } from "node:https";
import { createServer as createTcp, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { makeCertificate } from "./certificates.js";
import { startHttp2 } from "./http2-kit.js";
import { inFlight, send, startProxy, until } from "./kit.js";

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) await close();
});

const [known, other] = await Promise.all([makeCertificate(), makeCertificate("other.test")]);

async function listen(server: Server, at: number | string = 0): Promise<number> {
  if (typeof at === "string") server.listen(at);
  else server.listen(at, "127.0.0.1");
  await once(server, "listening");
  toClose.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return typeof at === "string" ? 0 : (server.address() as AddressInfo).port;
}

/** An instance over TLS, with what it saw of each connection and request. */
async function secure(options: object = {}, host = "127.0.0.1") {
  const seen: { reused: boolean; name: string | false | undefined; peer: string | undefined }[] =
    [];
  const server = createHttps({ cert: known.cert, key: known.key, ...options }, (req, res) => {
    if (req.url === "/last") res.setHeader("connection", "close");
    res.end("secret");
  });
  server.on("secureConnection", (socket: TLSSocket) => {
    const peer = socket.getPeerX509Certificate()?.subject;
    const name = (socket as TLSSocket & { servername?: string | false }).servername;
    seen.push({ reused: socket.isSessionReused(), name, peer });
  });
  server.on("tlsClientError", () => {});
  return { url: `https://${host}:${await listen(server)}`, seen };
}

async function proxyTo(url: string, connect: object, instance: object = {}) {
  const proxy = await startProxy({
    services: { s: { instances: [{ url, ...instance }], outlier: false, connect } },
    routes: [{ match: {}, to: "s", retry: { attempts: 0 } }],
  });
  toClose.push(() => proxy.close());
  return proxy;
}

const failureTo = async (url: string, connect: object) => {
  const proxy = await proxyTo(url, connect);
  expect((await send(proxy.url, "/")).status).toBe(502);
  return (await proxy.ended()).failure;
};

describe("TLS to an instance", () => {
  it("trusts the authorities that it is given, and no others", async () => {
    const { url } = await secure();
    const { url: proxy } = await proxyTo(url, { tls: { ca: known.cert } });
    expect((await send(proxy, "/", { headers: { host: "shop.test" } })).body).toBe("secret");
    const refused = { side: "instance", stage: "connect", cause: "tls" };
    expect(await failureTo(url, { tls: { ca: other.cert } })).toEqual(refused);
    expect(await failureTo(url, {})).toEqual(refused);
  });

  it("verifies the name of the URL, asks for another when it is told, and never for an address", async () => {
    const byName = await secure({}, "localhost");
    const { url } = await proxyTo(byName.url, { tls: { ca: known.cert } });
    expect((await send(url, "/", { headers: { host: "shop.test" } })).status).toBe(200);
    expect(byName.seen.map(({ name }) => name)).toEqual(["localhost"]);

    const byAddress = await secure();
    const first = await proxyTo(byAddress.url, { tls: { ca: known.cert } });
    expect((await send(first.url, "/")).status).toBe(200);
    const serverName = "instance.test";
    const second = await proxyTo(byAddress.url, { tls: { ca: known.cert, serverName } });
    expect((await send(second.url, "/")).status).toBe(200);
    expect(byAddress.seen.map(({ name }) => name)).toEqual([false, serverName]);
    expect(
      await failureTo(byAddress.url, { tls: { ca: known.cert, serverName: "evil.test" } }),
    ).toEqual({ side: "instance", stage: "connect", cause: "tls" });
  });

  it("serves requests for many hosts over one connection", async () => {
    const { url, seen } = await secure();
    const proxy = await proxyTo(url, { tls: { ca: known.cert } });
    for (const host of ["a.test", "b.test", "c.test"])
      expect((await send(proxy.url, "/", { headers: { host } })).status).toBe(200);
    expect(seen).toHaveLength(1);
  });

  it("sends nothing to an instance whose key is none of those that are pinned", async () => {
    let requests = 0;
    const server = createHttps({ cert: known.cert, key: known.key }, (_, res) => {
      requests++;
      res.end();
    });
    const url = `https://127.0.0.1:${await listen(server)}`;
    const tls = { ca: known.cert };
    expect(await failureTo(url, { tls: { ...tls, pins: [other.pin] } })).toEqual({
      side: "instance",
      stage: "connect",
      cause: "tls",
    });
    expect(requests).toBe(0);
    const proxy = await proxyTo(url, { tls: { ...tls, pins: [other.pin, known.pin] } });
    expect((await send(proxy.url, "/")).status).toBe(200);
  });

  it("holds to its pins where any certificate is taken", async () => {
    const { url } = await secure();
    const tls = { dangerouslyAcceptAnyCertificate: true };
    const proxy = await proxyTo(url, { tls });
    expect((await send(proxy.url, "/")).status).toBe(200);
    expect(await failureTo(url, { tls: { ...tls, pins: [other.pin] } })).toMatchObject({
      cause: "tls",
    });
  });

  it("shows its own certificate to an instance that asks for one", async () => {
    const asking = { requestCert: true, rejectUnauthorized: true, ca: other.cert };
    const { url, seen } = await secure({ ...asking, maxVersion: "TLSv1.2" });
    const tls = { ca: known.cert, cert: other.cert, key: other.key };
    const proxy = await proxyTo(url, { tls });
    expect((await send(proxy.url, "/")).status).toBe(200);
    expect(seen[0]?.peer).toContain("other.test");
    expect(await failureTo(url, { tls: { ca: known.cert } })).toMatchObject({ side: "instance" });
  });

  it("keeps to its oldest version, and fails in order on text that is no certificate", async () => {
    const { url } = await secure({ maxVersion: "TLSv1.2" });
    const tls = { ca: known.cert };
    expect(await failureTo(url, { tls: { ...tls, minVersion: "TLSv1.3" } })).toMatchObject({
      cause: "tls",
    });
    const ca = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    expect(await failureTo(url, { tls: { ca } })).toMatchObject({ cause: "tls" });
  });

  it.each(["TLSv1.2", "TLSv1.3"])("takes a session of %s up again", async (maxVersion) => {
    const { url, seen } = await secure({ maxVersion });
    const tls = { ca: known.cert, pins: [known.pin] };
    const proxy = await proxyTo(url, { tls });
    expect((await send(proxy.url, "/last")).status).toBe(200);
    expect((await send(proxy.url, "/last")).status).toBe(200);
    expect(seen.map(({ reused }) => reused)).toEqual([false, true]);
  });
});

describe("the protocol of an https instance", () => {
  const connect = (protocol: string) => ({ protocol, tls: { ca: known.cert } });

  it.each(["auto", "http2"])("is HTTP/2 with %s where it offers that", async (protocol) => {
    const instance = await startHttp2((stream) => {
      stream.respond({ ":status": 200 });
      stream.end(stream.session?.alpnProtocol);
    }, known);
    toClose.push(() => instance.close());
    const { url } = await proxyTo(instance.url, connect(protocol));
    const replies = await Promise.all(Array.from({ length: 20 }, () => send(url, "/")));
    expect(replies.map(({ body }) => body)).toEqual(replies.map(() => "h2"));
    // The first is asked what it speaks; the others wait for that, and share the connection.
    expect(instance.sessions.size).toBe(1);
  });

  it("is HTTP/1.1 with auto where it offers nothing else", async () => {
    const { url, seen } = await secure();
    const proxy = await proxyTo(url, { ...connect("auto"), connections: 2 });
    const replies = await Promise.all(Array.from({ length: 8 }, () => send(proxy.url, "/")));
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    expect((await send(proxy.url, "/", { method: "POST", body: "x" })).status).toBe(200);
    expect(seen.length).toBeLessThanOrEqual(2);
  });

  it("is an error with http2 where it does not offer that", async () => {
    const { url } = await secure();
    expect(await failureTo(url, connect("http2"))).toMatchObject({ side: "instance" });
  });

  it.each(["auto", "http2"])("does not matter with %s where nobody listens", async (protocol) => {
    const server = createTcp().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { url, ends } = await proxyTo(`https://127.0.0.1:${port}`, connect(protocol));
    const replies = await Promise.all(Array.from({ length: 5 }, () => send(url, "/")));
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 502));
    await until(() => ends.length === 5);
    expect(ends.map(({ failure }) => failure)).toEqual(
      replies.map(() => ({ side: "instance", stage: "connect", cause: "refused" })),
    );
  });

  it.each(["auto", "http1", "http2"])(
    "does not matter with %s to a client that leaves, or a proxy that closes, while it is asked",
    async (protocol) => {
      let accepted = 0;
      const server = createTcp((socket) => {
        accepted++;
        socket.on("error", () => {}).resume();
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      toClose.push(() => new Promise((resolve) => server.close(resolve)));
      const { port } = server.address() as AddressInfo;
      const proxy = await proxyTo(`https://127.0.0.1:${port}`, {
        ...connect(protocol),
        timeoutMs: 200,
      });
      const leaving = request(proxy.url, { agent: false })
        .on("error", () => {})
        .end();
      const staying = request(proxy.url, {
        agent: false,
        headers: { te: "trailers", connection: "TE" },
      })
        .on("error", () => {})
        .end();
      const left = new Promise((resolve) => staying.on("close", resolve));
      await until(() => accepted > 0 && proxy.proxy.counts.requests === 2);
      leaving.destroy();
      await proxy.ended();
      await proxy.proxy.close({ graceMs: 10 });
      await left;
      expect(inFlight(proxy.gateway)).toBe(0);
      expect(proxy.proxy.counts).toEqual({
        requests: 0,
        upgrades: 0,
        mirrors: 0,
        waiting: 0,
        pools: 0,
      });
    },
  );

  it("may be asked by a request that needs a connection of its own", async () => {
    const { url } = await secure();
    const proxy = await proxyTo(url, connect("auto"));
    const headers = { te: "trailers", connection: "TE" };
    expect((await send(proxy.url, "/", { headers })).body).toBe("secret");
    expect((await send(proxy.url, "/")).body).toBe("secret");
  });

  it("stays HTTP/1.1 with auto over http", async () => {
    const port = await listen(createHttp((req, res) => void res.end(req.httpVersion)));
    const { url } = await proxyTo(`http://127.0.0.1:${port}`, { protocol: "auto" });
    expect((await send(url, "/")).body).toBe("1.1");
  });
});

describe("an instance on a Unix socket", () => {
  it("is reached there, with host and base path of its URL, and with TLS too", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "socket-"));
    toClose.push(() => rm(folder, { recursive: true }));
    const plain = path.join(folder, "plain.sock");
    const encrypted = path.join(folder, "tls.sock");
    await listen(
      createHttp((req, res) => void res.end(`${req.url} ${req.headers.host}`)),
      plain,
    );
    await listen(
      createHttps({ cert: known.cert, key: known.key }, (_, res) => void res.end("secret")),
      encrypted,
    );
    const { url } = await proxyTo("http://app/base", {}, { socketPath: plain });
    expect((await send(url, "/x", { headers: { host: "shop.test" } })).body).toBe(
      "/base/x shop.test",
    );
    const tls = { ca: known.cert };
    const over = await proxyTo("https://instance.test", { tls }, { socketPath: encrypted });
    expect((await send(over.url, "/")).body).toBe("secret");
  });

  it("is refused in order where nobody listens", async () => {
    const { url, ended } = await proxyTo("http://app", {}, { socketPath: "/no/such.sock" });
    expect((await send(url, "/")).status).toBe(502);
    expect((await ended()).failure).toEqual({
      side: "instance",
      stage: "connect",
      cause: "refused",
    });
  });
});
