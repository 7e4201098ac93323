import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { createGateway } from "@signalbox/core";
import { afterEach, describe, expect, it } from "vitest";
import { createProxy } from "../src/index.js";
import { open, until } from "./kit.js";
import { oneService, rig } from "./rig.js";

const { backend } = rig();
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A server whose parser lets through what no field may hold, in front of one instance. */
async function lenient(instance: string, service: object = {}) {
  const gateway = createGateway(oneService([instance], {}, service));
  const proxy = createProxy(gateway);
  const server = createServer({ insecureHTTPParser: true }, (req, res) => proxy.handle(req, res));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => void proxy.close({ graceMs: 0 }));
  ends.push(() => server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return async (...lines: string[]): Promise<string> => {
    const socket = await open(port);
    socket.write(`GET / HTTP/1.1\r\n${["Host: a", ...lines].join("\r\n")}\r\n\r\n`, "latin1");
    await until(() => socket.received().includes("\r\n\r\n"));
    socket.destroy();
    return socket.received().slice(9, 12);
  };
}

describe("behind a parser that refuses little", () => {
  it.each([
    ["an ordinary request", []],
    ["a request that takes trailers", ["Connection: TE", "TE: trailers"]],
  ])("%s with a control character never reaches the instance", async (_, lines) => {
    const seen: unknown[] = [];
    const instance = await backend((req, res) => {
      seen.push(req.rawHeaders);
      res.end("ok");
    });
    const ask = await lenient(instance.url);
    expect(await ask(...lines, "X-Bad: a\u0001b")).toBe("500");
    expect(await ask(...lines, "X-Good: ab")).toBe("200");
    expect(seen).toHaveLength(1);
  });

  it("nor one to an instance over HTTP/2", async () => {
    const values: unknown[] = [];
    const server = createHttp2Server((req, res) => {
      values.push(req.headers["x-bad"]);
      res.end("ok");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ends.push(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const ask = await lenient(`http://127.0.0.1:${port}`, { connect: { protocol: "http2" } });
    expect(await ask("X-Bad: a\u0001b")).toBe("500");
    expect(await ask("X-Good: ab")).toBe("200");
    expect(values).toHaveLength(1);
  });
});
