// A gateway in an application that was there before: node src/main.ts
import { createApp } from "./app.ts";
import { addGateway } from "./gateway.ts";
import { startService } from "./service.ts";

const orders = await startService("orders");
const beta = await startService("orders (beta)");
const app = createApp();
addGateway(app, { orders: orders.url, beta: beta.url });
const url = await app.listen({ port: 0, host: "127.0.0.1" });

for (const [path, user] of [
  ["/me", "ann"],
  ["/orders/7", "ann"],
  ["/orders/7", "tester"],
  ["/orders/7", undefined],
] as const) {
  const headers = user === undefined ? {} : { authorization: `Bearer ${user}` };
  const answer = await fetch(url + path, { headers });
  console.log(`${path} of ${user ?? "nobody"}: ${answer.status} ${await answer.text()}`);
}
await app.close();
await Promise.all([orders.close(), beta.close()]);
