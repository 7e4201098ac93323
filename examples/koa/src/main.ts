// A Koa application with a gateway among its middleware: node src/main.ts
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createApp } from "./app.ts";
import { routeUpgrades } from "./gateway.ts";
import { startService } from "./service.ts";

const orders = await startService("orders");
const acme = await startService("orders of acme");
const { app, proxy } = createApp({ orders: orders.url, acme: acme.url });
const server = createServer(app.callback());
routeUpgrades(server);
server.listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

for (const [path, tenant] of [
  ["/orders/7", "none"],
  ["/orders/7", "acme"],
  ["/about", "none"],
] as const) {
  const answer = await fetch(url + path, { headers: { "x-tenant": tenant } });
  console.log(`${path} of ${tenant}: ${await answer.text()}`);
}
await proxy.close();
server.closeAllConnections();
server.close();
await Promise.all([orders.close(), acme.close()]);
