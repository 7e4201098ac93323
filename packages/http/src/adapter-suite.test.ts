import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { adapterSuite, type RunningAdapter } from "@signalbox/adapter-suite";
import { generate } from "selfsigned";
import { attachGateway, gatewayListener, type NodeServer } from "./attach.js";

const quiet = { warn: (): void => {} };

async function certificate(): Promise<{ key: string; cert: string }> {
  const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }]);
  return { key, cert };
}

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
  start: async (gateway) => {
    const server = createHttpsServer(await certificate(), app).on("upgrade", refuse);
    const mounted = attachGateway(server, gateway, quiet);
    return running(server, "https", (graceMs) => mounted.close({ graceMs }));
  },
});

adapterSuite({
  name: "attachGateway on node:http2 with HTTP/1.1 beside",
  ...can,
  start: async (gateway) => {
    const server = createSecureServer({ ...(await certificate()), allowHTTP1: true }, app);
    server.on("upgrade", refuse);
    const mounted = attachGateway(server, gateway, quiet);
    return running(server, "https", (graceMs) => mounted.close({ graceMs }));
  },
});
