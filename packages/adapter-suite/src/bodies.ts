import { createHash, randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Adapter } from "./adapter.js";
import { ask } from "./client.js";
import { stageOf } from "./world.js";

/** Bodies of all kinds, both ways. */
export function bodies(adapter: Adapter): void {
  const stage = stageOf(adapter);
  const large = randomBytes(1_048_576);
  const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

  const startEcho = () =>
    stage.instance((req, res) => {
      void buffer(req).then((body) => {
        res.setHeader("x-length", req.headers["content-length"] ?? "none");
        res.setHeader("x-type", req.headers["content-type"] ?? "none");
        res.setHeader("x-coding", req.headers["transfer-encoding"] ?? "none");
        res.end(body);
      });
    });

  describe("bodies", () => {
    it.each<[string, string | undefined, string | Buffer]>([
      ["JSON", "application/json", '{ "a" : 1e2 }'],
      ["JSON that is none", "application/json", "{"],
      ["a form", "application/x-www-form-urlencoded", "a=1&b=x%20y"],
      ["text", "text/plain; charset=utf-8", "grüße"],
      [
        "parts",
        "multipart/form-data; boundary=x",
        '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
      ],
      ["packed bytes", "application/octet-stream", gzipSync("packed")],
      ["bytes of no type", undefined, randomBytes(64)],
      ["a megabyte", "application/octet-stream", large],
    ])("arrive and come back as they are: %s", async (_what, type, body) => {
      const { url } = await stage.start([{ path: "/*", to: await startEcho() }]);
      const length = String(Buffer.byteLength(body));
      const headers = {
        "content-length": length,
        ...(type === undefined ? {} : { "content-type": type }),
      };
      const got = await ask(url, { method: "POST", headers, body });
      expect(got.headers).toMatchObject({ "x-length": length, "x-type": type ?? "none" });
      expect(digest(got.body)).toBe(digest(Buffer.from(body)));
    });

    it("arrive in chunks where they came in chunks", async () => {
      const { url } = await stage.start([{ path: "/*", to: await startEcho() }]);
      const headers = { "transfer-encoding": "chunked", "content-type": "text/plain" };
      const { headers: seen, body } = await ask(url, { method: "PUT", headers, body: "abc" });
      expect([seen["x-length"], seen["x-coding"], String(body)]).toEqual([
        "none",
        "chunked",
        "abc",
      ]);
    });

    it.each(["GET", "DELETE", "OPTIONS"])("that are not there are none: %s", async (method) => {
      const { url } = await stage.start([{ path: "/*", to: await startEcho() }]);
      const { headers: seen, body } = await ask(url, { method });
      expect([seen["x-length"], seen["x-coding"], body.length]).toEqual(["none", "none", 0]);
    });

    it("that are empty stay so", async () => {
      const { url } = await stage.start([{ path: "/*", to: await startEcho() }]);
      const headers = { "content-length": "0", "content-type": "application/json" };
      const { headers: seen, body } = await ask(url, { method: "POST", headers });
      expect([seen["x-length"], seen["x-coding"], body.length]).toEqual(["0", "none", 0]);
    });

    it.each<[number, string]>([
      [204, "GET"],
      [304, "GET"],
      [200, "HEAD"],
    ])("are none in a %i of a %s", async (status, method) => {
      const instance = await stage.instance((_req, res) => {
        const headers = status === 204 ? {} : { "content-length": "3", etag: '"e"' };
        res.writeHead(status, headers).end();
      });
      const { url } = await stage.start([{ path: "/*", to: instance }]);
      const got = await ask(url, { method });
      expect({ status: got.status, length: got.body.length }).toEqual({ status, length: 0 });
      expect(got.headers.etag).toBe(status === 204 ? undefined : '"e"');
    });

    it("come packed as the instance packed them", async () => {
      const packed = gzipSync("x".repeat(10_000));
      const instance = await stage.instance((_req, res) => {
        res.writeHead(200, { "content-encoding": "gzip", "content-length": packed.length });
        res.end(packed);
      });
      const { url } = await stage.start([{ path: "/*", to: instance }]);
      const got = await ask(url, { headers: { "accept-encoding": "gzip" } });
      expect(got.headers["content-encoding"]).toBe("gzip");
      expect(got.body.equals(packed)).toBe(true);
    });
  });
}
