import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { createApp, type App } from "./app.ts";
import { routeUpgrades } from "./gateway.ts";
import { startService, type Service } from "./service.ts";

describe("a gateway in Koa", () => {
  let orders: Service;
  let acme: Service;
  let made: App;
  let url: string;
  const server = createServer((req, res) => void made.app.callback()(req, res));
  routeUpgrades(server);

  before(async () => {
    [orders, acme] = await Promise.all([startService("orders"), startService("acme")]);
    made = createApp({ orders: orders.url, acme: acme.url });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(async () => {
    await made.proxy.close();
    server.closeAllConnections();
    server.close();
    await Promise.all([orders.close(), acme.close()]);
  });

  const ask = async (path: string, options: RequestInit = {}): Promise<string> =>
    (await fetch(url + path, options)).text();

  it("takes what a route takes, with its body", async () => {
    assert.equal(await ask("/orders/7?a=1"), "orders GET /orders/7?a=1 ");
    assert.equal(await ask("/orders", { method: "POST", body: "x" }), "orders POST /orders x");
  });

  it("routes on what earlier middleware learnt", async () => {
    assert.equal(
      await ask("/orders/7", { headers: { "x-tenant": "acme" } }),
      "acme GET /orders/7 ",
    );
  });

  it("sends websockets through the same middleware", async () => {
    const upgrade = async (path: string, tenant: string): Promise<string> => {
      const headers = {
        ...{ connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
        ...{ "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "x-tenant": tenant },
      };
      const asked = request(url + path, { headers, agent: false }).end();
      const [answer] = (await once(asked, "response")) as [IncomingMessage];
      return text(answer);
    };
    // Neither service speaks websocket: they answer as to any request.
    assert.equal(await upgrade("/orders/live", "acme"), "acme GET /orders/live ");
    assert.equal(await upgrade("/orders/live", "none"), "orders GET /orders/live ");
    assert.equal(await upgrade("/about", "none"), "koa /about");
  });

  it("leaves the rest to the middleware behind it", async () => {
    assert.equal(await ask("/about"), "koa /about");
  });

  it("answers instances that fail", async () => {
    await acme.close();
    const answer = await fetch(`${url}/orders/7`, { headers: { "x-tenant": "acme" } });
    assert.equal(answer.status, 502);
  });
});
