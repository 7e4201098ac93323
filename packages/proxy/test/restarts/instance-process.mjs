// One instance of a service in a process of its own, on a Unix socket or a port that is named. It says when it listens, ends
// in order on SIGTERM, and dies of everything else as processes do.
import { createServer } from "node:http";

const [, , name = "", port = "0"] = process.argv;
const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, { "x-instance": name, "content-type": "text/plain" });
  response.end(name);
});
// Longer than the gateway keeps its idle connections.
server.keepAliveTimeout = 60_000;
server.listen(Number(port), "127.0.0.1", () => {
  process.send?.({ port: /** @type {import("node:net").AddressInfo} */ (server.address()).port });
});
process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
process.on("disconnect", () => process.exit(0));
