import { describe, expect, it } from "vitest";
import type { Adapter } from "./adapter.js";
import { begin, head } from "./client.js";
import { inFlight, stageOf, until } from "./world.js";

/** Clients that do not wait for the end. */
export function leaving(adapter: Adapter): void {
  const stage = stageOf(adapter);

  describe("clients that leave", () => {
    it("before there is an answer end the request at the instance", async () => {
      const asked = Promise.withResolvers<void>();
      const left = Promise.withResolvers<void>();
      const instance = await stage.instance((_req, res) => {
        asked.resolve();
        res.on("close", () => left.resolve());
      });
      const { url, gateway } = await stage.start([{ path: "/*", to: instance }]);
      const req = begin(url).on("error", () => {});
      req.end();
      await asked.promise;
      expect(inFlight(gateway)).toBe(1);
      req.destroy();
      await left.promise;
      await until(() => inFlight(gateway) === 0);
    });

    it("in the midst of an answer end it too", async () => {
      const left = Promise.withResolvers<void>();
      const instance = await stage.instance((_req, res) => {
        res.write("some");
        res.on("close", () => left.resolve());
      });
      const { url, gateway } = await stage.start([{ path: "/*", to: instance }]);
      const req = begin(url).on("error", () => {});
      req.end();
      (await head(req)).on("error", () => {}).resume();
      req.destroy();
      await left.promise;
      await until(() => inFlight(gateway) === 0);
    });

    it("in the midst of an upload end it too", async () => {
      const asked = Promise.withResolvers<void>();
      const left = Promise.withResolvers<void>();
      const instance = await stage.instance((req) => {
        req.once("data", () => asked.resolve());
        req.on("error", () => left.resolve());
      });
      const { url, gateway } = await stage.start([{ path: "/*", to: instance }]);
      const headers = { "content-type": "text/plain", "content-length": "100" };
      const req = begin(url, { method: "POST", headers }).on("error", () => {});
      req.write("some");
      await asked.promise;
      req.destroy();
      await left.promise;
      await until(() => inFlight(gateway) === 0);
    });
  });
}
