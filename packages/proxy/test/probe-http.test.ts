import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { deadUrl } from "./kit.js";
import { probe, startTcp } from "./probe-kit.js";
import { rig } from "./rig.js";

const { backend } = rig();

const answering =
  (status: number, body = "", headers: Record<string, string> = {}): RequestListener =>
  (_, res) =>
    void res.writeHead(status, headers).end(body);

/** An instance that says the given bytes to whoever has asked, and ends the connection then if it is told to. */
async function saying(bytes: string, ends = true) {
  const heads: string[] = [];
  const instance = await startTcp((socket) => {
    socket.on("data", (data) => {
      heads.push(data.toString("latin1"));
      socket.write(bytes, "latin1");
      if (ends) socket.end();
    });
  });
  return { ...instance, heads };
}

/** An instance that answers, and holds the whole process up then. */
const startBusy = (ms: number) =>
  startTcp((socket) => {
    socket.on("data", () => {
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      const end = performance.now() + ms;
      while (performance.now() < end);
    });
  });

describe("an HTTP probe", () => {
  it.each([
    ["passing", "any success", 204, {}],
    ["failing", "a fault", 503, {}],
    ["failing", "a redirect", 302, {}],
    ["passing", "the status that is asked for", 503, { expect: { status: 503 } }],
    ["passing", "one of those that are asked for", 401, { expect: { status: [200, 401] } }],
    ["failing", "another status", 204, { expect: { status: [200, 401] } }],
    ["failing", "a body without the text that is asked for", 200, { expect: { body: "ok" } }],
  ])("is %s with %s", async (kind, _, status, rule) => {
    const { url, sockets } = await backend(answering(status, status === 204 ? "" : "well"));
    expect(await probe(url, rule, { open: sockets })).toBe(kind);
  });

  it("asks with the query of its path", async () => {
    const asked: string[] = [];
    const { url } = await backend((req, res) => {
      asked.push(req.url as string);
      res.end();
    });
    expect(await probe(url, { path: "/healthz?deep=1&of=a b" })).toBe("passing");
    expect(asked[0]).toBe("/healthz?deep=1&of=a%20b");
  });

  it("does not follow redirects", async () => {
    const asked: string[] = [];
    const { url } = await backend((req, res) => {
      asked.push(req.url as string);
      res.writeHead(req.url === "/" ? 302 : 200, { location: "/well" }).end();
    });
    expect(await probe(url, {})).toBe("failing");
    expect(asked).toEqual(["/"]);
  });

  it("says what it is and where it asks, and ends its connection", async () => {
    const { url, port, heads } = await saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    expect(await probe(`${url}/base`, { path: "/up and/ä" })).toBe("passing");
    expect(await probe(url, { method: "HEAD", host: "shop.test:81" })).toBe("passing");
    const rest = "user-agent: signalbox-probe\r\nconnection: close\r\n\r\n";
    expect(heads).toEqual([
      `GET /up%20and/%C3%A4 HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${rest}`,
      `HEAD / HTTP/1.1\r\nhost: shop.test:81\r\n${rest}`,
    ]);
  });

  it("looks for a text in all that comes, however it is cut", async () => {
    const { url, sockets } = await backend((_, res) => {
      res.write("all is w");
      setImmediate(() => res.end("ell"));
    });
    expect(await probe(url, { expect: { body: "is well" } }, { open: sockets })).toBe("passing");
  });

  it("reads no more than 64 KiB, and does not wait for the rest", async () => {
    const { url, sockets } = await backend((_, res) => {
      res.write(`well${"x".repeat(65_536)}`);
      res.write("more");
    });
    const open = sockets;
    expect(await probe(url, { expect: { body: "well" } }, { open })).toBe("passing");
    expect(await probe(url, { expect: { body: "more" } }, { open })).toBe("failing");
  });

  it.each([
    ["passing", "that ends with its connection", "HTTP/1.0 200 OK\r\n\r\nwell"],
    ["passing", "behind interim ones", "HTTP/1.1 103 Hint\r\n\r\nHTTP/1.1 200 OK\r\n\r\nwell"],
    ["failing", "that is cut", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nwell"],
    [
      "failing",
      "that is cut in a chunk",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nwell",
    ],
    ["failing", "that is no HTTP", "well\r\n\r\n"],
    [
      "failing",
      "that switches protocols",
      "HTTP/1.1 101 Well\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nwell",
    ],
    [
      "failing",
      "with a head that is too large",
      `HTTP/1.1 200 OK\r\nx: ${"x".repeat(70_000)}\r\n\r\nwell`,
    ],
    ["failing", "of nothing at all", ""],
  ])("is %s with an answer %s", async (kind, _, bytes) => {
    const { url, sockets } = await saying(bytes);
    const rule = { expect: { body: "well" }, timeoutMs: 60_000 };
    expect(await probe(url, rule, { open: sockets })).toBe(kind);
  });

  it.each([
    ["the head", ""],
    ["the end", "HTTP/1.1 200 OK\r\n\r\nwell"],
  ])("fails when its time is up before %s has come", async (_, bytes) => {
    const { url, sockets } = await saying(bytes, false);
    expect(await probe(url, { timeoutMs: 50 }, { open: sockets })).toBe("failing");
  });

  it("fails where nobody listens", async () => {
    expect(await probe(await deadUrl(), {})).toBe("failing");
  });

  it("counts an answer that came in time while the process was busy", async () => {
    const timeoutMs = 500;
    const { url } = await startBusy(timeoutMs + 100);
    expect(await probe(url, { timeoutMs })).toBe("passing");
  });

  it("asks another port of the instance", async () => {
    const { port } = await backend(answering(200));
    const rule = { port };
    expect(await probe(await deadUrl(), rule)).toBe("passing");
  });

  it("asks over the Unix socket of the instance, whatever the port", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "signalbox-"));
    const socketPath = path.join(folder, "instance.sock");
    const hosts: (string | undefined)[] = [];
    const server = createServer((req, res) => {
      hosts.push(req.headers.host);
      res.end();
    }).listen(socketPath);
    await once(server, "listening");
    onTestFinished(async () => {
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    });
    expect(await probe("http://orders/base", {}, { socketPath })).toBe("passing");
    expect(await probe("http://orders", { port: 81 }, { socketPath })).toBe("passing");
    expect(await probe("http://orders", {}, { socketPath: `${socketPath}.x` })).toBe("failing");
    expect(hosts).toEqual(["orders", "orders:81"]);
  });
});

describe("a TCP probe", () => {
  it("passes with a connection, which it ends", async () => {
    const { url, sockets } = await startTcp();
    expect(await probe(url, { type: "tcp" }, { open: sockets })).toBe("passing");
  });

  it("fails where nobody listens", async () => {
    expect(await probe(await deadUrl(), { type: "tcp" })).toBe("failing");
  });
});
