import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { createGateway } from "@signalbox/express";
import { createShop, type Shop } from "./app.ts";
import { routesOf } from "./routes.ts";
import { startInstance, type Instance } from "./service.ts";

const instances = { v1: "http://v1", v2: "http://v2" };

function usersOfV2(share: number): Set<string> {
  const gateway = createGateway(routesOf(instances, { v1: 100 - share, v2: share }));
  const users = Array.from({ length: 1_000 }, (_, index) => `user-${index}`);
  return new Set(
    users.filter((user) => {
      const headers = { cookie: `user=${user}` };
      const decision = gateway.decide({ method: "GET", url: "/products/7", headers });
      return decision.kind === "forward" && decision.version === "v2";
    }),
  );
}

describe("the split, without a socket", () => {
  it("only ever moves users to v2 as its weight grows", () => {
    const small = usersOfV2(5);
    const large = usersOfV2(25);
    assert.ok(small.size > 20 && small.size < 80, String(small.size));
    assert.ok(large.size > 200 && large.size < 300, String(large.size));
    assert.deepEqual(
      [...small].filter((user) => !large.has(user)),
      [],
    );
    assert.equal(usersOfV2(100).size, 1_000);
    assert.equal(usersOfV2(0).size, 0);
  });

  it("gives testers v2 whatever the weights", () => {
    const gateway = createGateway(routesOf(instances, { v1: 100, v2: 0 }));
    const headers = { "x-canary": "1" };
    const decision = gateway.decide({ method: "GET", url: "/products/7", headers });
    assert.equal(decision.kind === "forward" && decision.version, "v2");
  });
});

describe("the shop, over sockets", () => {
  let v1: Instance;
  let v2: Instance;
  let shop: Shop;
  let url: string;
  const server = createServer((req, res) => shop.app(req, res));

  before(async () => {
    [v1, v2] = await Promise.all([startInstance("v1"), startInstance("v2")]);
    shop = createShop({ v1: v1.url, v2: v2.url });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(async () => {
    await shop.middleware.close();
    server.closeAllConnections();
    server.close();
    await Promise.all([v1.close(), v2.close()]);
  });

  const versionOf = async (path: string): Promise<string> =>
    ((await (await fetch(url + path)).json()) as { version: string }).version;

  it("rolls out and back at once", async () => {
    assert.equal(await versionOf("/products/7"), "v1");
    shop.shift({ v1: 0, v2: 100 });
    assert.equal(await versionOf("/products/7"), "v2");
    shop.shift({ v1: 100, v2: 0 });
    assert.equal(await versionOf("/products/7"), "v1");
  });

  it("keeps its own pages", async () => {
    assert.equal(await (await fetch(`${url}/about`)).text(), "the shop itself");
  });
});
