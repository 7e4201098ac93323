import { atEnd } from "@signalbox/adapter-suite";
import { createGateway, type ConfigInput } from "@signalbox/core";
import fastify, { type FastifyInstance, type FastifyServerOptions } from "fastify";
import type { GatewayPluginOptions } from "../src/index.js";

export {
  ask,
  listen,
  OTHER_FORMS,
  refuse,
  seenBy,
  startChat,
  startEcho,
  startRefusing,
  statusOf,
  upgrade,
} from "@signalbox/adapter-suite";

/** An application that is closed behind the test. */
export function makeApp(options: FastifyServerOptions = {}): FastifyInstance {
  const app = fastify(options) as unknown as FastifyInstance;
  atEnd(() => app.close());
  return app;
}

export async function start(app: FastifyInstance): Promise<string> {
  return app.listen({ port: 0, host: "127.0.0.1" });
}

export function options(
  config: ConfigInput,
  more: Partial<GatewayPluginOptions> = {},
): GatewayPluginOptions {
  return { gateway: createGateway(config), graceMs: 10, ...more };
}
