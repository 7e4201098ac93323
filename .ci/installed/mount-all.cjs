// Sends a request through a gateway in each framework, with whatever modules it is handed.
const assert = require("node:assert/strict");
const { once } = require("node:events");
const { createServer } = require("node:http");

exports.mountAll = async ({ kind, http, express, fastify, fetch: fetching, ...frameworks }) => {
  const { express4, express5, createFastify } = frameworks;
  const instance = await listen(createServer((req, res) => res.end(`instance ${req.url}`)));
  const config = [{ path: "/orders/*", to: instance.url }];
  const answer = async (url) => (await fetch(`${url}/orders/7`)).text();

  const server = createServer();
  const attached = http.attachGateway(server, http.createGateway(config));
  const plain = await listen(server);
  assert.equal(await answer(plain.url), "instance /orders/7");
  await attached.close();
  await plain.close();

  for (const make of [express4, express5]) {
    const middleware = express.gatewayMiddleware(express.createGateway(config));
    const app = make();
    app.use(middleware);
    app.get("/own", (_req, res) => res.send("own"));
    const mounted = await listen(createServer(app));
    assert.equal(await answer(mounted.url), "instance /orders/7");
    assert.equal(await (await fetch(`${mounted.url}/own`)).text(), "own");
    await middleware.close();
    await mounted.close();
  }

  const app = createFastify();
  await app.register(fastify.gatewayPlugin, { gateway: fastify.createGateway(config) });
  app.get("/own", async () => "own");
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  assert.equal(await answer(url), "instance /orders/7");
  assert.equal(await (await fetch(`${url}/own`)).text(), "own");
  await app.close();

  const handler = fetching.fetchHandler(fetching.createGateway(config));
  const response = await handler(new Request("http://shop.test/orders/7"));
  assert.equal(await response.text(), "instance /orders/7");
  assert.equal(await handler(new Request("http://shop.test/own")), undefined);
  await handler.close();
  await instance.close();
  console.log(`${kind}: http, express 4 and 5, fastify and fetch forward`);
};

async function listen(server) {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
