import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { Adapter } from "./adapter.js";
import { ask, begin, head } from "./client.js";
import { PART, PARTS, pour, standstill } from "./standstill.js";
import { stageOf } from "./world.js";

const tick = { path: "/tick", respond: { status: 200, body: "tick" } };

/** Bodies that are not there at once. */
export function streams(adapter: Adapter): void {
  const stage = stageOf(adapter);

  describe("streams", () => {
    it("of an upload arrive while they are still being sent", async () => {
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

    it("of an upload that waits for leave get it", async () => {
      const instance = await stage.instance((req, res) => req.pipe(res));
      const { url } = await stage.start([{ path: "/*", to: instance }]);
      const headers = {
        expect: "100-continue",
        "content-length": "5",
        "content-type": "text/plain",
      };
      const req = begin(url, { method: "POST", headers });
      req.flushHeaders();
      await once(req, "continue");
      req.end("hello");
      expect((await buffer(await head(req))).toString()).toBe("hello");
    });

    it("of events come as they are sent", async () => {
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

    it("have their head at once", async () => {
      const finish = Promise.withResolvers<() => void>();
      const instance = await stage.instance((_req, res) => {
        res.writeHead(200, { "x-head": "1" }).flushHeaders();
        finish.resolve(() => res.end("late"));
      });
      const { url } = await stage.start([{ path: "/*", to: instance }]);
      const req = begin(url);
      req.end();
      const res = await head(req);
      expect(res.headers["x-head"]).toBe("1");
      (await finish.promise)();
      expect((await buffer(res)).toString()).toBe("late");
    });

    it("are held back while the client does not read", async () => {
      let written = 0;
      const instance = await stage.instance((_req, res) => pour(res, () => written++));
      const { url } = await stage.start([tick, { path: "/*", to: instance }]);
      const req = begin(url);
      req.end();
      const res = await head(req);
      const unread = await standstill(
        () => written,
        () => ask(`${url}/tick`),
      );
      expect(unread).toBeLessThan(PARTS);
      expect((await buffer(res)).length).toBe(PARTS * PART.length);
    });

    it("are held back while the instance does not read", async () => {
      const asked = Promise.withResolvers<() => void>();
      const instance = await stage.instance((req, res) => {
        asked.resolve(() => void buffer(req).then(({ length }) => res.end(String(length))));
      });
      const { url } = await stage.start([tick, { path: "/*", to: instance }]);
      const headers = { "content-type": "application/octet-stream" };
      const req = begin(url, { method: "POST", headers });
      let written = 0;
      pour(req, () => written++);
      const readNow = await asked.promise;
      const unread = await standstill(
        () => written,
        () => ask(`${url}/tick`),
      );
      expect(unread).toBeLessThan(PARTS);
      readNow();
      expect((await buffer(await head(req))).toString()).toBe(String(PARTS * PART.length));
    });
  });
}
