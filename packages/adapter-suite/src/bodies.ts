import { createHash, randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Adapter } from "./adapter.js";
import { ask, begin, head } from "./client.js";
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
      const got = await ask(url, { method: "PUT", headers, body: "abc" });
      expect([got.headers["x-length"], got.body.toString()]).toEqual(["none", "abc"]);
    });

    it("arrive while they are still being sent", async () => {
      const first = Promise.withResolvers<string>();
      const instance = await stage.instance((req, res) => {
        req.once("data", (part: Buffer) => first.resolve(part.toString()));
        req.on("end", () => res.end("whole"));
      });
      const { url } = await stage.start([{ path: "/*", to: instance }]);
      const req = begin(url, { method: "POST", headers: { "content-type": "text/plain" } });
      req.write("one");
      expect(await first.promise).toBe("one");
      req.end("two");
      expect((await buffer(await head(req))).toString()).toBe("whole");
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

    it("stream part by part: events come as they are sent", async () => {
      const more = Promise.withResolvers<() => void>();
      const instance = await stage.instance((_req, res) => {
        res.writeHead(200, { "content-type": "text/event-stream" });
        res.write("data: 1\n\n");
        more.resolve(() => res.end("data: 2\n\n"));
      });
      const { url } = await stage.start([{ path: "/*", to: instance }]);
      const req = begin(url);
      req.end();
      const events = (await head(req))[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
      expect(String((await events.next()).value)).toBe("data: 1\n\n");
      (await more.promise)();
      expect(String((await events.next()).value)).toBe("data: 2\n\n");
      expect((await events.next()).done).toBe(true);
    });

    it("are held back while the client does not read", async () => {
      const full = Promise.withResolvers<void>();
      const part = Buffer.alloc(65_536);
      const most = 512;
      let written = 0;
      const instance = await stage.instance((_req, res) => {
        const write = (): void => {
          while (written < most) {
            written++;
            if (!res.write(part)) {
              res.once("drain", write);
              // A turn without a drain in between: everything on the way is full.
              setImmediate(() => setImmediate(full.resolve));
              return;
            }
          }
          res.end();
        };
        write();
      });
      const { url } = await stage.start([{ path: "/*", to: instance }]);
      const req = begin(url);
      req.end();
      const res = await head(req);
      await full.promise;
      const atOnce = written;
      let bytes = 0;
      for await (const chunk of res as AsyncIterable<Buffer>) bytes += chunk.length;
      expect(bytes).toBe(most * part.length);
      expect(atOnce).toBeLessThan(most);
    });
  });
}
