import type { Params } from "../decision.js";

/** Replaces the first `count` segments of a canonical path. The result is never empty and never starts with `//`. */
export function replacePrefix(path: string, count: number, replacement: string): string {
  let from = 0;
  for (let i = 0; i < count && from !== -1; i++) from = path.indexOf("/", from + 1);
  const rest = from === -1 ? "" : path.slice(from);
  const head = replacement.endsWith("/") ? replacement.slice(0, -1) : replacement;
  return singleSlash(count === 0 ? head + path : head + rest);
}

/** One part of a compiled path template: text, or a parameter to insert. */
export type TemplatePart = { readonly text: string } | { readonly param: string };

/** Fills a path template with parameters in their canonical form. */
export function fillTemplate(parts: readonly TemplatePart[], params: Params): string {
  let path = "";
  for (const part of parts) path += "text" in part ? part.text : (params[part.param] ?? "");
  return singleSlash(path);
}

/** A path that starts with exactly one `/`, whatever it was put together from. */
export function singleSlash(path: string): string {
  if (path.charCodeAt(0) === 47 && path.charCodeAt(1) !== 47) return path;
  return `/${path.replace(/^\/+/, "")}`;
}
