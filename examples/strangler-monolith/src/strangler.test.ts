import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { createShop, type Shop } from "./app.ts";
import { startOrdersService, type OrdersService } from "./orders-service.ts";

describe("a monolith that hands orders over", () => {
  let service: OrdersService;
  let shop: Shop;
  let server: Server;
  let url: string;

  before(async () => {
    service = await startOrdersService();
    shop = createShop(service.url);
    server = createServer(shop.app).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(async () => {
    await shop.middleware.close();
    server.closeAllConnections();
    server.close();
    await service.close();
  });

  const get = async (path: string): Promise<unknown> => (await fetch(url + path)).json();
  const post = async (item: string): Promise<unknown> => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ item });
    return (await fetch(`${url}/orders`, { method: "POST", headers, body })).json();
  };

  for (const [share, by] of [
    [0, "monolith"],
    [100, "service"],
    [0, "monolith"],
  ] as const)
    it(`answers orders from the ${by} at ${share} %, bodies and all`, async () => {
      shop.move(share);
      assert.deepEqual(await get("/orders/7"), { by, order: "7" });
      assert.deepEqual(await post("tea"), { by, order: "tea" });
    });

  it("keeps everything else in the monolith", async () => {
    shop.move(100);
    assert.deepEqual(await get("/customers/7"), { by: "monolith", customer: "7" });
    assert.equal(await (await fetch(url)).text(), "the shop");
  });

  it("goes back at once when the service is gone", async () => {
    shop.move(100);
    await service.close();
    assert.equal((await fetch(`${url}/orders/7`)).status, 502);
    shop.move(0);
    assert.deepEqual(await get("/orders/7"), { by: "monolith", order: "7" });
  });
});
