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
import express5 from "express";
import express4 from "express4";
import { afterEach } from "vitest";
import { gatewayMiddleware, type GatewayMiddleware, type MiddlewareOptions } from "../src/index.js";

/** Both versions that are supported. They differ in nothing that is used here. */
export const versions = [
  { name: "Express 4", express: express4 as unknown as typeof express5 },
  { name: "Express 5", express: express5 },
];

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

export function middlewareFor(
  config: ConfigInput,
  options: MiddlewareOptions = {},
): GatewayMiddleware {
  const middleware = gatewayMiddleware(createGateway(config), { warn: () => {}, ...options });
  ends.push(() => middleware.close({ graceMs: 10 }));
  return middleware;
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
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const req = request(url, { method, headers, agent: false });
  req.end(body);
  const [res] = (await once(req, "response")) as [IncomingMessage];
  return { status: res.statusCode as number, headers: res.headers, body: await text(res) };
}

/** What the instance was asked with. */
export function seenBy({ headers }: Answer): IncomingHttpHeaders {
  return JSON.parse(headers["x-seen"] as string) as IncomingHttpHeaders;
}
