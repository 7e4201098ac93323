import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { createGateway } from "./index.js";
import { afterEach, expect, it } from "vitest";
import { attachGateway } from "./attach.js";

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) await close();
});

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  toClose.push(() => new Promise((resolve) => server.close(resolve)));
  toClose.push(() => server.closeAllConnections());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

async function open(port: number): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  toClose.push(() => socket.destroy());
  let received = "";
  socket.on("data", (bytes: Buffer) => (received += bytes.toString()));
  await once(socket, "connect");
  return { socket, received: () => received };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

it("a process that ends lets requests end, closes their connections and the idle ones, and takes no more", async () => {
  const waiting: ServerResponse[] = [];
  const instance = createServer((req, res) => {
    if (req.url === "/slow") waiting.push(res);
    else res.end("quick");
  });
  const to = `http://127.0.0.1:${await listen(instance)}`;
  const server = createServer();
  const mounted = attachGateway(server, createGateway([{ path: "/*", to }]), { warn: () => {} });
  const port = await listen(server);
  const idle = await open(port);
  idle.socket.write(get("/quick"));
  await until(() => idle.received().endsWith("quick"));
  const busy = await open(port);
  busy.socket.write(get("/slow"));
  await until(() => waiting.length === 1);

  const stopped = new Promise((resolve) => server.close(resolve));
  const closed = mounted.close({ graceMs: 60_000 });
  await until(() => idle.socket.closed);
  expect(busy.socket.closed).toBe(false);
  const [error] = (await once(connect(port, "127.0.0.1"), "error")) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNREFUSED");

  waiting[0]?.end("to its end");
  await until(() => busy.socket.closed);
  expect(busy.received()).toMatch(/^HTTP\/1\.1 200 [^]*\r\nconnection: close\r\n/i);
  expect(busy.received()).toContain("to its end");
  await closed;
  await stopped;
  expect(mounted.proxy.counts).toMatchObject({ requests: 0, pools: 0 });
});

it("a process that ends cuts what does not end in its time", async () => {
  const instance = createServer((_, res) => void res.write("part"));
  const to = `http://127.0.0.1:${await listen(instance)}`;
  const server = createServer();
  const mounted = attachGateway(server, createGateway([{ path: "/*", to }]), { warn: () => {} });
  const client = await open(await listen(server));
  client.socket.write(get("/endless"));
  await until(() => client.received().includes("part"));
  const stopped = new Promise((resolve) => server.close(resolve));
  await mounted.close({ graceMs: 1 });
  await stopped;
  await until(() => client.socket.closed);
  expect(client.received()).not.toMatch(/\r\n0\r\n\r\n$/);
});
