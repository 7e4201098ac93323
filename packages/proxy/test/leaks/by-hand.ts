import { connect, type NetConnectOpts, type Socket } from "node:net";

/** A connection on which everything is done by hand: it ends neither side by itself. */
export async function connectTo(where: NetConnectOpts): Promise<Socket> {
  const socket = connect({ ...where, allowHalfOpen: true });
  socket.on("error", () => {});
  await new Promise<void>((resolve) => socket.once("connect", resolve).once("close", resolve));
  return socket;
}

export function headOf(method: string, path: string, ...lines: readonly string[]): string {
  return `${[`${method} ${path} HTTP/1.1`, "host: chaos.test", ...lines].join("\r\n")}\r\n\r\n`;
}

/** The head of a request for a websocket. */
export function upgradeHead(path: string): string {
  return headOf(
    "GET",
    path,
    "connection: Upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
  );
}

/** What answers that head. */
export const SWITCH = [
  "HTTP/1.1 101 Because",
  "upgrade: websocket",
  "connection: Upgrade",
  "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
  "\r\n",
].join("\r\n");

/** Resolves with what comes first; with nothing when the connection is gone before. */
export async function firstBytes(socket: Socket): Promise<Buffer> {
  return new Promise((resolve) => {
    socket.once("data", resolve);
    socket.once("close", () => resolve(Buffer.alloc(0)));
  });
}

/** The status in the first bytes of an answer; 0 for none. */
export function statusOf(bytes: Buffer): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(bytes.toString("latin1", 0, 20))?.[1] ?? 0);
}

/** Resolves when a socket is gone; false when that takes longer than it may. */
export async function isClosed(socket: Socket, limitMs: number): Promise<boolean> {
  if (socket.closed) return true;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), limitMs);
    socket.once("close", () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
