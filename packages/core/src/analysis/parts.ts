import type { MatchConfig, TextCondition } from "../config/match-config.js";
import type { RouteConfig } from "../config/route-config.js";
import { listOf } from "../match/conditions.js";
import type { CompiledPath } from "../match/pattern.js";
import { matchesOf, type Alternative } from "../match/table.js";

/** One thing that an alternative asks of a request. */
export type Part =
  | { readonly on: "host"; readonly host: string }
  | { readonly on: "path"; readonly path: CompiledPath }
  | { readonly on: "method"; readonly methods: readonly string[]; readonly takesPreflight: boolean }
  | { readonly on: "clientAddress"; readonly ranges: readonly string[] }
  | {
      readonly on: "param";
      readonly path: Extract<CompiledPath, { readonly kind: "tree" }>;
      readonly name: string;
      readonly condition: TextCondition;
    }
  | { readonly on: TextPlace; readonly name: string; readonly condition: TextCondition };

/** Where a request has a text, beside its path. */
export type TextPlace = "header" | "query" | "cookie" | "fact" | "protocol" | "port";

/** All that an alternative asks of a request; parts that take everything are left out. */
export function partsOf(route: RouteConfig, alternative: Alternative): Part[] {
  const { precedence, takesPreflight } = alternative;
  const match = matchesOf(route.match)[precedence.alternative] as MatchConfig;
  const { host, path } = precedence;
  const parts: Part[] = [];
  for (const [on, field] of NAMED) {
    for (const [name, condition] of Object.entries(match[field] ?? {}))
      parts.push({ on, name: on === "header" ? name.toLowerCase() : name, condition });
  }
  if (match.protocol !== undefined) parts.push(textPart("protocol", match.protocol));
  if (match.port !== undefined)
    parts.push(textPart("port", { oneOf: listOf(match.port).map(String) }));
  if (match.clientAddress !== undefined)
    parts.push({ on: "clientAddress", ranges: listOf(match.clientAddress) });
  if (match.method !== undefined)
    parts.push({ on: "method", methods: listOf(match.method), takesPreflight });
  if (path.kind === "tree") {
    for (const [name, condition] of Object.entries(match.params ?? {}))
      parts.push({ on: "param", path, name, condition });
  }
  if (host !== "") parts.push({ on: "host", host });
  parts.push({ on: "path", path });
  return parts;
}

const NAMED = [
  ["header", "headers"],
  ["query", "query"],
  ["cookie", "cookies"],
  ["fact", "facts"],
] as const;

function textPart(on: TextPlace, condition: TextCondition): Part {
  return { on, name: "", condition };
}
