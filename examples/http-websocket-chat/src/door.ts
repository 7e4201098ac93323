// The door: a server of node:http with a page of its own, and the chat behind a gateway.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { attachGateway, createGateway } from "@signalbox/http";
import { PAGE } from "./page.ts";

export interface Door {
  readonly url: string;
  /** Says goodbye to open chats (1001), and ends. */
  close(): Promise<void>;
}

export async function openDoor(chatUrl: string, port = 0): Promise<Door> {
  const server = createServer((req, res) => {
    if (req.url !== "/") {
      res.writeHead(404).end();
      return;
    }
    res.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    res.end(PAGE);
  });
  const mounted = attachGateway(server, createGateway([{ path: "/chat", to: chatUrl }]));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      await mounted.close({ graceMs: 100 });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
