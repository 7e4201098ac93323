import type { AddressInfo } from "node:net";
import httpProxy from "@fastify/http-proxy";
import fastify from "fastify";
import { firstUrl } from "../../backend.ts";
import { CONNECTIONS, type ProxySubject } from "./subject.ts";

/** The plugin of Fastify, which forwards by undici. Logging is off, as it is by default. */
export const subject: ProxySubject = {
  async listen(backend) {
    const app = fastify();
    await app.register(httpProxy, {
      upstream: firstUrl(backend),
      undici: { connections: CONNECTIONS },
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    return (app.server.address() as AddressInfo).port;
  },
};
