// One instance of one service: node service.ts <service> <version> <instance>
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SERVICES } from "./data.ts";
import { tellProblem, tellReady } from "./child.ts";

const [service = "", version = "", instance = ""] = process.argv.slice(2);
const reply = SERVICES[service];

async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const body = req.method === "POST" ? await text(req) : "";
  await lookUp();
  const answer = reply?.({ version, method: req.method ?? "", path: req.url ?? "", body });
  const found = answer ?? { status: 404, data: { error: `${service} has no ${req.url}` } };
  res.writeHead(found.status, {
    "content-type": "application/json",
    "x-served-by": `${service} ${version} ${instance}`,
  });
  res.end(`${JSON.stringify(found.data)}\n`);
}

/** As long as a look into a database takes: 1 to 4 ms, in which the process is free for others. */
function lookUp(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 3));
}

if (reply === undefined) {
  tellProblem(`there is no service called "${service}"`);
} else {
  const server = createServer((req, res) => {
    serve(req, res).catch(() => res.destroy());
  });
  server.on("error", (error) => tellProblem(error.message));
  server.listen(0, "127.0.0.1", () => tellReady((server.address() as AddressInfo).port));
  // A graceful stop: accept nothing more, finish what runs; then nothing keeps the process up.
  process.on("SIGTERM", () => {
    server.close(() => process.disconnect());
  });
}
