import { STATUS_CODES, ServerResponse, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { buildClientResponse, type AnsweringDecision, type RequestView } from "@signalbox/core";

/** How long a tunnel may stay half open, and how long a refused client may take to read why. */
export const LINGER_MS = 1_000;

/** Writes a whole small response to a socket that no server looks after any more, and ends it. */
export function writeRaw(
  socket: Duplex,
  status: number,
  headers: readonly string[],
  body = "",
): void {
  if (socket.destroyed || !socket.writable) return;
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n`;
  for (let i = 0; i < headers.length; i += 2)
    text += `${headers[i] as string}: ${headers[i + 1] as string}\r\n`;
  socket.end(
    `${text}connection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  socket.resume();
}

/** Answers an upgrade without an instance. */
export function answerUpgrade(
  socket: Duplex,
  decision: AnsweringDecision,
  view: RequestView,
): number {
  const { status, headers } = buildClientResponse(decision, undefined, view);
  writeRaw(socket, status, headers, decision.kind === "respond" ? decision.body : "");
  return status;
}

/** A response over the socket of an upgrade, which no server looks after any more. It closes the connection behind it. */
export function rawResponse(req: IncomingMessage, socket: Duplex): ServerResponse {
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket as never);
  // The server does this for its own: without it a large answer stops at the first full buffer.
  socket.on("drain", () => res.emit("drain"));
  socket.on("close", () => res.emit("close"));
  res.on("finish", () => {
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.on("close", () => clearTimeout(timer));
  });
  return res;
}
