import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { Adapter } from "./adapter.js";
import { answerOf } from "./http2-client.js";
import { PART, PARTS, pour, standstill } from "./standstill.js";
import { stageOf } from "./world.js";

/** Clients that speak HTTP/2: what they send and get. */
export function http2(adapter: Adapter): void {
  const stage = stageOf(adapter);
  const connect = async (...args: Parameters<typeof stage.start>) =>
    stage.http2((await stage.start(...args)).url);

  describe("over HTTP/2", () => {
    it("a route takes what it takes, and the host gets the rest", async () => {
      const orders = await stage.instance((req, res) => res.end(`orders ${req.method} ${req.url}`));
      const session = await connect([{ path: "/orders/*", to: orders }]);
      const textOf = async (path: string) =>
        String((await answerOf(session.request({ ":path": path }))).body);
      expect(await textOf("/orders/7?a=%20b&c")).toBe("orders GET /orders/7?a=%20b&c");
      expect(await textOf("/about?x=1")).toBe("app /about?x=1");
    });

    it("heads become those of HTTP/1.1, and clients cannot pretend", async () => {
      const teller = await stage.instance((req, res) => {
        res.writeHead(200, ["set-cookie", "a=1", "set-cookie", "b=2", "keep-alive", "x"]);
        res.end(JSON.stringify(req.headers));
      });
      const { url } = await stage.start([{ path: "/*", to: teller }]);
      const session = await stage.http2(url);
      const got = await answerOf(
        session.request({
          ":authority": "shop.test",
          cookie: ["a=1", "b=2"],
          "x-forwarded-for": "6.6.6.6",
          "x-forwarded-proto": "gopher",
        }),
      );
      const seen = JSON.parse(String(got.body)) as Record<string, string>;
      expect(seen).toMatchObject({
        host: "shop.test",
        cookie: "a=1; b=2",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-host": "shop.test",
        "x-forwarded-proto": new URL(url).protocol.slice(0, -1),
      });
      expect(Object.keys(seen).filter((name) => name.startsWith(":"))).toEqual([]);
      expect(got.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
      expect(got.headers["keep-alive"]).toBeUndefined();
    });

    it("bodies go both ways, many on one connection", async () => {
      const echo = await stage.instance((req, res) => void req.pipe(res));
      const session = await connect([{ path: "/*", to: echo }]);
      const sent = [1_048_576, ...Array.from({ length: 20 }, () => 10_000), 0].map((size) =>
        randomBytes(size),
      );
      const answers = sent.map((body) => {
        const stream = session.request({ ":method": "POST" });
        const answer = answerOf(stream);
        stream.end(body);
        return answer;
      });
      const got = await Promise.all(answers);
      expect(got.map(({ status, code }) => [status, code])).toEqual(sent.map(() => [200, 0]));
      expect(got.every(({ body }, index) => body.equals(sent[index] as Buffer))).toBe(true);
    });

    it.each<[number, string]>([
      [204, "GET"],
      [304, "GET"],
      [200, "HEAD"],
    ])("a %i of a %s has no body", async (status, method) => {
      const instance = await stage.instance((_req, res) => {
        res.writeHead(status, { etag: '"e"' }).end();
      });
      const session = await connect([{ path: "/*", to: instance }]);
      const got = await answerOf(session.request({ ":method": method }));
      expect([got.status, got.headers.etag, got.body.length, got.code]).toEqual([
        ...[status, '"e"', 0, 0],
      ]);
    });

    it("events come as they are sent, uploads too", async () => {
      const instance = await stage.instance((req, res) => {
        res.writeHead(200, { "content-type": "text/event-stream" });
        req.pipe(res);
      });
      const session = await connect([{ path: "/*", to: instance }]);
      const stream = session.request({ ":method": "POST" });
      for (const event of ["data: 1\n\n", "data: 2\n\n"]) {
        stream.write(event);
        expect(String(((await once(stream, "data")) as [Buffer])[0])).toBe(event);
      }
      stream.end();
      expect((await answerOf(stream)).code).toBe(0);
    });

    it("a body is held back while the client does not read, and other streams go on", async () => {
      let written = 0;
      const instance = await stage.instance((_req, res) => pour(res, () => written++));
      const tick = { path: "/tick", respond: { status: 200, body: "tick" } };
      const session = await connect([tick, { path: "/*", to: instance }]);
      const stream = session.request();
      await once(stream, "response");
      const unread = await standstill(
        () => written,
        () => answerOf(session.request({ ":path": "/tick" })),
      );
      expect(unread).toBeLessThan(PARTS);
      expect((await buffer(stream)).length).toBe(PARTS * PART.length);
    });
  });
}
