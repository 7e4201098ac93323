import { describe, expect, it } from "vitest";
import type { Adapter } from "./adapter.js";
import { ask, textOf } from "./client.js";
import { deadUrl, inFlight, stageOf, until } from "./world.js";

/** Instances that fail. */
export function failures(adapter: Adapter): void {
  const stage = stageOf(adapter);

  describe("failures", () => {
    it("of instances are answered, and told in the form that a client takes", async () => {
      const { url, gateway } = await stage.start([{ path: "/*", to: await deadUrl() }]);
      expect(await ask(url)).toMatchObject({ status: 502, body: Buffer.from("502 Bad Gateway\n") });
      const got = await ask(url, { headers: { accept: "application/json" } });
      expect(JSON.parse(got.body.toString())).toEqual({ status: 502, title: "Bad Gateway" });
      expect(inFlight(gateway)).toBe(0);
    });

    it("to connect are tried at another instance, also of a POST", async () => {
      const alive = await stage.instance((_req, res) => res.end("alive"));
      const { url } = await stage.start({
        services: { shop: { instances: [await deadUrl(), alive], balancer: "first-eligible" } },
        routes: [{ match: { path: "/*" }, to: "shop" }],
      });
      expect(await textOf(url, { method: "POST", body: "x" })).toBe("alive");
    });

    it("to answer in time are 504", async () => {
      const instance = await stage.instance(() => {});
      const { url, gateway } = await stage.start([
        { path: "/*", to: instance, timeouts: { attemptMs: 30 } },
      ]);
      expect((await ask(url)).status).toBe(504);
      await until(() => inFlight(gateway) === 0);
    });

    // Chunks have an end of their own: a response that is cut there must not get it.
    it.each<[string, Record<string, string>]>([
      ["counted", { "content-length": "100" }],
      ["chunked", { "transfer-encoding": "chunked" }],
    ])("in the midst of a body are seen by the client: %s", async (_framing, headers) => {
      const instance = await stage.instance((_req, res) => {
        res.writeHead(200, headers);
        res.write("some", () => res.destroy());
      });
      const { url, gateway } = await stage.start([{ path: "/*", to: instance }]);
      await expect(ask(url)).rejects.toThrow("aborted");
      await until(() => inFlight(gateway) === 0);
    });

    it("are none where a service has no instance: 503", async () => {
      const { url } = await stage.start({
        services: { shop: { instances: [] } },
        routes: [{ match: { path: "/*" }, to: "shop" }],
      });
      expect((await ask(url)).status).toBe(503);
    });
  });
}
