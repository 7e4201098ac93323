import type { PathCondition } from "../config/match-config.js";
import { canonicalPath, isOdd, type PathOptions } from "./path.js";

/** A path condition after compiling. `tree` forms are found by the radix tree; the others are tried one by one. */
export type CompiledPath =
  | {
      readonly kind: "tree";
      /** Canonical segments; undefined stands for a parameter. */
      readonly segments: readonly (string | undefined)[];
      /** Whether anything may follow the segments. */
      readonly open: boolean;
      /** Names of the parameters in order; the rest after an open end is `*`. */
      readonly names: readonly string[];
      /** Positions of the parameters among the segments. */
      readonly positions: readonly number[];
      /** Whether the open end was written as a prefix, so that the rest is no parameter. */
      readonly bare: boolean;
    }
  | { readonly kind: "startsWith"; readonly text: string }
  | { readonly kind: "regex"; readonly source: string };

/** Why a path condition is refused. */
export interface PatternProblem {
  readonly problem: string;
}

const EVERYTHING: CompiledPath = {
  kind: "tree",
  segments: [],
  open: true,
  names: [],
  positions: [],
  bare: true,
};

/** The name that a path parameter may have: what can stand in a template too. */
const PARAMETER_NAME = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Compiles a path condition. An absent one is the prefix `/`, as in the Kubernetes Gateway API.
 *
 * @param options those by which the paths of requests are brought into their canonical form
 */
export function compilePath(
  condition: PathCondition | undefined,
  options: PathOptions = {},
): CompiledPath | PatternProblem {
  if (condition === undefined) return EVERYTHING;
  if (typeof condition === "string") return compilePattern(condition);
  if ("exact" in condition) return compileLiteral(condition.exact, false, options);
  if ("prefix" in condition) return compileLiteral(condition.prefix, true, options);
  if ("startsWith" in condition) {
    const canonical = canonicalText(condition.startsWith, options);
    return typeof canonical === "string" ? { kind: "startsWith", text: canonical } : canonical;
  }
  return { kind: "regex", source: condition.regex };
}

function compileLiteral(
  path: string,
  open: boolean,
  options: PathOptions,
): CompiledPath | PatternProblem {
  const canonical = canonicalText(path, options);
  if (typeof canonical !== "string") return canonical;
  const bare = open && canonical.endsWith("/") ? canonical.slice(0, -1) : canonical;
  const segments = bare === "" ? [] : bare.slice(1).split("/");
  return { kind: "tree", segments, open, names: [], positions: [], bare: true };
}

function compilePattern(pattern: string): CompiledPath | PatternProblem {
  if (!pattern.startsWith("/")) return { problem: "a path starts with /" };
  const written = pattern.slice(1).split("/");
  const open = written.at(-1) === "*";
  if (open) written.pop();
  const names: string[] = [];
  const positions: number[] = [];
  const segments: (string | undefined)[] = [];
  for (const [index, segment] of written.entries()) {
    if (segment.startsWith(":")) {
      const name = segment.slice(1);
      if (!PARAMETER_NAME.test(name))
        return {
          problem: `":${name}" is no parameter: a name is letters, digits and _, and takes a whole segment`,
        };
      if (names.includes(name)) return { problem: `the parameter ":${name}" stands in it twice` };
      names.push(name);
      positions.push(index);
      segments.push(undefined);
      continue;
    }
    if (segment.includes("*")) return { problem: "* may only be its whole last segment" };
    const canonical = canonicalText(`/${segment}`);
    if (typeof canonical !== "string") return canonical;
    if (canonical.indexOf("/", 1) !== -1 || (canonical === "/" && segment !== ""))
      return { problem: "dot segments may not stand in it" };
    if (segment === "" && (index < written.length - 1 || open) && written.length > 1)
      return { problem: "it holds an empty segment" };
    segments.push(canonical.slice(1));
  }
  if (open && segments.length === 1 && segments[0] === "") segments.pop();
  return { kind: "tree", segments, open, names, positions, bare: false };
}

function canonicalText(path: string, options: PathOptions = {}): string | PatternProblem {
  if (path.includes("?"))
    return { problem: "a query has no place in a path: use the query conditions" };
  const canonical = canonicalPath(path, options);
  return canonical.ok ? canonical.path : { problem: canonical.problem };
}

/** Whether a compiled path or the problem with it. */
export function isPatternProblem(path: CompiledPath | PatternProblem): path is PatternProblem {
  return "problem" in path;
}

/** Paths by their shape. Reading parameters needs no more than that, and many paths share one. */
export class PathShapes {
  readonly #known = new Map<string, CompiledPath>();

  /** The first path that was given whose parameters have the same names and stand in the same places. */
  of(path: CompiledPath): CompiledPath {
    const key = shapeKey(path);
    const known = this.#known.get(key);
    if (known === undefined) this.#known.set(key, path);
    return known ?? path;
  }
}

function shapeKey(path: CompiledPath): string {
  if (path.kind !== "tree") return "";
  const { segments, names, positions, open, bare } = path;
  return `${segments.length} ${positions.join()} ${names.join()} ${open} ${bare}`;
}

/** The text by which the tree knows a static segment: free of what find-my-way gives a meaning to. */
export function treeText(text: string): string {
  return isOdd(text) ? text.replaceAll("%", "\u0001").replaceAll("*", "\u0002") : text;
}

/**
 * The path parameters of a request as they stand in its canonical path, never decoded: `%2F` in one
 * cannot become a separator anywhere later.
 *
 * @param head where the first of them begins, when that is known
 */
export function readParams(
  compiled: CompiledPath,
  path: string,
  head?: number,
): { readonly [name: string]: string } {
  if (compiled.kind !== "tree") return NO_PARAMS;
  const { names, positions, segments, open, bare } = compiled;
  if (names.length === 0 && (bare || !open)) return NO_PARAMS;
  let from = head ?? 1;
  let segment = head === undefined ? 0 : (positions[0] ?? segments.length);
  if (names.length === 0)
    return Object.freeze({ "*": path.slice(skip(path, from, segments.length - segment)) });
  const params: Record<string, string> = {};
  for (let i = 0; i < names.length; i++) {
    const position = positions[i] as number;
    from = skip(path, from, position - segment);
    const end = path.indexOf("/", from);
    params[names[i] as string] = end === -1 ? path.slice(from) : path.slice(from, end);
    from = end === -1 ? path.length + 1 : end + 1;
    segment = position + 1;
  }
  if (open && !bare) params["*"] = path.slice(skip(path, from, segments.length - segment));
  return Object.freeze(params);
}

// Where the path goes on behind so many segments.
function skip(path: string, from: number, segments: number): number {
  for (let left = segments; left > 0; left--) {
    const end = path.indexOf("/", from);
    if (end === -1) return path.length;
    from = end + 1;
  }
  return from;
}

/** Where in a path that the pattern takes its first parameter begins, or what its open end takes. */
export function headOf(compiled: CompiledPath): number {
  let head = 1;
  if (compiled.kind === "tree")
    for (const segment of compiled.segments) {
      if (segment === undefined) break;
      head += segment.length + 1;
    }
  return head;
}

/** Whether each parameter of the pattern has text in this path: the tree also takes empty segments. */
export function paramsHaveText(compiled: CompiledPath, path: string): boolean {
  if (compiled.kind !== "tree" || compiled.positions.length === 0) return true;
  let from = 1;
  let next = 0;
  for (
    let index = 0;
    index < compiled.segments.length && next < compiled.positions.length;
    index++
  ) {
    let end = path.indexOf("/", from);
    if (end === -1) end = path.length;
    if (compiled.positions[next] === index) {
      if (end <= from) return false;
      next++;
    }
    from = end + 1;
  }
  return true;
}

const NO_PARAMS: { readonly [name: string]: string } = Object.freeze({});
