import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createGateway, type Gateway } from "@signalbox/core";
import { expect } from "vitest";
import { fetchHandler, type FetchHandler, type FetchHandlerOptions } from "../src/fetch-handler.js";
import type { ExchangeEnd } from "../src/index.js";

const toClose: (() => Promise<unknown>)[] = [];

/** Runs at the end of the test, the last first. */
export function atEnd(close: () => Promise<unknown>): void {
  toClose.push(close);
}

export async function closeAll(): Promise<void> {
  for (const close of toClose.splice(0).toReversed()) await close();
}

/** Starts a server at a port of its own. */
export async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await once(server.listen(0, "127.0.0.1"), "listening");
  atEnd(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export const instance = (listener: RequestListener): Promise<string> =>
  listen(createServer(listener));

export interface Mounted {
  readonly gateway: Gateway;
  readonly handler: FetchHandler;
  readonly ends: ExchangeEnd[];
  /** Waits for the end of the next request. */
  nextEnd(): Promise<ExchangeEnd>;
}

/** A handler over a configuration, which has nothing in flight at the end of the test. */
export function mount(config: object, options: FetchHandlerOptions = {}): Mounted {
  const gateway: Gateway = createGateway(config as never);
  const ends: ExchangeEnd[] = [];
  let told: (() => void) | undefined;
  const onEnd = (end: ExchangeEnd): void => {
    ends.push(end);
    told?.();
  };
  const handler = fetchHandler(gateway, { ...options, onEnd });
  atEnd(async () => {
    await handler.close({ graceMs: 0 });
    expect(handler.proxy.counts).toMatchObject({ requests: 0, mirrors: 0, waiting: 0 });
    expect(inFlight(gateway)).toBe(0);
  });
  const nextEnd = async (): Promise<ExchangeEnd> => {
    if (ends.length === 0) await new Promise<void>((resolve) => (told = resolve));
    return ends.shift() as ExchangeEnd;
  };
  return { gateway, handler, ends, nextEnd };
}

export function inFlight(gateway: Gateway): number {
  const { services } = gateway.snapshot();
  return Object.values(services)
    .flatMap(({ instances }) => Object.values(instances))
    .reduce((sum, { inFlight: count }) => sum + count, 0);
}

/** A route that takes all, to one URL. */
export const allTo = (to: string | readonly string[]) => ({
  routes: [{ match: { path: "/*" }, to }],
});

export const get = (path: string, init: RequestInit = {}): Request =>
  new Request(`http://shop.test${path}`, init);

export async function answered(response: Promise<Response | undefined>): Promise<Response> {
  const got = await response;
  if (got === undefined) throw new Error("no route took it");
  return got;
}

/** Something that is told of later. */
export function signal(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  return Promise.withResolvers<void>();
}
