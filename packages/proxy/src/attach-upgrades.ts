import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Gateway } from "@signalbox/core";
import type { Proxy } from "./proxy.js";
import { viewOf } from "./view.js";
import { asksForWebSocket } from "./web-socket.js";

/** Servers of Node that can be asked which upgrades they take. */
interface UpgradeDeciding {
  shouldUpgradeCallback?: ((req: IncomingMessage) => boolean) | undefined;
}

type Listener = (...args: unknown[]) => void;

/**
 * Takes the upgrades of a server, in front of the listeners that it has: they get what no route takes, and without any it
 * gets 404. A request that offers another protocol than websockets stays an ordinary request.
 *
 * @returns gives the server its listeners back
 */
export function attachUpgrades(
  server: EventEmitter,
  gateway: Gateway,
  proxy: Pick<Proxy, "upgrade">,
): () => void {
  const before = server.rawListeners("upgrade") as Listener[];
  server.removeAllListeners("upgrade");
  const none = (...args: unknown[]): void => {
    for (const listener of before) listener.apply(server, args);
  };
  const upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const handOn = (): void => none(req, socket, head);
    proxy.upgrade(req, socket, head, before.length === 0 ? {} : { none: handOn });
  };
  server.on("upgrade", upgrade as Listener);
  const decides = server as UpgradeDeciding;
  const shouldUpgrade = decides.shouldUpgradeCallback;
  // Without listeners for upgrades Node takes a request that offers one for an ordinary request. That must stay so for
  // all that is not ours, and a route is asked for other protocols than websockets as if they were not offered.
  decides.shouldUpgradeCallback = (req) => {
    if (gateway.match(viewOf(req)).kind !== "none") return asksForWebSocket(req);
    return before.length > 0 && (shouldUpgrade?.call(server, req) ?? true);
  };
  return () => {
    server.off("upgrade", upgrade as Listener);
    decides.shouldUpgradeCallback = shouldUpgrade;
    for (const listener of before) server.on("upgrade", listener);
  };
}
