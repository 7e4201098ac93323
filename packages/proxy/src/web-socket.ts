import { createHash } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

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

/** A response head, as far as it answers an upgrade. */
export interface UpgradeAnswer {
  readonly statusCode?: number | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** Headers by their name in lower case, as they were sent. */
export type SentHeaders = Readonly<Record<string, string | readonly string[]>>;

/**
 * Why a 101 does not answer what was asked; undefined when it does. Only then may a tunnel be opened: behind
 * anything else the instance still reads HTTP.
 *
 * Source: RFC 6455 section 4.1.
 */
export function answerProblem(sent: SentHeaders, answer: UpgradeAnswer): string | undefined {
  const { headers } = answer;
  if (answer.statusCode !== 101) return "the answer is no 101";
  if (headers.upgrade?.toLowerCase() !== "websocket") return "the answer is for another protocol";
  if (!listOf(headers.connection).some((token) => token.toLowerCase() === "upgrade"))
    return "the answer does not switch the connection";
  if (headers["sec-websocket-accept"] !== acceptOf(textOf(sent["sec-websocket-key"])))
    return "the answer is for another key";
  const protocol = headers["sec-websocket-protocol"];
  if (protocol !== undefined && !listOf(sent["sec-websocket-protocol"]).includes(protocol))
    return "the answer names a subprotocol that was not offered";
  const offered = extensionsOf(sent["sec-websocket-extensions"]);
  if (!extensionsOf(headers["sec-websocket-extensions"]).every((name) => offered.includes(name)))
    return "the answer names an extension that was not offered";
  return undefined;
}

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function acceptOf(key: string): string {
  return createHash("sha1")
    .update(key.trim() + GUID)
    .digest("base64");
}

// Parameters are between the two ends: whoever offered the extension judges them.
function extensionsOf(value: string | readonly string[] | undefined): string[] {
  return listOf(value).map((extension) => extension.split(";", 1)[0]?.trim() ?? "");
}

function listOf(value: string | readonly string[] | undefined): string[] {
  const text = textOf(value);
  return text === "" ? [] : text.split(",").map((item) => item.trim());
}

function textOf(value: string | readonly string[] | undefined): string {
  return typeof value === "object" ? value.join(",") : (value ?? "");
}
