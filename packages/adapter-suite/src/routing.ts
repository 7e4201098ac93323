import { describe, expect, it } from "vitest";
import type { Adapter } from "./adapter.js";
import { ask, textOf } from "./client.js";
import { stageOf } from "./world.js";

/** Who gets a request. */
export function routing(adapter: Adapter): void {
  const stage = stageOf(adapter);

  describe("routing", () => {
    it("takes what a route takes, and the host gets the rest", async () => {
      const orders = await stage.instance((req, res) => res.end(`orders ${req.method} ${req.url}`));
      const { url } = await stage.start([{ path: "/orders/*", to: orders }]);
      expect(await textOf(`${url}/orders/7?a=%20b&c`)).toBe("orders GET /orders/7?a=%20b&c");
      expect(await textOf(`${url}/orders`, { method: "DELETE" })).toBe("orders DELETE /orders");
      expect(await textOf(`${url}/about?x=1`)).toBe("app /about?x=1");
    });

    it("rewrites what instances see", async () => {
      const orders = await stage.instance((req, res) => res.end(`${req.headers.host} ${req.url}`));
      const rewrite = { host: "inner.test", path: { replacePrefix: "/v2" } };
      const { url } = await stage.start([{ path: "/orders/*", to: orders, rewrite }]);
      expect(await textOf(`${url}/orders/7?a=1`)).toBe("inner.test /v2/7?a=1");
    });

    it("answers by itself: fixed answers, redirects, methods that are not there", async () => {
      const { url } = await stage.start({
        services: {},
        unmatchedMethod: "405",
        routes: [
          { match: { path: "/hi", method: "GET" }, respond: { status: 200, body: "hi" } },
          { match: { path: "/old/*" }, redirect: { status: 308, path: { replacePrefix: "/new" } } },
        ],
      });
      expect(await textOf(`${url}/hi`)).toBe("hi");
      const moved = await ask(`${url}/old/x?a=1`);
      expect([moved.status, moved.headers.location]).toEqual([308, `${url}/new/x?a=1`]);
      const refused = await ask(`${url}/hi`, { method: "PUT" });
      expect([refused.status, refused.headers.allow]).toEqual([405, "GET"]);
    });

    it("splits by versions, and a user stays", async () => {
      const [v1, v2] = await Promise.all([
        stage.instance((_req, res) => res.end("v1")),
        stage.instance((_req, res) => res.end("v2")),
      ]);
      const { url } = await stage.start({
        services: {
          shop: {
            instances: [
              { url: v1, version: "v1" },
              { url: v2, version: "v2" },
            ],
          },
        },
        routes: [
          {
            match: { path: "/*" },
            to: { service: "shop", split: { v1: 1, v2: 1 }, sticky: { cookie: "user" } },
          },
        ],
      });
      const versionOf = (user: number) => textOf(url, { headers: { cookie: `user=${user}` } });
      const users = Array.from({ length: 20 }, (_, user) => user);
      const first = await Promise.all(users.map(versionOf));
      expect(await Promise.all(users.map(versionOf))).toEqual(first);
      expect(new Set(first)).toEqual(new Set(["v1", "v2"]));
    });

    it.runIf(adapter.takesMounts)("sees the whole URL below a mount", async () => {
      const orders = await stage.instance((req, res) => res.end(`orders ${req.url}`));
      const routes = [{ path: "/api/orders/*", to: orders }];
      const { url } = await stage.start(routes, { mount: "/api" });
      expect(await textOf(`${url}/api/orders/7?a=1`)).toBe("orders /api/orders/7?a=1");
      expect(await textOf(`${url}/api/else`)).toBe("app /api/else");
      expect(await textOf(`${url}/orders/7`)).toBe("app /orders/7");
    });
  });
}
