import type { IncomingMessage } from "node:http";

/** An application of Express, as far as it matters here. */
export interface HostApp {
  get(name: string): unknown;
}

/** A request of Express, as far as it matters here. */
export interface HostRequest extends IncomingMessage {
  readonly app?: HostApp;
}

/** Whether an address is trusted; the peer of the socket is hop 0. */
type Trust = (address: string, hop: number) => boolean;

/** Hops past this number are not walked: a bound on what a client can make us read. */
const MOST_HOPS = 50;

/**
 * How many addresses on the way of a request the application trusts by its setting `trust proxy`, the peer first.
 * Undefined where it has no such setting, so that `trustedProxies` of the gateway holds.
 *
 * Source: Express, "Express behind proxies".
 */
export function trustedHopsOf(req: IncomingMessage, app: HostApp | undefined): number | undefined {
  if (app === undefined || !isSet(app.get("trust proxy"))) return undefined;
  const trust = app.get("trust proxy fn") as Trust;
  const way = wayOf(req);
  let hops = 0;
  while (hops < way.length && trust(way[hops] as string, hops)) hops++;
  return hops;
}

function isSet(setting: unknown): boolean {
  return setting !== undefined && setting !== false && setting !== 0;
}

// The peer, then what each proxy wrote last.
function wayOf(req: IncomingMessage): string[] {
  const forwarded = req.headers["x-forwarded-for"];
  const list = forwarded === undefined ? [] : [forwarded].flat().join(",").split(",");
  const named = list.map((address) => address.trim()).reverse();
  return [req.socket.remoteAddress ?? "", ...named].slice(0, MOST_HOPS);
}
