import { describe, expect, it } from "vitest";
import type { Adapter } from "./adapter.js";
import { begin, head } from "./client.js";
import { stageOf } from "./world.js";

/** What comes behind a body. */
export function trailers(adapter: Adapter): void {
  const stage = stageOf(adapter);

  describe("trailers", () => {
    it("of a response reach a client that takes them, but credentials do not", async () => {
      const instance = await stage.instance((_req, res) => {
        res.writeHead(200, { trailer: "x-sum" });
        res.write("hello");
        res.addTrailers({ "x-sum": "7", "set-cookie": "a=1" });
        res.end();
      });
      const { url } = await stage.start([{ path: "/*", to: instance }]);
      const req = begin(url, { headers: { te: "trailers", connection: "close, TE" } });
      req.end();
      const res = await head(req);
      expect(String(await res.toArray())).toBe("hello");
      expect(res.trailers).toEqual({ "x-sum": "7" });
    });

    it("of a request reach the instance", async () => {
      const instance = await stage.instance((req, res) => {
        req.resume().on("end", () => res.end(JSON.stringify(req.trailers)));
      });
      const { url } = await stage.start([{ path: "/*", to: instance }]);
      const headers = { trailer: "x-sum", "content-type": "text/plain" };
      const req = begin(url, { method: "POST", headers });
      req.write("hello");
      req.addTrailers({ "x-sum": "7", host: "evil.test" });
      req.end();
      expect(String(await (await head(req)).toArray())).toBe('{"x-sum":"7"}');
    });
  });
}
