import type { TextCondition } from "../config/match-config.js";
import type { CompiledPath } from "./pattern.js";

/** A text condition in words: `"x"`, `text that starts with "x"`, `nothing`, … */
export function describeCondition(condition: TextCondition): string {
  if (typeof condition === "string") return quoted(condition);
  if ("not" in condition) return `not ${describeCondition(condition.not)}`;
  if ("present" in condition) return condition.present ? "anything" : "nothing";
  if ("range" in condition) return describeRange(condition.range);
  const words = describeComparison(condition);
  return condition.ignoreCase === true ? `${words} in any case` : words;
}

type Comparison = Extract<TextCondition, { readonly ignoreCase?: boolean }>;

function describeComparison(condition: Comparison): string {
  if ("equals" in condition) return quoted(condition.equals);
  if ("startsWith" in condition) return `text that starts with ${quoted(condition.startsWith)}`;
  if ("endsWith" in condition) return `text that ends with ${quoted(condition.endsWith)}`;
  if ("contains" in condition) return `text that contains ${quoted(condition.contains)}`;
  if ("regex" in condition) return `text that matches /${condition.regex}/`;
  return `one of ${condition.oneOf.map(quoted).join(", ")}`;
}

function describeRange({ from, to }: { readonly from?: number; readonly to?: number }): string {
  const least = from === undefined ? "" : ` from ${from}`;
  return `a whole number${least}${to === undefined ? "" : ` below ${to}`}`;
}

/** A compiled path as it may be written in a match: `/users/:id`, `/files/*`, `/shop…` for a prefix of text. */
export function describePath(path: CompiledPath): string {
  if (path.kind === "startsWith") return `${path.text}…`;
  if (path.kind === "regex") return `/${path.source}/`;
  let next = 0;
  const segments = path.segments.map((segment) => segment ?? `:${path.names[next++] as string}`);
  return `/${[...segments, ...(path.open ? ["*"] : [])].join("/")}`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
