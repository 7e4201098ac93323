import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { adapterSuite } from "@signalbox/adapter-suite";
import { createAdaptorServer } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import { Hono } from "hono";
import { fetchHandler } from "../src/index.js";

adapterSuite({
  name: "fetchHandler in Hono",
  takesUpgrades: false,
  takesMounts: false,
  start: async (gateway) => {
    const handler = fetchHandler(gateway);
    const app = new Hono();
    app.use(async (c, next) => {
      const remoteAddress = getConnInfo(c).remote.address;
      return (await handler(c.req.raw, { remoteAddress })) ?? next();
    });
    app.all("*", (c) => {
      const { pathname, search } = new URL(c.req.url);
      return c.text(`app ${pathname}${search}`);
    });
    const server = createAdaptorServer({ fetch: app.fetch }) as Server;
    await once(server.listen(0, "127.0.0.1"), "listening");
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      drain: (graceMs) => handler.close({ graceMs }),
      stop: async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  },
});
