import { adapterSuite } from "@signalbox/adapter-suite";
import { createProxy } from "@signalbox/proxy";
import fastify from "fastify";
import { gatewayPlugin } from "../src/index.js";

adapterSuite({
  name: "Fastify 5",
  takesUpgrades: true,
  takesMounts: true,
  passesTrailers: true,
  passesHints: true,
  start: async (gateway, { mount }) => {
    const app = fastify();
    const proxy = createProxy(gateway);
    app.setNotFoundHandler((request, reply) => reply.code(200).send(`app ${request.url}`));
    app.server.on("upgrade", (_req, socket) =>
      socket.end("HTTP/1.1 418 No\r\ncontent-length: 0\r\n\r\n"),
    );
    const options = mount === undefined ? {} : { prefix: mount };
    await app.register(gatewayPlugin, { gateway, proxy, ...options });
    return {
      url: await app.listen({ port: 0, host: "127.0.0.1" }),
      drain: (graceMs) => proxy.close({ graceMs }),
      stop: () => app.close(),
    };
  },
});
