import { once } from "node:events";
import { describe, expect, it } from "vitest";
import type { Adapter } from "./adapter.js";
import { ask, begin, head, textOf } from "./client.js";
import { inFlight, stageOf, until } from "./world.js";

/** The end of a gateway. */
export function drains(adapter: Adapter): void {
  const stage = stageOf(adapter);

  describe("a drain", () => {
    it("lets what is under way end, takes nothing new, and is over then", async () => {
      const asked = Promise.withResolvers<() => void>();
      const instance = await stage.instance((_req, res) => asked.resolve(() => res.end("late")));
      const { url, drain, gateway } = await stage.start([{ path: "/*", to: instance }]);
      const answer = textOf(url);
      const answerNow = await asked.promise;
      let isOver = false;
      const drained = drain(10_000).then(() => (isOver = true));
      for (let times = 0; times < 20; times++) expect((await ask(url)).status).toBe(503);
      expect(isOver).toBe(false);
      answerNow();
      expect(await answer).toBe("late");
      await drained;
      expect(inFlight(gateway)).toBe(0);
    });

    it("lets an upload end too", async () => {
      const asked = Promise.withResolvers<void>();
      const instance = await stage.instance((req, res) => {
        let length = 0;
        req.on("data", (part: Buffer) => {
          length += part.length;
          asked.resolve();
        });
        req.on("end", () => res.end(String(length)));
      });
      const { url, drain } = await stage.start([{ path: "/*", to: instance }]);
      const req = begin(url, { method: "POST", headers: { "content-type": "text/plain" } });
      req.write("some");
      await asked.promise;
      const drained = drain(10_000);
      req.end("more");
      expect(String((await (await head(req)).toArray())[0])).toBe("8");
      await drained;
    });

    it("cuts what does not end in time, so that both sides see it", async () => {
      const left = Promise.withResolvers<void>();
      const instance = await stage.instance((_req, res) => {
        res.on("close", left.resolve);
        res.write("some");
      });
      const { url, drain, gateway } = await stage.start([{ path: "/*", to: instance }]);
      const req = begin(url);
      req.end();
      const res = await head(req);
      const cut = once(res.resume(), "error") as Promise<[Error]>;
      await drain(10);
      expect((await cut)[0].message).toBe("aborted");
      await left.promise;
      await until(() => inFlight(gateway) === 0);
    });
  });
}
