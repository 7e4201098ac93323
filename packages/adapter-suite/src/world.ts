import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { ClientHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { createGateway, type ConfigInput, type Gateway } from "@signalbox/core";
import { afterEach } from "vitest";
import type { Adapter, AdapterOptions, RunningAdapter } from "./adapter.js";
import { connectHttp2 } from "./http2-client.js";

/** A gateway in a server, and instances behind it. */
interface World extends RunningAdapter {
  readonly gateway: Gateway;
}

/** Starts instances and servers of one test, and stops them behind it. */
export interface Stage {
  /** An instance: its URL. */
  instance(listener: RequestListener): Promise<string>;
  /** The server of an instance, for what is no request. */
  server(listener?: RequestListener): Promise<{ readonly server: Server; readonly url: string }>;
  start(config: ConfigInput, options?: AdapterOptions): Promise<World>;
  /** A connection of a client that speaks HTTP/2. */
  http2(url: string): Promise<ClientHttp2Session>;
}

/** Registers with the test file that calls it. */
export function stageOf(adapter: Adapter): Stage {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  const server = async (listener?: RequestListener) => {
    const made = createServer(listener);
    await once(made.listen(0, "127.0.0.1"), "listening");
    ends.push(async () => {
      made.closeAllConnections();
      await new Promise((resolve) => made.close(resolve));
    });
    return { server: made, url: `http://127.0.0.1:${(made.address() as AddressInfo).port}` };
  };
  return {
    server,
    instance: async (listener) => (await server(listener)).url,
    start: async (config, options = {}) => {
      const gateway = createGateway(config);
      const running = await adapter.start(gateway, options);
      ends.push(async () => {
        await running.drain(10);
        await running.stop();
      });
      return { ...running, gateway };
    },
    http2: async (url) => {
      const session = await connectHttp2(url);
      ends.push(async () => session.destroy());
      return session;
    },
  };
}

/** An address at which nobody listens. */
export async function deadUrl(): Promise<string> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** Requests that are under way at the instances of all services. */
export function inFlight(gateway: Gateway): number {
  return gateway.services
    .flatMap((service) => gateway.service(service).instances())
    .reduce((sum, instance) => sum + instance.inFlight, 0);
}

/** Waits for what is soon so, a turn of the event loop at a time. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
