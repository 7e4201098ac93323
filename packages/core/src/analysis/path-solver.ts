import { canonicalPath, type PathOptions } from "../match/path.js";
import { readParams, type CompiledPath } from "../match/pattern.js";
import { compileRegex } from "../match/regex.js";
import { compileText } from "../match/text.js";
import { escapeRegex, isExactRegex, Language, tryLanguage } from "./language.js";
import {
  isExact,
  languageOf,
  NONE,
  solveText,
  UNKNOWN,
  type Domain,
  type Literal,
  type Solution,
} from "./text-solver.js";

type TreePath = Extract<CompiledPath, { readonly kind: "tree" }>;

/** A literal on a path parameter of one of the paths. */
interface ParamLiteral {
  readonly path: TreePath;
  readonly name: string;
  readonly literal: Literal;
}

/** What a path has to be and must not be. */
export interface PathConstraint {
  readonly taken: readonly CompiledPath[];
  readonly notTaken: readonly CompiledPath[];
  readonly params: readonly ParamLiteral[];
  /** How paths are brought into their canonical form. */
  readonly options: PathOptions;
}

/** A canonical path that fits, preferably a plain one. */
export function solvePath(constraint: PathConstraint): Solution<string> {
  if (isContradiction(constraint)) return NONE;
  const fits = pathTest(constraint);
  for (const path of guesses(constraint)) if (fits(path)) return { kind: "found", value: path };
  const language = tryLanguage(() => languageOfPaths(constraint));
  if (language === undefined) return UNKNOWN;
  if (language.isEmpty) return isExactConstraint(constraint) ? NONE : UNKNOWN;
  const word = (tryLanguage(() => language.words(50)) ?? []).find(fits);
  return word === undefined ? UNKNOWN : { kind: "found", value: word };
}

/** Whether a compiled path takes a canonical one. */
function takesPath(compiled: CompiledPath, path: string): boolean {
  if (compiled.kind === "startsWith") return path.startsWith(compiled.text);
  if (compiled.kind === "regex") return compileRegex(compiled.source, false)(path);
  const given = path === "/" && compiled.segments.length === 0 ? [] : path.slice(1).split("/");
  const { segments, open } = compiled;
  if (open ? given.length < segments.length : given.length !== segments.length) return false;
  return segments.every((segment, i) =>
    segment === undefined ? given[i] !== "" : given[i] === segment,
  );
}

// What can be seen without trying: a path that must not be taken takes all that one of the others does.
function isContradiction({ taken, notTaken }: PathConstraint): boolean {
  return taken.some((path) => notTaken.some((other) => covers(other, path)));
}

/** Whether one path takes all that another takes; false where it cannot be seen at once. */
function covers(wide: CompiledPath, narrow: CompiledPath): boolean {
  if (wide.kind === "startsWith" && narrow.kind === "startsWith")
    return narrow.text.startsWith(wide.text);
  if (wide.kind === "regex" && narrow.kind === "regex") return wide.source === narrow.source;
  if (wide.kind !== "tree" || narrow.kind !== "tree") return false;
  if (narrow.segments.length < wide.segments.length) return false;
  if (!wide.open && (narrow.open || narrow.segments.length !== wide.segments.length)) return false;
  return wide.segments.every((segment, index) =>
    segment === undefined ? narrow.segments[index] !== "" : narrow.segments[index] === segment,
  );
}

function pathTest({ taken, notTaken, params, options }: PathConstraint): (path: string) => boolean {
  const tests = params.map(({ path, name, literal }) => {
    const test = compileText(literal.condition);
    return (given: string) => test(readParams(path, given)[name]) === literal.holds;
  });
  return (path) =>
    isCanonical(path, options) &&
    taken.every((compiled) => takesPath(compiled, path)) &&
    !notTaken.some((compiled) => takesPath(compiled, path)) &&
    tests.every((test) => test(path));
}

function isCanonical(path: string, options: PathOptions): boolean {
  const canonical = canonicalPath(path, options);
  return canonical.ok && canonical.path === path;
}

const CHARACTERS = "[A-Za-z0-9._~!$&'()*+,;=:@%\\x2d]";

const SEGMENT: Domain = { mayBeAbsent: false, texts: `${CHARACTERS}+` };
const REST: Domain = { mayBeAbsent: false, texts: `(?:${CHARACTERS}|/)*` };

/** Segments that are unlikely to stand in any pattern. */
const FRESH = ["zq7", "84"];

// Paths worth a try: free segments get words that no pattern knows, since those escape what must not be taken.
function guesses(constraint: PathConstraint): string[] {
  const starts = constraint.taken.flatMap((path) =>
    path.kind === "startsWith" ? [path.text] : [],
  );
  const trees = constraint.taken.filter((path) => path.kind === "tree");
  const longest = trees.reduce((most, { segments }) => Math.max(most, segments.length), 0);
  const free =
    trees.length === 0 && starts.length > 0 ? [] : treeGuesses(constraint, trees, longest);
  const tails = ["", FRESH[0] as string, `/${FRESH[0] as string}`];
  return [...free, ...starts.flatMap((start) => tails.map((tail) => start + tail))];
}

function treeGuesses(
  constraint: PathConstraint,
  trees: readonly TreePath[],
  length: number,
): string[] {
  const segments = Array.from({ length }, (_, index) => segmentGuess(constraint, trees, index));
  const head = segments.map((segment) => `/${segment}`).join("");
  const most = constraint.notTaken.reduce(
    (longest, path) => Math.max(longest, path.kind === "tree" ? path.segments.length : 0),
    0,
  );
  const tails = ["", "/"];
  let tail = "";
  for (let more = 0; more <= most - length + 1; more++) {
    tail += `/${FRESH[more % FRESH.length] as string}`;
    tails.push(tail, `${tail}/`);
  }
  const rest = restGuess(constraint);
  return [...(rest === undefined ? [] : [rest]), ...tails]
    .map((end) => head + end)
    .map((path) => (path === "" ? "/" : path));
}

function segmentGuess(
  { params, notTaken }: PathConstraint,
  trees: readonly TreePath[],
  index: number,
): string {
  for (const { segments } of trees) if (segments[index] !== undefined) return segments[index];
  const own = params.filter(({ path, name }) => path.positions[path.names.indexOf(name)] === index);
  const literals = own.map(({ literal }) => literal);
  const others = notTaken.flatMap((path) =>
    path.kind === "tree" && path.segments[index] !== undefined ? [path.segments[index]] : [],
  );
  const apart = others.map((condition) => ({ condition, holds: false }));
  for (const wanted of [[...literals, ...apart], literals]) {
    const solution = solveText(wanted, SEGMENT);
    if (solution.kind === "found" && solution.value !== undefined) return solution.value;
  }
  return FRESH[0] as string;
}

function restGuess({ params }: PathConstraint): string | undefined {
  const literals = params.filter(({ name }) => name === "*").map(({ literal }) => literal);
  if (literals.length === 0) return undefined;
  const solution = solveText(literals, REST);
  return solution.kind === "found" && solution.value !== undefined
    ? `/${solution.value}`
    : undefined;
}

/** Every text that may be a canonical path, and a few more. */
const MERGED_PATHS = `(?:(?:/${CHARACTERS}+)+/?|/)`;
const ALL_PATHS = `(?:/${CHARACTERS}*)+`;

function languageOfPaths({ taken, notTaken, params, options }: PathConstraint): Language {
  let left = Language.ofRegex(options.mergeSlashes === false ? ALL_PATHS : MERGED_PATHS);
  for (const path of taken) left = left.and(pathLanguage(path));
  for (const { path, name, literal } of params) left = left.and(paramLanguage(path, name, literal));
  for (const path of notTaken) left = left.and(pathLanguage(path).not());
  return left;
}

function pathLanguage(path: CompiledPath): Language {
  if (path.kind === "regex") return Language.ofRegex(path.source);
  if (path.kind === "startsWith") return Language.ofRegex(`${escapeRegex(path.text)}[^]*`);
  const segments = path.segments.map((segment) =>
    segment === undefined ? "/[^/]+" : `/${escapeRegex(segment)}`,
  );
  const end = path.open ? "(?:/[^]*)?" : segments.length === 0 ? "/" : "";
  return Language.ofRegex(segments.join("") + end);
}

function paramLanguage(path: TreePath, name: string, { condition, holds }: Literal): Language {
  const values = holds ? languageOf(condition) : languageOf(condition).not();
  if (name !== "*") {
    const before = path.positions[path.names.indexOf(name)] as number;
    const segment = Language.ofRegex("[^/]*").and(values);
    return Language.ofRegex(`(?:/[^/]*){${before}}/`)
      .then(segment)
      .then(Language.ofRegex("(?:/[^]*)?"));
  }
  const head = `(?:/[^/]*){${path.segments.length}}`;
  const longer = Language.ofRegex(`${head}/`).then(values);
  const takesEmpty = compileText(condition)("") === holds;
  return takesEmpty && path.segments.length > 0 ? longer.or(Language.ofRegex(head)) : longer;
}

function isExactConstraint({ taken, notTaken, params }: PathConstraint): boolean {
  return (
    [...taken, ...notTaken].every((path) => path.kind !== "regex" || isExactRegex(path.source)) &&
    params.every(({ literal }) => isExact(literal.condition))
  );
}
