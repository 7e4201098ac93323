import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { adapterSuite } from "@signalbox/adapter-suite";
import type { RequestHandler } from "express";
import { gatewayMiddleware } from "../src/index.js";
import { versions } from "./kit.js";

for (const { name, express } of versions)
  adapterSuite({
    name,
    takesUpgrades: true,
    takesMounts: true,
    passesTrailers: true,
    passesHints: true,
    start: async (gateway, { mount = "/" }) => {
      const middleware = gatewayMiddleware(gateway, { warn: () => {} });
      const app = express();
      app.disable("x-powered-by");
      app.use(mount, middleware);
      app.use(((req, res) => void res.send(`app ${req.originalUrl}`)) as RequestHandler);
      const server = createServer(app);
      server.on("upgrade", middleware.upgrade);
      server.on("upgrade", (req, socket) => {
        if (req.url !== "/chat") socket.end("HTTP/1.1 418 No\r\ncontent-length: 0\r\n\r\n");
      });
      await once(server.listen(0, "127.0.0.1"), "listening");
      return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        drain: (graceMs) => middleware.close({ graceMs }),
        stop: async () => {
          server.closeAllConnections();
          await new Promise((resolve) => server.close(resolve));
        },
      };
    },
  });
