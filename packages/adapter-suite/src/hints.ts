import type { InformationEvent } from "node:http";
import { describe, expect, it } from "vitest";
import type { Adapter } from "./adapter.js";
import { begin, head } from "./client.js";
import { stageOf } from "./world.js";

/** What comes before a response. */
export function hints(adapter: Adapter): void {
  const stage = stageOf(adapter);

  describe("early hints", () => {
    it("come before the response, with their links", async () => {
      const link = ["</a.css>; rel=preload; as=style", "</b.js>; rel=preload; as=script"];
      const more = Promise.withResolvers<() => void>();
      const instance = await stage.instance((_req, res) => {
        res.writeEarlyHints({ link });
        more.resolve(() => res.writeHead(200, { "x-head": "1" }).end("page"));
      });
      const { url } = await stage.start([{ path: "/*", to: instance }]);
      const hinted = Promise.withResolvers<InformationEvent>();
      const req = begin(url).on("information", hinted.resolve);
      req.end();
      const { statusCode, headers } = await hinted.promise;
      expect([statusCode, headers.link]).toEqual([103, link.join(", ")]);
      (await more.promise)();
      const res = await head(req);
      expect(res.headers).toMatchObject({ "x-head": "1" });
      expect(res.headers.link).toBeUndefined();
      expect(String(await res.toArray())).toBe("page");
    });
  });
}
