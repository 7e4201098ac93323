// Orders in a process of their own: what the monolith hands over.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export interface OrdersService {
  readonly url: string;
  close(): Promise<void>;
}

export async function startOrdersService(): Promise<OrdersService> {
  const server = createServer((req, res) => {
    void (async () => {
      const order =
        req.method === "POST"
          ? ((await json(req)) as { item: string }).item
          : req.url?.replace("/orders/", "");
      res.writeHead(req.method === "POST" ? 201 : 200, { "content-type": "application/json" });
      res.end(JSON.stringify({ by: "service", order }));
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
