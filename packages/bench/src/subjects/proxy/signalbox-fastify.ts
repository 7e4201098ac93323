import type { AddressInfo } from "node:net";
import { createGateway, gatewayPlugin } from "@signalbox/fastify";
import fastify from "fastify";
import { firstUrl } from "../../backend.ts";
import type { ProxySubject } from "./subject.ts";

/** One route to one instance in Fastify. Logging is off, as it is by default. */
export const subject: ProxySubject = {
  async listen(backend) {
    const app = fastify({ keepAliveTimeout: 600_000 });
    await app.register(gatewayPlugin, {
      gateway: createGateway([{ path: "/*", to: firstUrl(backend) }]),
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    return (app.server.address() as AddressInfo).port;
  },
};
