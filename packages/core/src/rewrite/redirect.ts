import type { MatchedPath, PathRewrite } from "./rewrite.js";
import { rewritePath } from "./rewrite.js";

/** A compiled redirect. */
export interface RedirectPlan {
  readonly status: number;
  readonly scheme: "http" | "https" | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly path: PathRewrite | undefined;
  readonly keepQuery: boolean;
}

/**
 * The `Location` of a redirect. What is not configured comes from the request. Without any host it is a
 * path alone, which starts with exactly one `/`, so a client cannot make it lead to another host. Undefined when
 * there is no host to put a configured scheme or port before: a path alone would lead back here for ever.
 *
 * Source: Kubernetes Gateway API, HTTPRequestRedirectFilter.
 */
export function locationOf(redirect: RedirectPlan, matched: MatchedPath): string | undefined {
  const { request } = matched;
  const path =
    withoutRuns(rewritePath(redirect.path, matched)) + (redirect.keepQuery ? request.query : "");
  const host = redirect.host ?? request.host;
  if (host === "")
    return redirect.scheme === undefined && redirect.port === undefined ? path : undefined;
  const scheme = redirect.scheme ?? request.protocol;
  const port = redirect.port ?? (redirect.scheme === undefined ? request.port : 0);
  const isDefault = port === 0 || port === (scheme === "http" ? 80 : 443);
  return `${scheme}://${host}${isDefault ? "" : `:${port}`}${path}`;
}

function withoutRuns(path: string): string {
  return path.includes("//") ? path.replace(/\/{2,}/g, "/") : path;
}
