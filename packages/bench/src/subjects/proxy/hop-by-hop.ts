import type { IncomingHttpHeaders } from "node:http";

/** Fields that belong to one connection. Source: RFC 9110 section 7.6.1. */
const HOP_BY_HOP = new Set([
  ...["connection", "keep-alive", "proxy-connection", "te", "trailer"],
  ...["transfer-encoding", "upgrade", "proxy-authenticate", "proxy-authorization"],
]);

/** The head without the fields of this connection and those that its `Connection` names. */
export function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = headers.connection;
  // Nearly always one plain option, which is no name of a field that anybody sends.
  const isPlain = named === undefined || named === "keep-alive" || named === "close";
  const dropped = isPlain ? [] : named.toLowerCase().split(/[\s,]+/);
  const kept: IncomingHttpHeaders = {};
  for (const name in headers) {
    if (!HOP_BY_HOP.has(name) && !dropped.includes(name)) kept[name] = headers[name];
  }
  return kept;
}
