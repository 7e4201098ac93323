import type { IncomingMessage } from "node:http";
import type { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";

/** Fields that offer another protocol, beside `Connection`. Source: RFC 7540 section 3.2.1. */
const OFFERS = ["upgrade", "http2-settings"];

/** A socket as the server of Node keeps it. */
type ServerSocket = Duplex & {
  readonly server?: EventEmitter;
  readonly encrypted?: boolean;
};

/**
 * Gives a request that offers another protocol back to its server, as if it had not: Node takes it for an upgrade once
 * anybody listens for them, and reads its body no more. False where it offers nothing, or the socket is of no server.
 *
 * Source: RFC 9110 section 7.8, a server may ignore the offer.
 */
export function givePlainAgain(req: IncomingMessage, socket: Duplex, head: Buffer): boolean {
  const { server, encrypted } = socket as ServerSocket;
  // It would come back the same: a CONNECT offers nothing.
  if (server === undefined || req.method === "CONNECT" || req.headers.upgrade === undefined)
    return false;
  socket.unshift(Buffer.concat([headWithoutOffer(req), head]));
  server.emit(encrypted === true ? "secureConnection" : "connection", socket);
  return true;
}

// The same bytes that were parsed, but for the offer.
function headWithoutOffer({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const lower = name.toLowerCase();
    if (OFFERS.includes(lower)) continue;
    const value = rawHeaders[i + 1] as string;
    const rest = lower === "connection" ? withoutOffers(value) : value;
    if (lower !== "connection" || rest !== "") text += `${name}: ${rest}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, "latin1");
}

function withoutOffers(value: string): string {
  return value
    .split(",")
    .map((token) => token.trim())
    .filter((token) => !OFFERS.includes(token.toLowerCase()))
    .join(", ");
}
