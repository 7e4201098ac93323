import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { Gateway } from "@signalbox/core";
import { routeUpgrade, viewOf, type Proxy } from "@signalbox/proxy";

type UpgradeListener = (req: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Listeners for upgrades that lead to a gateway: they do not wait for each other. */
export const ours = new WeakSet<UpgradeListener>();

// The application finds the gateway whose turn it is: one listener is enough to ask it.
const onTheirWay = new WeakSet<IncomingMessage>();

/**
 * Sends an upgrade through the application of its server as a request, so that no client passes a middleware by asking for a
 * websocket. What other listeners are there for is left to them.
 */
export function upgradeThroughHost(
  gateway: Gateway,
  proxy: Proxy,
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const { server } = socket as Duplex & { readonly server?: Server };
  // A socket of somebody else's making: there is no application to ask.
  if (server === undefined || server.listenerCount("request") === 0)
    return proxy.upgrade(req, socket, head);
  const hasOthers = server
    .listeners("upgrade")
    .some((listener) => !ours.has(listener as UpgradeListener));
  if (hasOthers && gateway.match(viewOf(req)).kind === "none") return;
  if (onTheirWay.has(req)) return;
  onTheirWay.add(req);
  routeUpgrade(req, socket, head, (res) => void server.emit("request", req, res));
}
