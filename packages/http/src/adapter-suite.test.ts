import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createSecureServer, createServer as createHttp2Server } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { adapterSuite, type RunningAdapter } from "@signalbox/adapter-suite";
import { generate } from "selfsigned";
import { attachGateway, gatewayListener, type NodeServer } from "./attach.js";

const quiet = { warn: (): void => {} };

const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], {
  ...{ keyType: "ec", curve: "P-256", algorithm: "sha256" },
});

function app(req: { url?: string | undefined }, res: { end(text: string): unknown }): void {
  res.end(`app ${req.url}`);
}

function refuse(_req: unknown, socket: { end(text: string): unknown }): void {
  socket.end("HTTP/1.1 418 No\r\ncontent-length: 0\r\n\r\n");
}

async function running(
  server: NodeServer,
  scheme: string,
  drain: RunningAdapter["drain"],
): Promise<RunningAdapter> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    drain,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      (server as Server).closeAllConnections?.();
      await closed;
    },
  };
}

const can = { takesUpgrades: true, takesMounts: false, passesTrailers: true, passesHints: true };

adapterSuite({
  name: "attachGateway on node:http",
  ...can,
  start: (gateway) => {
    const server = createServer(app).on("upgrade", refuse);
    const mounted = attachGateway(server, gateway, quiet);
    return running(server, "http", (graceMs) => mounted.close({ graceMs }));
  },
});

adapterSuite({
  name: "gatewayListener on node:http",
  ...can,
  start: (gateway) => {
    const listener = gatewayListener(gateway, { fallback: app });
    const server = createServer(listener).on("upgrade", (req, socket, head) =>
      listener.proxy.upgrade(req, socket, head, { none: () => refuse(req, socket) }),
    );
    return running(server, "http", (graceMs) => listener.close({ graceMs }));
  },
});

adapterSuite({
  name: "attachGateway on node:https",
  ...can,
  start: (gateway) => {
    const server = createHttpsServer({ key, cert }, app).on("upgrade", refuse);
    const mounted = attachGateway(server, gateway, quiet);
    return running(server, "https", (graceMs) => mounted.close({ graceMs }));
  },
});

const settings = { maxConcurrentStreams: 100 };

adapterSuite({
  name: "attachGateway on node:http2 over TLS, with HTTP/1.1 beside",
  ...can,
  takesHttp2: true,
  start: (gateway) => {
    const options = { key, cert, allowHTTP1: true, settings };
    const server = createSecureServer(options, app).on("upgrade", refuse);
    const mounted = attachGateway(server, gateway, quiet);
    return running(server, "https", (graceMs) => mounted.close({ graceMs }));
  },
});

adapterSuite({
  name: "attachGateway on node:http2 in the clear",
  ...can,
  takesHttp1: false,
  takesHttp2: true,
  start: (gateway) => {
    const server = createHttp2Server({ settings }, app);
    const mounted = attachGateway(server, gateway, quiet);
    return running(server, "http", (graceMs) => mounted.close({ graceMs }));
  },
});
