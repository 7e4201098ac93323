import { changeHeaders, type ForwardDecision, type RequestView } from "@signalbox/core";
import type { ServerRequest } from "./view.js";

/** A request as frameworks that mount applications under a path leave it. */
type MountedRequest = ServerRequest & {
  readonly baseUrl?: unknown;
  readonly originalUrl?: unknown;
};

/**
 * Changes the head of a request to what a decision says, in place: method, `url`, and the headers that the route and the
 * policies change. `originalUrl` stays. Under a mount `url` goes on behind the mount path, as what is mounted there
 * expects it; a path that was led out of the mount stands there whole.
 */
export function rewriteRequest(
  req: MountedRequest,
  view: RequestView,
  decision: ForwardDecision,
): void {
  const { method, path } = decision.request;
  const url = withoutMount(path, mountOf(req));
  const headers = headersFor(req, view, decision);
  if (headers !== undefined) replaceHeaders(req, headers);
  if (req.method !== method) Object.assign(req, { method });
  if (req.url !== url) req.url = url;
}

function mountOf({ baseUrl, originalUrl, url = "" }: MountedRequest): string {
  if (typeof baseUrl === "string") return baseUrl;
  if (typeof originalUrl !== "string" || !originalUrl.endsWith(url)) return "";
  return originalUrl.slice(0, originalUrl.length - url.length);
}

function withoutMount(path: string, mount: string): string {
  if (mount === "" || !path.startsWith(mount)) return path;
  const rest = path.slice(mount.length);
  if (rest.startsWith("/")) return rest;
  return rest === "" || rest.startsWith("?") ? `/${rest}` : path;
}

// The headers as they are to be, flat; undefined where they are so already.
function headersFor(
  req: ServerRequest,
  view: RequestView,
  { request, authority, requestHeaders, trail }: ForwardDecision,
): string[] | undefined {
  const raw = view.rawHeaders ?? req.rawHeaders;
  const isRenamed = request.host !== authority;
  const requestId = req.headers["x-request-id"] === undefined ? trail?.requestId : undefined;
  if (
    raw === req.rawHeaders &&
    !isRenamed &&
    requestId === undefined &&
    requestHeaders.length === 0
  )
    return undefined;
  const headers = isRenamed ? withHost(raw, request.host) : [...raw];
  if (requestId !== undefined) headers.push("x-request-id", requestId);
  for (const { set, add, remove } of requestHeaders)
    changeHeaders(headers, {
      set: Object.fromEntries(set),
      add: Object.fromEntries(add),
      remove,
    });
  return headers;
}

function withHost(raw: readonly string[], host: string): string[] {
  const headers = ["host", host];
  for (let i = 0; i + 1 < raw.length; i += 2)
    if ((raw[i] as string).toLowerCase() !== "host")
      headers.push(raw[i] as string, raw[i + 1] as string);
  return headers;
}

// Node makes the record of the raw list when it is asked for: names that changed are changed in both.
function replaceHeaders(req: ServerRequest, flat: readonly string[]): void {
  const { headers, rawHeaders } = req;
  const before = linesOf(rawHeaders);
  const after = linesOf(flat);
  for (const [name, lines] of after)
    if (lines.join("\n") !== before.get(name)?.join("\n")) headers[name] = valueOf(name, lines);
  for (const name of before.keys())
    if (!after.has(name) && !name.startsWith(":")) delete headers[name];
  rawHeaders.length = 0;
  for (const text of flat) rawHeaders.push(text);
}

function valueOf(name: string, lines: string[]): string | string[] {
  return name === "set-cookie" ? lines : lines.join(name === "cookie" ? "; " : ", ");
}

function linesOf(flat: readonly string[]): Map<string, string[]> {
  const lines = new Map<string, string[]>();
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = (flat[i] as string).toLowerCase();
    const known = lines.get(name);
    if (known === undefined) lines.set(name, [flat[i + 1] as string]);
    else known.push(flat[i + 1] as string);
  }
  return lines;
}
