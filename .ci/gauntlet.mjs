// Sends raw-socket attacks and odd but lawful messages through an adapter (`gauntlet.mjs NAME`, default: http). Passes when
// none is let through, and the process has survived all of them. The vectors lie beside the repository.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createTcpServer } from "node:net";
import { text } from "node:stream/consumers";
import { createGateway } from "@signalbox/core";
import { doors } from "./gauntlet-doors.mjs";

const vectors = new URL("../../shared/tools/gauntlet/gauntlet.mjs", import.meta.url).pathname;

async function freePort() {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

const [name = "http"] = process.argv.slice(2);
const openDoor = doors[name];
if (openDoor === undefined)
  throw new RangeError(`no door is called "${name}": ${Object.keys(doors).join(", ")}`);
const backendPort = await freePort();
const to = `http://127.0.0.1:${backendPort}`;
// Some vectors break every request on purpose: an ejected only instance would hide what the others show.
const gateway = createGateway({
  services: { backend: { instances: [to], outlier: false } },
  routes: [{ match: { path: "/*" }, to: "backend" }],
});
const door = await openDoor(gateway);

const target = `127.0.0.1:${door.port}`;
const args = [vectors, "--target", target, "--backend-port", String(backendPort), "--name", name];
const run = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
const [output, [code]] = await Promise.all([text(run.stdout), once(run, "close")]);
// What passed needs no line of its own.
console.log(output.replace(/^pass .*\n/gm, ""));
await door.close();
// It counts as passed only when all were sent: none was left out for lack of time, and nothing ended the run (no code then).
const isWhole = code === 0 && /^.+: (\d+) of \1 lawful .*, 0 failed, [\d.]+ s$/m.test(output);
process.exitCode = isWhole ? 0 : 1;
