import { text } from "node:stream/consumers";
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, it } from "vitest";
import { gatewayPlugin } from "../src/index.js";
import { ask, makeApp, options, start, startEcho } from "./kit.js";

const config = async (share: number) => ({
  services: {
    orders: {
      instances: [
        {
          handler: (req: IncomingMessage, res: ServerResponse) => {
            void text(req).then((body) => res.end(`function ${req.method} ${req.url} ${body}`));
          },
          version: "function",
        },
        { url: await startEcho(), version: "service" },
      ],
    },
  },
  routes: [
    {
      match: { path: "/orders/*" },
      to: { service: "orders", split: { function: 100 - share, service: share } },
    },
  ],
});

it.each([
  [0, "function POST /orders/7 {"],
  [100, "POST /orders/7 {"],
])(
  "leads a route to a function of the application at %i %% of the service",
  async (share, body) => {
    const app = makeApp();
    await app.register(gatewayPlugin, options(await config(share)));
    const headers = { "content-type": "application/json" };
    const sent = { method: "POST", headers, body: "{" };
    expect((await ask(`${await start(app)}/orders/7`, sent)).body).toBe(body);
  },
);

it("leads what the function does not take to the not-found handler", async () => {
  const app = makeApp();
  app.setNotFoundHandler((request, reply) => reply.code(404).send(`app ${request.url}`));
  const handler = (_req: unknown, _res: unknown, next: () => void): void => next();
  await app.register(
    gatewayPlugin,
    options({
      services: { orders: { instances: [{ handler }] } },
      routes: [{ match: { path: "/orders/*" }, to: "orders" }],
    }),
  );
  expect(await ask(`${await start(app)}/orders/7`)).toMatchObject({
    status: 404,
    body: "app /orders/7",
  });
});
