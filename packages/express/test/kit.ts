import { atEnd } from "@signalbox/adapter-suite";
import { createGateway, type ConfigInput } from "@signalbox/core";
import express5 from "express";
import express4 from "express4";
import { gatewayMiddleware, type GatewayMiddleware, type MiddlewareOptions } from "../src/index.js";

export {
  ask,
  listen,
  OTHER_FORMS,
  seenBy,
  startChat,
  startEcho,
  startRefusing,
  statusOf,
  upgrade,
} from "@signalbox/adapter-suite";

/** Both versions that are supported. They differ in nothing that is used here. */
export const versions = [
  { name: "Express 4", express: express4 as unknown as typeof express5 },
  { name: "Express 5", express: express5 },
];

export function middlewareFor(
  config: ConfigInput,
  options: MiddlewareOptions = {},
): GatewayMiddleware {
  const middleware = gatewayMiddleware(createGateway(config), { warn: () => {}, ...options });
  atEnd(() => middleware.close({ graceMs: 10 }));
  return middleware;
}
