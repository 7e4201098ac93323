import { countOf, headerOf, type ParsedRequest, type RequestView } from "../request.js";
import type { AddressSet } from "./address.js";
import { clientOf } from "./client.js";
import { parseHost } from "./host.js";
import { canonicalPath, plainPathEnd, type PathOptions } from "./path.js";

/** What parsing needs to know of the gateway's configuration. */
export interface ParseOptions {
  readonly path?: PathOptions;
  /** Undefined: no proxy is trusted. */
  readonly trustedProxies?: AddressSet;
}

/** A request that cannot be routed at all, with the reason in words. */
export interface BadRequest {
  readonly kind: "bad";
  /** 400, or 405 for CONNECT. */
  readonly status: 400 | 405;
  readonly problem: string;
}

interface Target {
  readonly path: string;
  readonly odd: boolean;
  readonly query: string;
  /** Authority of an absolute-form target; undefined for the other forms. */
  readonly authority: string | undefined;
}

/**
 * Checks target and host of a request and brings both into one form.
 *
 * Sources: RFC 9112 section 3.2 (target forms, Host), RFC 9110 section 7.4 (misdirected authority).
 */
export function parseRequest(view: RequestView, options: ParseOptions): ParsedRequest | BadRequest {
  if (view.method === "CONNECT")
    return { kind: "bad", status: 405, problem: "CONNECT is not served" };
  const target = parseTarget(view, options.path);
  if ("kind" in target) return target;
  const authority = target.authority ?? authorityOf(view);
  if (typeof authority !== "string") return authority;
  const host = authority === "" ? NO_HOST : parseHost(authority);
  if (host === undefined) return bad("the host is malformed");
  const client = clientOf(view, options.trustedProxies);
  return {
    view,
    path: target.path,
    oddPath: target.odd,
    query: target.query,
    host: host.name,
    authority,
    protocol: client.peerTrusted ? forwardedProtocol(view) : (view.protocol ?? "http"),
    port: host.port,
    clientAddress: client.address,
    peerTrusted: client.peerTrusted,
    peerAddress: client.peer,
  };
}

export function isBad(parsed: ParsedRequest | BadRequest): parsed is BadRequest {
  return "kind" in parsed;
}

const NO_HOST = { name: "", port: 0 };

function bad(problem: string): BadRequest {
  return { kind: "bad", status: 400, problem };
}

function parseTarget(view: RequestView, options: PathOptions | undefined): Target | BadRequest {
  const url = view.url;
  const end = plainPathEnd(url);
  if (end === url.length) return { path: url, odd: false, query: "", authority: undefined };
  if (end !== -1) return withQuery(url.slice(0, end), false, url.slice(end), undefined);
  if (url.charCodeAt(0) === 47) return parsePath(url, undefined, options);
  if (url === "*") {
    return view.method === "OPTIONS"
      ? { path: "*", odd: true, query: "", authority: undefined }
      : bad("only OPTIONS may ask for *");
  }
  return parseAbsolute(url, options);
}

function parseAbsolute(url: string, options: PathOptions | undefined): Target | BadRequest {
  const match = /^https?:\/\/([^/?#\\]*)/i.exec(url);
  if (match === null) return bad("the target is neither a path nor an http URL");
  const authority = match[1] as string;
  if (authority === "") return bad("the target names no host");
  const rest = url.slice(match[0].length);
  return parsePath(rest.startsWith("/") ? rest : `/${rest}`, authority, options);
}

function parsePath(
  text: string,
  authority: string | undefined,
  options: PathOptions | undefined,
): Target | BadRequest {
  const mark = text.indexOf("?");
  const canonical = canonicalPath(mark === -1 ? text : text.slice(0, mark), options);
  if (!canonical.ok) return bad(`the path is malformed: ${canonical.problem}`);
  return withQuery(canonical.path, canonical.odd, mark === -1 ? "" : text.slice(mark), authority);
}

function withQuery(
  path: string,
  odd: boolean,
  query: string,
  authority: string | undefined,
): Target | BadRequest {
  for (let i = 0; i < query.length; i++) {
    const code = query.charCodeAt(i);
    if (code < 32 || code === 127) return bad("the query holds a control character");
    if (code === 35) return bad("the target holds a fragment (#)");
    if (code === 32 || code > 255) return { path, odd, query: escapeQuery(query), authority };
  }
  return { path, odd, query, authority };
}

// The query goes on as it came; only what no request line can carry is escaped.
function escapeQuery(query: string): string {
  return query.toWellFormed().replace(/[ \u0100-\u{10FFFF}]/gu, (char) => encodeURIComponent(char));
}

function authorityOf(view: RequestView): string | BadRequest {
  const lines = countOf(view, "host");
  if (lines > 1) return bad("there are two Host headers");
  const host = lines === 0 ? "" : (headerOf(view, "host") as string);
  const pseudo = headerOf(view, ":authority");
  if (pseudo === undefined || pseudo === host) return host;
  return lines === 0 ? pseudo : bad(":authority and Host differ");
}

function forwardedProtocol(view: RequestView): "http" | "https" {
  const named = headerOf(view, "x-forwarded-proto")?.split(",", 1)[0]?.trim().toLowerCase();
  return named === "https" || named === "http" ? named : (view.protocol ?? "http");
}
