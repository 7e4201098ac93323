// Orders leave the monolith in four steps: node src/main.ts
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createShop } from "./app.ts";
import { startOrdersService } from "./orders-service.ts";

const REQUESTS = 200;

const service = await startOrdersService();
const shop = createShop(service.url);
const server = createServer(shop.app).listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

for (const share of [0, 10, 50, 100]) {
  shop.move(share);
  const counts = { monolith: 0, service: 0 };
  for (let id = 0; id < REQUESTS; id++) counts[await byOf(`/orders/${id}`)]++;
  console.log(
    `${share} %: ${counts.monolith} orders of the monolith, ${counts.service} of the service`,
  );
}
console.log(`customers: ${await byOf("/customers/7")}`);
await shop.middleware.close();
server.closeAllConnections();
server.close();
await service.close();

async function byOf(path: string): Promise<"monolith" | "service"> {
  return ((await (await fetch(url + path)).json()) as { by: "monolith" | "service" }).by;
}
