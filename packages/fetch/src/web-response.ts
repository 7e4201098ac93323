import { STATUS_CODES } from "node:http";

/** Statuses that a `Response` must not have a body with. Source: Fetch standard, null body status. */
const NULL_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** Fields of a connection, which the server makes itself. */
const OF_CONNECTION: ReadonlySet<string> = new Set(["connection", "trailer"]);

/** Whether a response has no body. */
export function hasNoBody(method: string | undefined, status: number): boolean {
  return method === "HEAD" || NULL_BODY.has(status);
}

/**
 * The headers of a `Response`; undefined for a head that none can have: a status above 599, or a field that is malformed.
 *
 * @param flat name, value, name, value
 */
export function headersOf(status: number, flat: readonly string[]): Headers | undefined {
  if (status < 200 || status > 599) return undefined;
  const headers = new Headers();
  try {
    for (let i = 0; i < flat.length; i += 2) {
      const name = flat[i] as string;
      if (!OF_CONNECTION.has(name.toLowerCase())) headers.append(name, flat[i + 1] as string);
    }
  } catch {
    return undefined;
  }
  return headers;
}

/** A status and its name as text. */
export function plainResponse(status: number): Response {
  const title = STATUS_CODES[status] ?? "Client Closed Request";
  const headers = { "content-type": "text/plain; charset=utf-8" };
  return new Response(`${status} ${title}\n`, { status, headers });
}
