import cors from "@fastify/cors";
import type { FastifyInstance } from "fastify";
import { expect, it } from "vitest";
import { gatewayPlugin } from "../src/index.js";
import { ask, makeApp, options, start, startEcho } from "./kit.js";

const PREFLIGHT = {
  method: "OPTIONS",
  headers: { origin: "https://shop.com", "access-control-request-method": "GET" },
};

it("starts beside @fastify/cors, which has a wildcard for preflights", async () => {
  const app = makeApp();
  await app.register(cors as never, { origin: "https://shop.com" });
  await app.register(gatewayPlugin, options([{ path: "/orders/*", to: await startEcho() }]));
  const url = await start(app);
  expect(await ask(`${url}/orders/7`, PREFLIGHT)).toMatchObject({ status: 204, body: "" });
  const { body, headers } = await ask(`${url}/orders/7`, { headers: PREFLIGHT.headers });
  expect(body).toBe("GET /orders/7 ");
  expect(headers["access-control-allow-origin"]).toBe("https://shop.com");
});

it.each([
  ["the root", "", "own"],
  ["another place", "/orders", "OPTIONS /orders/7 "],
])("leaves OPTIONS to a wildcard of the application, below %s", async (_where, prefix, body) => {
  const app = makeApp();
  app.options("/*", async () => "own");
  const routes = options([{ path: "/orders/*", to: await startEcho() }]);
  await app.register(gatewayPlugin, { ...routes, prefix });
  expect((await ask(`${await start(app)}/orders/7`, { method: "OPTIONS" })).body).toBe(body);
});

it("does not lose another method to a wildcard of the application in silence", async () => {
  const app: FastifyInstance = makeApp();
  app.get("/*", async () => "own");
  const registered = app.register(gatewayPlugin, options([]));
  await expect(registered).rejects.toThrow("already declared for route '/*'");
});
