import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Service {
  readonly url: string;
  close(): Promise<void>;
}

export async function startService(name: string): Promise<Service> {
  const server = createServer((req, res) => {
    void text(req).then((body) => res.end(`${name} ${req.method} ${req.url} ${body}`));
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
