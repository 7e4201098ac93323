// Sends raw-socket attacks and odd but lawful messages through the http adapter. Passes when none is let through,
// and the process has survived all of them. The vectors lie beside the repository; without them nothing is run.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { text } from "node:stream/consumers";
import { attachGateway, createGateway } from "@signalbox/http";

const vectors = new URL("../../shared/tools/gauntlet/gauntlet.mjs", import.meta.url).pathname;

async function freePort() {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

const backendPort = await freePort();
const server = createServer();
server.maxHeadersCount = 0;
const to = `http://127.0.0.1:${backendPort}`;
// Some vectors break every request on purpose: an ejected only instance would hide what the others show.
const gateway = createGateway({
  services: { backend: { instances: [to], outlier: false } },
  routes: [{ match: { path: "/*" }, to: "backend" }],
});
const mounted = attachGateway(server, gateway);
server.listen(0, "127.0.0.1");
await once(server, "listening");

const target = `127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;
const args = [vectors, "--target", target, "--backend-port", String(backendPort), "--name", "http"];
const run = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
const [output, [code]] = await Promise.all([text(run.stdout), once(run, "close")]);
// What passed needs no line of its own.
console.log(output.replace(/^pass .*\n/gm, ""));
await mounted.close({ graceMs: 1_000 });
server.closeAllConnections();
server.close();
process.exitCode = code;
