// Serves a gateway where no server of Node is below: on Bun and on Deno. Arguments: base URL of the instance.
import process from "node:process";
import { createGateway, fetchHandler } from "@signalbox/fetch";

const [target] = process.argv.slice(2);
const handler = fetchHandler(createGateway([{ path: "/to/*", to: target }]));
const serve = async (request) => (await handler(request)) ?? new Response("from the application");
const where = { port: 0, hostname: "127.0.0.1" };

const port =
  globalThis.Bun === undefined
    ? globalThis.Deno.serve({ ...where, onListen() {} }, serve).addr.port
    : globalThis.Bun.serve({ ...where, fetch: serve }).port;
console.log(`port ${port}`);
