import { describe, expect, it } from "vitest";
import type { Adapter } from "./adapter.js";
import { ask, textOf } from "./client.js";
import { stageOf } from "./world.js";

/** A gateway below a path of its host. */
export function mounts(adapter: Adapter): void {
  const stage = stageOf(adapter);
  const mount = "/api";

  describe("a mount", () => {
    it("sees the whole URL, and its instances too", async () => {
      const orders = await stage.instance((req, res) => res.end(`orders ${req.url}`));
      const { url } = await stage.start([{ path: "/api/orders/*", to: orders }], { mount });
      expect(await textOf(`${url}/api/orders/7?a=1`)).toBe("orders /api/orders/7?a=1");
      expect(await textOf(`${url}/api/orders`)).toBe("orders /api/orders");
      expect(await textOf(`${url}/api/else`)).toBe("app /api/else");
      expect(await textOf(`${url}/orders/7`)).toBe("app /orders/7");
    });

    it("takes the path itself", async () => {
      const root = await stage.instance((req, res) => res.end(`root ${req.url}`));
      const { url } = await stage.start([{ path: "/api/*", to: root }], { mount });
      expect(await textOf(`${url}/api`)).toBe("root /api");
      expect(await textOf(`${url}/api/`)).toBe("root /api/");
      expect(await textOf(`${url}/api?a=1`)).toBe("root /api?a=1");
      expect(await textOf(`${url}/apis`)).toBe("app /apis");
    });

    it("redirects to where clients get", async () => {
      const { url } = await stage.start(
        [
          {
            path: "/api/old/*",
            redirect: { status: 308, path: { replacePrefix: "/api/new" } },
          },
        ],
        { mount },
      );
      const { status, headers } = await ask(`${url}/api/old/x?a=1`);
      expect([status, headers.location]).toEqual([308, `${url}/api/new/x?a=1`]);
    });

    it("turns locations and cookies of instances into those of clients", async () => {
      const shop = await stage.instance((req, res) => {
        res.writeHead(302, { location: `${shop}${req.url}/login`, "set-cookie": "sid=1; Path=/" });
        res.end();
      });
      const routes = [
        {
          path: "/api/shop/*",
          to: shop,
          rewrite: { path: { replacePrefix: "/" } },
          responseRewrite: { location: true, cookiePath: true },
        },
      ];
      const { url } = await stage.start(routes, { mount });
      const { headers } = await ask(`${url}/api/shop/cart`);
      expect(headers.location).toBe(`${url}/api/shop/cart/login`);
      expect(headers["set-cookie"]).toEqual(["sid=1; Path=/api/shop"]);
    });

    it("pins users by a cookie that comes back", async () => {
      const instances = await Promise.all(
        ["a", "b"].map((name) => stage.instance((_req, res) => res.end(name))),
      );
      const { url } = await stage.start(
        {
          services: {
            shop: { instances, balancer: "round-robin", affinity: { cookie: { name: "pin" } } },
          },
          routes: [{ match: { path: "/api/*" }, to: "shop" }],
        },
        { mount },
      );
      const first = await ask(`${url}/api/x`);
      const [pin] = first.headers["set-cookie"] ?? [];
      expect(pin).toMatch(/^pin=[^;]+; Path=\/;/);
      const cookie = String(pin).split(";")[0] as string;
      for (const path of ["/api/x", "/api/y", "/api"])
        expect(await textOf(`${url}${path}`, { headers: { cookie } })).toBe(String(first.body));
    });
  });
}
