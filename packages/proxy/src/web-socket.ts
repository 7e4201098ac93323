import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Whether a request asks for a websocket and nothing else; `h2c` and the like are never passed on. */
export function asksForWebSocket(req: IncomingMessage): boolean {
  return req.headers.upgrade?.trim().toLowerCase() === "websocket";
}

/** Why a websocket request cannot be served; undefined when it can. Source: RFC 6455 section 4.2.1. */
export function webSocketProblem(req: IncomingMessage): string | undefined {
  const {
    "content-length": length,
    "transfer-encoding": encoding,
    "sec-websocket-key": key,
  } = req.headers;
  if (req.method !== "GET") return "a websocket is asked for with GET";
  if (req.httpVersion !== "1.1") return "a websocket needs HTTP/1.1";
  if (encoding !== undefined || (length !== undefined && length !== "0"))
    return "an upgrade with a body";
  if (key === undefined || !/^[A-Za-z0-9+/]{22}==$/.test(key.trim()))
    return "the key of the websocket is malformed";
  return undefined;
}

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Whether a 101 answers the request. Source: RFC 6455 section 4.1. */
export function answersKey(response: IncomingMessage, req: IncomingMessage): boolean {
  const { upgrade, connection, "sec-websocket-accept": accept } = response.headers;
  if (response.statusCode !== 101 || upgrade?.toLowerCase() !== "websocket") return false;
  if (!/(?:^|,)\s*upgrade\s*(?:,|$)/i.test(connection ?? "")) return false;
  const key = String(req.headers["sec-websocket-key"]).trim();
  return (
    accept ===
    createHash("sha1")
      .update(key + GUID)
      .digest("base64")
  );
}
