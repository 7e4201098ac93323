import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Gateway } from "@signalbox/core";
import { FrontListener, type AnyListener } from "./front-listener.js";
import type { Proxy } from "./proxy.js";
import { UpgradeDecider } from "./upgrade-decider.js";
import { viewOf } from "./view.js";
import { asksForWebSocket } from "./web-socket.js";

/**
 * Takes the upgrades of a server, in front of the listeners that it has: they get what no route takes, and without any it
 * gets 404. A request that offers another protocol than websockets stays an ordinary request.
 *
 * @returns gives the server its listeners back; several may do so in any order
 */
export function attachUpgrades(
  server: EventEmitter,
  gateway: Gateway,
  proxy: Pick<Proxy, "upgrade">,
): () => void {
  const upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const isLast = front.behind.length === 0;
    const none = (): void => front.handOn(req, socket, head);
    if (!front.hasLeft) proxy.upgrade(req, socket, head, isLast ? {} : { none });
    else if (isLast) socket.destroy();
    else none();
  };
  const front = new FrontListener(server, "upgrade", upgrade as AnyListener);
  // Without listeners for upgrades Node takes a request that offers one for an ordinary request. That must stay so for
  // all that is not ours, and a route is asked for other protocols than websockets as if they were not offered.
  const decider = new UpgradeDecider(server, (req) => {
    if (gateway.match(viewOf(req)).kind !== "none") return asksForWebSocket(req);
    return front.behind.length > 0 ? undefined : false;
  });
  return () => {
    front.leave();
    decider.leave();
  };
}
