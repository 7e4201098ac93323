/** What a head says of the body behind it. */
export type Framing = "none" | "length" | "chunked";

/** Fields of the connection to the client, which others look after. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  // A Response has no trailers, nor has the body of a Request.
  ...["te", "trailer"],
  // The server has given leave by now.
  "expect",
  ...["content-length", "transfer-encoding"],
]);

/**
 * How the body of a request is framed. A `Request` that somebody made has no fields that say so, and what it has may be
 * wrong where somebody changed its body.
 */
export function framingOf(request: Request): Framing {
  if (request.method === "GET" || request.method === "HEAD" || request.body === null) return "none";
  const { headers } = request;
  if (headers.has("transfer-encoding")) return "chunked";
  const length = headers.get("content-length");
  if (length === "0") return "none";
  return length !== null && /^\d{1,15}$/.test(length) ? "length" : "chunked";
}

/** Whether the head of a request says nothing of a body: then it may be one without, as far as can be told. */
export function saysNothing({ headers }: Request): boolean {
  return !headers.has("transfer-encoding") && !headers.has("content-length");
}

/** The headers of a `Request` in the flat form of Node, with framing that holds. */
export function rawHeadersOf(request: Request, framing: Framing): string[] {
  const raw: string[] = [];
  const { headers } = request;
  for (const [name, value] of headers) if (!LEFT_OUT.has(name)) raw.push(name, value);
  if (!headers.has("host")) raw.unshift("host", new URL(request.url).host);
  if (framing === "length") raw.push("content-length", headers.get("content-length") as string);
  // Another coding is refused, as it is over HTTP/1.1.
  else if (framing === "chunked")
    raw.push("transfer-encoding", headers.get("transfer-encoding") ?? "chunked");
  else if (headers.get("content-length") === "0") raw.push("content-length", "0");
  return raw;
}

/** The target of a request, as it stands in a request line. */
export function targetOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const mark = url.indexOf("#");
  const target = url.slice(start, mark === -1 ? undefined : mark);
  return start === -1 ? "/" : target;
}
