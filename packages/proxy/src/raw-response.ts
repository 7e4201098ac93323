import { ServerResponse, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** How long a tunnel may stay half open, and how long a client that was answered may take to leave. */
export const LINGER_MS = 1_000;

/**
 * A response over the socket of an upgrade, which no server looks after any more. It closes the connection
 * behind it; what the client goes on sending is dropped.
 */
export function rawResponse(req: IncomingMessage, socket: Duplex): ServerResponse {
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  // It also tells the response when the socket closes.
  res.assignSocket(socket as never);
  // The server does this for its own: without it a large answer stops at the first full buffer.
  socket.on("drain", () => res.emit("drain"));
  res.on("finish", () => endSocket(socket));
  // As the server does: a client that ends its side before the answer is out is gone.
  socket.on("end", () => {
    if (!res.writableEnded) socket.destroy();
  });
  socket.resume();
  // It died before there was an answer, and tells nobody any more.
  if (socket.closed) process.nextTick(() => res.emit("close"));
  return res;
}

/** Ends a socket that no server looks after. What still comes is dropped, and a client that stays is cut. */
export function endSocket(socket: Duplex): void {
  socket.resume();
  socket.end();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
}
