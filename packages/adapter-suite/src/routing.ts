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

    it("pins users to an instance by a cookie", async () => {
      const instances = await Promise.all(
        ["a", "b", "c"].map((name) => stage.instance((_req, res) => res.end(name))),
      );
      const { url } = await stage.start({
        services: { shop: { instances, balancer: "round-robin", affinity: { cookie: {} } } },
        routes: [{ match: { path: "/*" }, to: "shop" }],
      });
      const firsts = [await ask(url), await ask(url), await ask(url)];
      expect(new Set(firsts.map(({ body }) => String(body)))).toEqual(new Set(["a", "b", "c"]));
      for (const first of [...firsts, ...firsts]) {
        const cookie = String(first.headers["set-cookie"]).split(";")[0] as string;
        expect(await textOf(url, { headers: { cookie } })).toBe(String(first.body));
      }
    });
  });
}
