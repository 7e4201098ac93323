import type { MatchConfig } from "../config/match-config.js";
import type { CompiledPath } from "./pattern.js";

/** What the place of an alternative in the one total order depends on. */
export interface Precedence {
  readonly order: number;
  /** Host in canonical form, with `*.` for a wildcard; empty for every host. */
  readonly host: string;
  readonly path: CompiledPath;
  readonly hasMethod: boolean;
  readonly headers: number;
  readonly query: number;
  /** Number of conditions on cookies, parameters, facts, address, protocol and port. */
  readonly others: number;
  /** Position of the route, then of the alternative in it. */
  readonly route: number;
  readonly alternative: number;
}

/** Counts what precedence needs of a match. */
export function countConditions(
  match: MatchConfig,
): Pick<Precedence, "hasMethod" | "headers" | "query" | "others"> {
  const single = [match.clientAddress, match.protocol, match.port].filter(
    (condition) => condition !== undefined,
  ).length;
  return {
    hasMethod: match.method !== undefined,
    headers: size(match.headers),
    query: size(match.query),
    others: size(match.cookies) + size(match.params) + size(match.facts) + single,
  };
}

/**
 * The total order of all alternatives; negative when the first goes first: `order`; host (exact, longest
 * wildcard, none); path (exact, then segment by segment, then `startsWith` by length, then regex); a
 * method condition; numbers of header, query and other conditions; the one that is listed first.
 *
 * Source: Kubernetes Gateway API, HTTPRouteRule.matches.
 */
export function comparePrecedence(a: Precedence, b: Precedence): number {
  return (
    a.order - b.order ||
    compareHosts(a.host, b.host) ||
    comparePaths(a.path, b.path) ||
    Number(b.hasMethod) - Number(a.hasMethod) ||
    b.headers - a.headers ||
    b.query - a.query ||
    b.others - a.others ||
    a.route - b.route ||
    a.alternative - b.alternative
  );
}

function compareHosts(a: string, b: string): number {
  const byClass = hostClass(a) - hostClass(b);
  return byClass !== 0 || hostClass(a) !== 1 ? byClass : b.length - a.length;
}

function hostClass(host: string): number {
  if (host === "") return 2;
  return host.startsWith("*.") ? 1 : 0;
}

function comparePaths(a: CompiledPath, b: CompiledPath): number {
  const byClass = pathClass(a) - pathClass(b);
  if (byClass !== 0) return byClass;
  if (a.kind === "startsWith" && b.kind === "startsWith") return b.text.length - a.text.length;
  return a.kind === "tree" && b.kind === "tree" ? compareSegments(a, b) : 0;
}

function pathClass(path: CompiledPath): number {
  if (path.kind === "startsWith") return 2;
  if (path.kind === "regex") return 3;
  return path.open || path.segments.includes(undefined) ? 1 : 0;
}

type TreePath = Extract<CompiledPath, { kind: "tree" }>;

// Segment by segment from the left: the end of a closed pattern, static, parameter, open end.
function compareSegments(a: TreePath, b: TreePath): number {
  const longest = Math.max(a.segments.length, b.segments.length);
  for (let i = 0; i <= longest; i++) {
    const byKind = segmentClass(a, i) - segmentClass(b, i);
    if (byKind !== 0) return byKind;
  }
  return 0;
}

function segmentClass(path: TreePath, index: number): number {
  if (index < path.segments.length) return path.segments[index] === undefined ? 2 : 1;
  return path.open ? 3 : 0;
}

function size(map: object | undefined): number {
  return map === undefined ? 0 : Object.keys(map).length;
}
