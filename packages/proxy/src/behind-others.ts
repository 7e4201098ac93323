import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { endSocket } from "./raw-response.js";
import type { ServerRequest } from "./view.js";

/** A socket as the server of Node keeps it: with the response that is being written to it. */
type ServerSocket = Duplex & { readonly _httpMessage?: ServerResponse | null };

/**
 * Whether a request before an upgrade on the same connection has no whole response yet: Node hands over the upgrade all the
 * same. It cannot be answered before that one, and no tunnel may open above it.
 *
 * Source: RFC 9112 section 9.3.2.
 */
export function isBehindOthers(socket: Duplex): boolean {
  return ((socket as ServerSocket)._httpMessage ?? null) !== null;
}

/**
 * Refuses an upgrade behind requests without a response: they get theirs, and the connection closes. Node looks after
 * the connection no more, so what it would do for them is done here.
 */
export function closeBehindOthers(socket: Duplex): void {
  const onDrain = (): void => void (socket as ServerSocket)._httpMessage?.emit("drain");
  const next = (): void => {
    const message = (socket as ServerSocket)._httpMessage;
    if (message === undefined || message === null) endSocket(socket);
    else message.once("close", () => setImmediate(next));
  };
  socket.on("error", ignore);
  socket.on("drain", onDrain);
  socket.on("end", () => socket.destroy());
  socket.resume();
  next();
}

/** Whether the turn of a response on its connection has not come yet. */
export function isQueued(req: ServerRequest, res: { readonly socket?: unknown }): boolean {
  return req.httpVersionMajor < 2 && res.socket === null && isBehindOthers(req.socket);
}

/** Tells a response whose turn never comes that its connection is gone: behind an upgrade Node does so no more. */
export function watchQueued({ socket }: ServerRequest, res: ServerResponse): void {
  const onClose = (): void => {
    if (res.destroyed || res.socket !== null) return;
    res.destroy();
    res.emit("close");
  };
  socket.once("close", onClose);
  res.once("close", () => socket.off("close", onClose));
}

function ignore(): void {}
