import { once } from "node:events";
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { createGateway, type ConfigInput } from "@signalbox/core";
import fastify, { type FastifyInstance, type FastifyServerOptions } from "fastify";
import { afterEach } from "vitest";
import type { GatewayPluginOptions } from "../src/index.js";

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A server on a free port of loopback, closed behind the test. */
export async function listen(listener?: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** An instance that says what it was asked. */
export async function startEcho(): Promise<string> {
  const { url } = await listen((req, res) => {
    void text(req).then((body) => {
      res.setHeader("x-seen", JSON.stringify(req.headers));
      res.end(`${req.method} ${req.url} ${body}`);
    });
  });
  return url;
}

/** An application that is closed behind the test. */
export function makeApp(options: FastifyServerOptions = {}): FastifyInstance {
  const app = fastify(options) as unknown as FastifyInstance;
  ends.push(() => app.close());
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

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export async function ask(
  url: string,
  {
    method = "GET",
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Answer> {
  const req = request(url, { method, headers, agent: false });
  req.end(body);
  const [res] = (await once(req, "response")) as [IncomingMessage];
  return { status: res.statusCode as number, headers: res.headers, body: await text(res) };
}

/** What the instance was asked with. */
export function seenBy(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return JSON.parse(headers["x-seen"] as string) as IncomingHttpHeaders;
}
