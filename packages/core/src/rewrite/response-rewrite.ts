import type { ForwardDecision, ResponseRewrite } from "../decision.js";
import { rewriteCookie } from "./cookie.js";
import { rewriteLocation } from "./location.js";
import type { MatchedPath, RewritePlan } from "./rewrite.js";

/** What becomes of the responses of a route, compiled; a request adds what its path was. */
export type ResponseRewritePlan = Omit<ResponseRewrite, "prefix">;

const UNCHANGED: ResponseRewrite["prefix"] = Object.freeze({ client: "", instance: "" });

/** The way back of one request. */
export function responseRewriteFor(
  plan: ResponseRewritePlan,
  rewrite: RewritePlan | undefined,
  matched: MatchedPath,
): ResponseRewrite {
  return Object.freeze({ ...plan, prefix: prefixOf(rewrite, matched) });
}

function prefixOf(
  rewrite: RewritePlan | undefined,
  { request, prefixSegments }: MatchedPath,
): ResponseRewrite["prefix"] {
  const path = rewrite?.path;
  if (path === undefined) return UNCHANGED;
  if (path.kind !== "prefix") return undefined;
  let end = 0;
  for (let i = 0; i < prefixSegments && end !== -1; i++) end = request.path.indexOf("/", end + 1);
  const client = prefixSegments === 0 ? "" : request.path.slice(0, end === -1 ? undefined : end);
  return Object.freeze({ client, instance: withoutSlash(path.replacement) });
}

/** A path without its final slash; empty for the root. */
export function withoutSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

/** Brings locations and cookies in the flat list of an instance's response to the client's side, in place. */
export function rewriteResponse(
  headers: string[],
  rewrite: ResponseRewrite,
  decision: ForwardDecision,
): void {
  const { location, cookieDomain, cookiePath } = rewrite;
  const hasCookies = cookieDomain !== undefined || cookiePath !== undefined;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    if (location && (name === "location" || name === "content-location"))
      headers[i + 1] = rewriteLocation(value, rewrite, decision);
    else if (hasCookies && name === "set-cookie")
      headers[i + 1] = rewriteCookie(value, rewrite, decision);
  }
}
