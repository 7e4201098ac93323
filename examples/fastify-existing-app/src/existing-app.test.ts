import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { FastifyInstance } from "fastify";
import { createApp } from "./app.ts";
import { addGateway } from "./gateway.ts";
import { startService, type Service } from "./service.ts";

const asAnn = { authorization: "Bearer ann" };

/** The tests that the application had before. */
function itsOwnTests(appOf: () => FastifyInstance): void {
  it("asks who is there", async () => {
    assert.equal((await appOf().inject("/me")).statusCode, 401);
    const { body } = await appOf().inject({ url: "/me", headers: asAnn });
    assert.equal(body, '{"user":"ann"}');
  });

  it("checks bodies", async () => {
    const notes = (payload: object) =>
      appOf().inject({ method: "POST", url: "/notes", headers: asAnn, payload });
    assert.equal((await notes({ text: "t" })).statusCode, 201);
    assert.equal((await notes({})).statusCode, 400);
  });

  it("says what there is not", async () => {
    const { body } = await appOf().inject({ url: "/nowhere", headers: asAnn });
    assert.equal(body, '{"error":"no /nowhere"}');
  });
}

describe("the application alone", () => {
  const app = createApp();
  after(() => app.close());
  itsOwnTests(() => app);
});

describe("the application with a gateway", () => {
  let orders: Service;
  let beta: Service;
  let app: FastifyInstance;

  before(async () => {
    [orders, beta] = await Promise.all([startService("orders"), startService("beta")]);
    app = createApp();
    addGateway(app, { orders: orders.url, beta: beta.url });
    await app.ready();
  });

  after(async () => {
    await app.close();
    await Promise.all([orders.close(), beta.close()]);
  });

  itsOwnTests(() => app);

  it("guards services with its hooks, and routes on what they learnt", async () => {
    const ask = (headers: Record<string, string>) => app.inject({ url: "/orders/7", headers });
    assert.equal((await ask({})).statusCode, 401);
    assert.equal((await ask(asAnn)).body, "orders GET /orders/7 ");
    assert.equal((await ask({ authorization: "Bearer tester" })).body, "beta GET /orders/7 ");
  });

  it("lets bodies through as they came", async () => {
    const headers = { ...asAnn, "content-type": "application/json" };
    const sent = { method: "POST" as const, url: "/orders", headers, payload: '{ "a" : 1 }' };
    assert.equal((await app.inject(sent)).body, 'orders POST /orders { "a" : 1 }');
  });
});
