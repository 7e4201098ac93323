import type { IncomingHttpHeaders } from "node:http";

/** Fields that belong to one connection. Source: RFC 9110 section 7.6.1. */
const HOP_BY_HOP = new Set([
  ...["connection", "keep-alive", "proxy-connection", "te", "trailer"],
  ...["transfer-encoding", "upgrade", "proxy-authenticate", "proxy-authorization"],
]);

/** The head without the fields of this connection and those that its `Connection` names. */
export function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const dropped = namedBy(headers.connection);
  const kept: IncomingHttpHeaders = {};
  for (const name in headers) {
    if (!HOP_BY_HOP.has(name) && !dropped.includes(name)) kept[name] = headers[name];
  }
  return kept;
}

/** A request head as it is sent on, and whether a body follows. */
export interface RequestHead {
  /** Name, value, name, value. */
  readonly headers: string[];
  readonly hasBody: boolean;
}

/** The same for Node's flat form, from which it need not make an object for each request. */
export function requestHead(rawHeaders: readonly string[]): RequestHead {
  const headers: string[] = [];
  let hasBody = false;
  let connection: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    const lowerCase = name.toLowerCase();
    if (lowerCase === "content-length" || lowerCase === "transfer-encoding") hasBody = true;
    if (lowerCase === "connection")
      connection = connection === undefined ? value : `${connection},${value}`;
    if (!HOP_BY_HOP.has(lowerCase)) headers.push(name, value);
  }
  const dropped = namedBy(connection);
  return { headers: dropped.length === 0 ? headers : without(headers, dropped), hasBody };
}

function without(headers: readonly string[], dropped: readonly string[]): string[] {
  return headers.filter(
    (_, index) => !dropped.includes((headers[index - (index % 2)] as string).toLowerCase()),
  );
}

/** Names of fields in a `Connection`. Nearly always it has one plain option, which is no name that anybody sends. */
function namedBy(connection: string | undefined): string[] {
  if (connection === undefined || connection === "keep-alive" || connection === "close") return [];
  return connection.toLowerCase().split(/[\s,]+/);
}
