import { describeValue } from "@signalbox/proxy";

/** @throws TypeError for what is no `Request`, with what to pass instead */
export function checkRequest(value: unknown): void {
  if (isRequest(value)) return;
  throw new TypeError(
    `fetchHandler: expected a Request, got ${describeValue(value)}${hintFor(value)}`,
  );
}

// Frameworks have classes of their own for requests.
function isRequest(value: unknown): boolean {
  const { url, method, headers } = fieldsOf(value);
  return (
    typeof url === "string" &&
    typeof method === "string" &&
    typeof fieldsOf(headers)["has"] === "function"
  );
}

function hintFor(value: unknown): string {
  if (typeof value === "string" || value instanceof URL) return "; pass new Request(url)";
  const { req, raw, request } = fieldsOf(value);
  if (isRequest(fieldsOf(req)["raw"])) return "; of a context of Hono pass c.req.raw";
  if (isRequest(raw)) return "; of a request of Hono pass c.req.raw";
  return isRequest(request) ? "; pass the request that it holds" : "";
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
