import type { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Gateway } from "@signalbox/core";
import { attachUpgrades, routeUpgrade, viewOf } from "@signalbox/proxy";

/** An application of Fastify, as far as it matters here. */
interface Application {
  readonly server: EventEmitter;
  readonly prefix: string;
  routing(req: IncomingMessage, res: ServerResponse): void;
}

/**
 * Takes the upgrades of the server of an application and sends those that a route takes through its router, hooks
 * included: without that a client would pass every hook by asking for a websocket.
 *
 * @returns gives the server its listeners back
 */
export function routeUpgrades(app: Application, gateway: Gateway): () => void {
  const isBelow = placeOf(app.prefix);
  return attachUpgrades(app.server, gateway, {
    upgrade: (req, socket, head, { none } = {}) => {
      const isOurs = isBelow(req.url as string) && gateway.match(viewOf(req)).kind !== "none";
      if (!isOurs && none !== undefined) return none();
      routeUpgrade(req, socket, head, (res) => app.routing(req, res), none);
    },
  });
}

// A prefix with parameters is left to the router.
function placeOf(prefix: string): (url: string) => boolean {
  if (/[:*]/.test(prefix)) return () => true;
  const isWhole = prefix.endsWith("/") ? /^/ : /^(?:$|[/?])/;
  return (url) => url.startsWith(prefix) && isWhole.test(url.slice(prefix.length));
}
