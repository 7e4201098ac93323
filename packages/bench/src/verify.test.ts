import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { expectedAnswers, verifyAnswers, verifyEchoes } from "./verify.ts";

const servers: Server[] = [];

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

/** Answers with what is left of each body. */
function echo(change: (body: Buffer) => Buffer): Promise<number> {
  return listen((request, response) => {
    response.setHeader("content-type", "application/json");
    void buffer(request).then((body) => response.end(change(body)));
  });
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe("verifyEchoes", () => {
  const body = Buffer.alloc(200_000, "abc");

  it("takes a proxy that hands on every byte", async () => {
    const port = await echo((received) => received);
    await verifyEchoes(port, ["/a", "/b"], body);
  });

  it("finds a proxy that loses a byte", async () => {
    const port = await echo((received) => received.subarray(1));
    await expect(verifyEchoes(port, ["/a"], body)).rejects.toThrow(
      "/a gives back another body: another body, of 199999 bytes",
    );
  });

  it("finds a proxy that changes a byte", async () => {
    const port = await echo((received) => received.fill(0, 7, 8));
    await expect(verifyEchoes(port, ["/a"], body)).rejects.toThrow("/a gives back another body");
  });
});

describe("verifyAnswers", () => {
  it("finds a proxy that answers in another way than the backend", async () => {
    const backend = await listen((request, response) => response.end(request.url));
    const proxy = await listen((_request, response) => response.end("/b"));
    const requests = { targets: ["/b", "/c"] };
    const expected = await expectedAnswers(backend, requests);
    await expect(verifyAnswers(proxy, requests, expected)).rejects.toThrow(
      "/c is answered wrong: another body, of 2 bytes",
    );
  });

  it("finds a target that the backend itself does not know", async () => {
    const backend = await listen((_request, response) => response.writeHead(404).end());
    const requests = { targets: ["/b"] };
    const expected = await expectedAnswers(backend, requests);
    await expect(verifyAnswers(backend, requests, expected)).rejects.toThrow(
      "/b is answered wrong: the backend itself gives 404",
    );
  });
});
