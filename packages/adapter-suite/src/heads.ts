import { describe, expect, it } from "vitest";
import type { Adapter } from "./adapter.js";
import { ask } from "./client.js";
import { stageOf } from "./world.js";

/** What is kept, dropped and added. */
export function heads(adapter: Adapter): void {
  const stage = stageOf(adapter);
  const startTeller = () =>
    stage.instance((req, res) => res.end(JSON.stringify({ ...req.headers, raw: req.rawHeaders })));

  describe("heads", () => {
    it("tell instances who asks, and clients cannot pretend", async () => {
      const { url } = await stage.start([{ path: "/*", to: await startTeller() }]);
      const headers = {
        "x-forwarded-for": "6.6.6.6",
        "x-forwarded-proto": "gopher",
        host: "shop.test",
      };
      const seen = JSON.parse(String((await ask(url, { headers })).body)) as Record<string, string>;
      const { protocol } = new URL(url);
      expect(seen).toMatchObject({
        host: "shop.test",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-host": "shop.test",
        "x-forwarded-proto": protocol.slice(0, -1),
      });
    });

    it("tell the whole way where the peer is trusted", async () => {
      const { url } = await stage.start({
        services: { teller: { instances: [await startTeller()] } },
        routes: [{ match: { path: "/*" }, to: "teller" }],
        trustedProxies: ["127.0.0.1/32"],
      });
      const headers = { "x-forwarded-for": "6.6.6.6", "x-forwarded-proto": "https" };
      const seen = JSON.parse(String((await ask(url, { headers })).body)) as Record<string, string>;
      expect(seen).toMatchObject({
        "x-forwarded-for": "6.6.6.6, 127.0.0.1",
        "x-forwarded-proto": "https",
      });
    });

    it("lose what belongs to one connection, and keep what comes twice", async () => {
      const { url } = await stage.start([{ path: "/*", to: await startTeller() }]);
      const headers = {
        connection: "close, x-secret",
        "x-secret": "1",
        "keep-alive": "timeout=9",
        "proxy-connection": "close",
        te: "gzip",
        "x-two": ["a", "b"],
      };
      const seen = JSON.parse(String((await ask(url, { headers })).body)) as { raw: string[] };
      const names = seen.raw
        .filter((_, index) => index % 2 === 0)
        .map((name) => name.toLowerCase());
      for (const name of ["x-secret", "keep-alive", "proxy-connection", "te"])
        expect(names).not.toContain(name);
      // A host may join lines before the gateway sees them, which means the same (RFC 9110 section 5.3).
      const two = seen.raw.filter((_, index) => names[(index - 1) / 2] === "x-two");
      expect(two.join(", ")).toBe("a, b");
    });

    it("of responses keep order and number of cookies, and the reason of a status that nobody knows", async () => {
      const instance = await stage.instance((_req, res) => {
        res.writeHead(299, [
          "set-cookie",
          "a=1; Path=/",
          "x-odd",
          "",
          "set-cookie",
          "b=2",
          "keep-alive",
          "x",
        ]);
        res.end();
      });
      const { url } = await stage.start([{ path: "/*", to: instance }]);
      const { status, headers } = await ask(url);
      expect(status).toBe(299);
      expect(headers["set-cookie"]).toEqual(["a=1; Path=/", "b=2"]);
      expect(headers["x-odd"]).toBe("");
      expect(headers["keep-alive"]).not.toBe("x");
    });

    it("of responses lose what belongs to the connection of the instance, and keep what comes twice", async () => {
      const instance = await stage.instance((_req, res) => {
        res.writeHead(200, [
          ...["connection", "x-secret", "x-secret", "1"],
          ...[
            "x-two",
            "a",
            "x-two",
            "b",
            "vary",
            "accept",
            "date",
            "Thu, 01 Jan 1970 00:00:00 GMT",
          ],
        ]);
        res.end();
      });
      const { url } = await stage.start([{ path: "/*", to: instance }]);
      const { headers, rawHeaders } = await ask(url);
      expect(headers).toMatchObject({ vary: "accept", date: "Thu, 01 Jan 1970 00:00:00 GMT" });
      expect(headers["x-two"]).toBe("a, b");
      const names = rawHeaders
        .filter((_, index) => index % 2 === 0)
        .map((name) => name.toLowerCase());
      expect(names).not.toContain("x-secret");
      expect(names.filter((name) => name === "date")).toHaveLength(1);
    });

    it("change as a route says, both ways", async () => {
      const to = await startTeller();
      const { url } = await stage.start([
        {
          path: "/*",
          to,
          requestHeaders: { set: { "x-from": "gateway" }, remove: ["x-drop"] },
          responseHeaders: { add: { "x-by": "gateway" } },
        },
      ]);
      const got = await ask(url, { headers: { "x-from": "client", "x-drop": "1" } });
      const seen = JSON.parse(String(got.body)) as Record<string, string>;
      expect([seen["x-from"], seen["x-drop"], got.headers["x-by"]]).toEqual([
        "gateway",
        undefined,
        "gateway",
      ]);
    });
  });
}
