// A server with a gateway in it for each adapter, on a free port of loopback.
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { gatewayMiddleware } from "@signalbox/express";
import { gatewayPlugin } from "@signalbox/fastify";
import { fetchHandler } from "@signalbox/fetch";
import { attachGateway } from "@signalbox/http";
import express5 from "express";
import fastify from "fastify";

/** @typedef {import("@signalbox/core").Gateway} Gateway */
/** @typedef {{ port: number, close: () => Promise<unknown> }} Door */

const ofExpress = createRequire(new URL("../packages/express/package.json", import.meta.url));
const ofFetch = createRequire(new URL("../packages/fetch/package.json", import.meta.url));

/** @type {Readonly<Record<string, (gateway: Gateway) => Promise<Door>>>} */
export const doors = {
  http: async (gateway) => {
    const server = createServer();
    const mounted = attachGateway(server, gateway);
    return listening(server, () => mounted.close({ graceMs: 1_000 }));
  },
  "express 4": (gateway) => expressDoor(ofExpress("express4"), gateway),
  "express 5": (gateway) => expressDoor(express5, gateway),
  fastify: async (gateway) => {
    const app = fastify();
    await app.register(gatewayPlugin, { gateway, graceMs: 1_000 });
    await app.listen({ port: 0, host: "127.0.0.1" });
    app.server.maxHeadersCount = 0;
    const { port } = /** @type {import("node:net").AddressInfo} */ (app.server.address());
    return { port, close: () => app.close() };
  },
  fetch: async (gateway) => {
    const { createAdaptorServer } = ofFetch("@hono/node-server");
    const { Hono } = ofFetch("hono");
    const handler = fetchHandler(gateway);
    const app = new Hono();
    app.use(async (/** @type {any} */ c, /** @type {any} */ next) => {
      const { socket, httpVersion } = c.env.incoming;
      const { remoteAddress } = socket;
      return (await handler(c.req.raw, { remoteAddress, httpVersion })) ?? next();
    });
    const server = createAdaptorServer({ fetch: app.fetch });
    server.on("upgrade", handler.proxy.upgrade.bind(handler.proxy));
    return listening(server, () => handler.close({ graceMs: 1_000 }));
  },
};

/**
 * @param {typeof express5} express
 * @param {Gateway} gateway
 */
function expressDoor(express, gateway) {
  const middleware = gatewayMiddleware(gateway);
  const app = express();
  app.disable("x-powered-by");
  app.use(middleware);
  const server = createServer(app).on("upgrade", middleware.upgrade);
  return listening(server, () => middleware.close({ graceMs: 1_000 }));
}

/**
 * @param {import("node:http").Server} server
 * @param {() => Promise<unknown>} drain
 */
async function listening(server, drain) {
  server.maxHeadersCount = 0;
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const close = async () => {
    await drain();
    server.closeAllConnections();
    server.close();
  };
  return { port, close };
}
