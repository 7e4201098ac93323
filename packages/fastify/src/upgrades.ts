import type { EventEmitter } from "node:events";
import { ServerResponse, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Gateway } from "@signalbox/core";
import { attachUpgrades, viewOf, type Proxy } from "@signalbox/proxy";

/** An application of Fastify, as far as it matters here. */
interface Application {
  readonly server: EventEmitter;
  readonly prefix: string;
  routing(req: IncomingMessage, res: ServerResponse): void;
}

/** An upgrade that has come through the hooks of the application. */
export interface RoutedUpgrade {
  readonly socket: Duplex;
  readonly head: Buffer;
  /** Hands on to the other listeners of the server; undefined where there are none. */
  readonly none: (() => void) | undefined;
}

interface OnItsWay extends RoutedUpgrade {
  /** Takes the socket back from the response that hooks could have answered with. */
  release(): void;
}

/** How long a client that a hook has answered may take to leave. Unit: milliseconds. */
const LINGER_MS = 1_000;

// One for all mounts: the router says whose handler gets an upgrade, whichever mount has listened.
const onTheirWay = new WeakMap<IncomingMessage, OnItsWay>();

/**
 * Takes the upgrades of the server of an application and sends those that a route takes through its router, hooks
 * included: without that a client would pass every hook by asking for a websocket.
 *
 * @returns gives the server its listeners back; the mount that came last has to be the first to do so
 */
export function routeUpgrades(app: Application, gateway: Gateway, proxy: Proxy): () => void {
  const isBelow = placeOf(app.prefix);
  return attachUpgrades(app.server, gateway, {
    handle: (req, res, options) => proxy.handle(req, res, options),
    close: (options) => proxy.close(options),
    get counts() {
      return proxy.counts;
    },
    upgrade: (req, socket, head, { none } = {}) => {
      const isOurs = isBelow(req.url as string) && gateway.match(viewOf(req)).kind !== "none";
      if (!isOurs && none !== undefined) return none();
      app.routing(req, responseFor(req, { socket, head, none }));
    },
  });
}

/** The upgrade behind a request, if it is one. Its socket is free of the response that came with it then. */
export function takeUpgrade(req: IncomingMessage): RoutedUpgrade | undefined {
  const upgrade = onTheirWay.get(req);
  if (upgrade === undefined) return undefined;
  onTheirWay.delete(req);
  upgrade.release();
  return upgrade;
}

// A prefix with parameters is left to the router.
function placeOf(prefix: string): (url: string) => boolean {
  if (/[:*]/.test(prefix)) return () => true;
  return (url) => url.startsWith(prefix) && /^(?:$|[/?])/.test(url.slice(prefix.length));
}

// What hooks and routes of the application answer with: no server looks after the socket of an upgrade. Nothing is
// read from it before, since its bytes belong to whoever takes the upgrade.
function responseFor(req: IncomingMessage, upgrade: RoutedUpgrade): ServerResponse {
  const { socket } = upgrade;
  const res = new ServerResponse(req);
  const onDrain = (): void => void res.emit("drain");
  res.shouldKeepAlive = false;
  res.assignSocket(socket as Socket);
  // Stays for good: what broke may be told only after the socket has changed hands.
  socket.on("error", ignore);
  socket.on("drain", onDrain);
  res.once("finish", () => leave(socket));
  const release = (): void => {
    socket.off("drain", onDrain);
    res.detachSocket(socket as Socket);
  };
  onTheirWay.set(req, { ...upgrade, release });
  return res;
}

function leave(socket: Duplex): void {
  socket.resume();
  socket.end();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
}

function ignore(): void {}
