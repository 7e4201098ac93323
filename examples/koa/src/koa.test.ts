import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { createApp, type App } from "./app.ts";
import { startService, type Service } from "./service.ts";

describe("a gateway in Koa", () => {
  let orders: Service;
  let acme: Service;
  let made: App;
  let url: string;
  const server = createServer((req, res) => void made.app.callback()(req, res));

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

  it("leaves the rest to the middleware behind it", async () => {
    assert.equal(await ask("/about"), "koa /about");
  });

  it("answers instances that fail", async () => {
    await acme.close();
    const answer = await fetch(`${url}/orders/7`, { headers: { "x-tenant": "acme" } });
    assert.equal(answer.status, 502);
  });
});
