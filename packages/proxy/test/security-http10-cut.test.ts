import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { open, until } from "./kit.js";
import { oneService } from "./rig.js";
import { securityRig } from "./security-kit.js";

const { wire, gatewayTo } = securityRig();

it("a client over HTTP/1.0 is told of a cut by a reset: nothing else tells it from the end", async () => {
  let instance: Socket | undefined;
  const { url } = await wire((socket) => {
    instance = socket;
    socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n");
  });
  const { port } = await gatewayTo(oneService([url]));
  const client = await open(port);
  let error = "";
  client.on("error", ({ code }: NodeJS.ErrnoException) => (error = String(code)));
  client.write("GET /x HTTP/1.0\r\nHost: a\r\n\r\n");
  await until(() => client.received().endsWith("part"));
  instance?.end();
  await until(() => client.closed);
  expect(error).toBe("ECONNRESET");
});

it("a client over HTTP/1.0 on a Unix socket, which knows no reset, sees its connection close", async () => {
  const { url } = await wire((socket) => {
    socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n");
  });
  const { proxy, ended } = await gatewayTo(oneService([url]));
  const server = createServer((req, res) => proxy.handle(req, res));
  server.listen(path.join(tmpdir(), `signalbox-cut-${process.pid}.sock`));
  await once(server, "listening");
  const client = connect(server.address() as string).resume();
  client.write("GET /x HTTP/1.0\r\nHost: a\r\n\r\n");
  await once(client, "close");
  expect(await ended()).toMatchObject({ isComplete: false, failure: { cause: "closed" } });
  await new Promise((resolve) => server.close(resolve));
});
