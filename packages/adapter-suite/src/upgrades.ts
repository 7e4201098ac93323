import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { Adapter } from "./adapter.js";
import { stageOf } from "./world.js";

/** Websockets through the gateway. */
export function upgrades(adapter: Adapter): void {
  const stage = stageOf(adapter);

  const open = (url: string): WebSocket =>
    new WebSocket(url.replace(/^http/, "ws"), { rejectUnauthorized: false });
  const refusedWith = async (url: string): Promise<number | undefined> => {
    const socket = open(url).on("error", () => {});
    const [, res] = (await once(socket, "unexpected-response")) as [
      unknown,
      { statusCode?: number; resume(): void },
    ];
    res.resume();
    socket.terminate();
    return res.statusCode;
  };

  describe("upgrades", () => {
    const startChat = async (): Promise<string> => {
      const { server, url } = await stage.server();
      const sockets = new WebSocketServer({ server });
      sockets.on("connection", (socket) =>
        socket.on("message", (message, isBinary) => socket.send(message, { binary: isBinary })),
      );
      return url;
    };

    it("reach the instance, and what is said comes back", async () => {
      const { url } = await stage.start([{ path: "/chat", to: await startChat() }]);
      const socket = open(`${url}/chat`);
      await once(socket, "open");
      socket.send("grüße");
      expect(String(((await once(socket, "message")) as [Buffer])[0])).toBe("grüße");
      const bytes = Buffer.alloc(200_000, 7);
      socket.send(bytes);
      expect(((await once(socket, "message")) as [Buffer])[0].equals(bytes)).toBe(true);
      socket.close(1000);
      expect(((await once(socket, "close")) as [number])[0]).toBe(1000);
    });

    it("that the instance refuses are refused so", async () => {
      const { server, url: instance } = await stage.server();
      server.on("upgrade", (_req, socket) =>
        socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"),
      );
      const { url } = await stage.start([{ path: "/chat", to: instance }]);
      expect(await refusedWith(`${url}/chat`)).toBe(403);
    });

    it("that no route takes are those of the host", async () => {
      const { url } = await stage.start([{ path: "/chat", to: await startChat() }]);
      expect(await refusedWith(`${url}/else`)).toBe(418);
    });

    it("are told when the gateway goes: 1001", async () => {
      const { url, drain } = await stage.start([{ path: "/chat", to: await startChat() }]);
      const socket = open(`${url}/chat`);
      await once(socket, "open");
      const closed = once(socket, "close") as Promise<[number]>;
      await drain(10);
      expect((await closed)[0]).toBe(1001);
    });
  });
}
