import type { Params } from "../decision.js";
import type { ParsedRequest } from "../request.js";
import { fillTemplate, replacePrefix, singleSlash, type TemplatePart } from "./path.js";

/** A compiled path rewrite. */
export type PathRewrite =
  | { readonly kind: "template"; readonly parts: readonly TemplatePart[] }
  | { readonly kind: "replace"; readonly path: string }
  | { readonly kind: "prefix"; readonly replacement: string }
  | { readonly kind: "regex"; readonly replace: (path: string) => string };

/** Compiled changes of a query; names and values are escaped already. */
export interface QueryRewrite {
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly add: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
}

/** Compiled changes of the request line and the host. */
export interface RewritePlan {
  readonly host: string | undefined;
  readonly path: PathRewrite | undefined;
  /** In the order in which they act. */
  readonly queries: readonly QueryRewrite[];
}

/** What a path rewrite works on. */
export interface MatchedPath {
  readonly request: ParsedRequest;
  readonly params: Params;
  /** Number of segments that the prefix of the route takes. */
  readonly prefixSegments: number;
}

/** The path and query that go to the instance, without the path of its base URL. */
export function rewriteTarget(rewrite: RewritePlan, matched: MatchedPath): string {
  let query = matched.request.query;
  for (const changes of rewrite.queries) query = rewriteQuery(changes, query);
  return rewritePath(rewrite.path, matched) + query;
}

/** The path after a rewrite. */
export function rewritePath(
  rewrite: PathRewrite | undefined,
  { request, params, prefixSegments }: MatchedPath,
): string {
  switch (rewrite?.kind) {
    case undefined:
      return request.path;
    case "template":
      return fillTemplate(rewrite.parts, params);
    case "replace":
      return rewrite.path;
    case "prefix":
      return replacePrefix(request.path, prefixSegments, rewrite.replacement);
    case "regex":
      return singleSlash(rewrite.replace(request.path));
  }
}

/** The query after its changes. Parameters that no change names stay byte for byte. */
export function rewriteQuery(rewrite: QueryRewrite, query: string): string {
  const parts = query.length <= 1 ? [] : query.slice(1).split("&");
  const dropped = new Set([...rewrite.remove, ...rewrite.set.map(([name]) => name)]);
  const kept = parts.filter((part) => !dropped.has(decodedName(part)));
  const added = [...rewrite.set, ...rewrite.add].map(
    ([name, value]) => `${escapeQueryText(name)}=${escapeQueryText(value)}`,
  );
  const all = [...kept, ...added];
  return all.length === 0 ? "" : `?${all.join("&")}`;
}

function decodedName(part: string): string {
  const equals = part.indexOf("=");
  const name = (equals === -1 ? part : part.slice(0, equals)).replaceAll("+", " ");
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function escapeQueryText(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
