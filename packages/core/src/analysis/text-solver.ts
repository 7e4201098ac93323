import type { TextCondition } from "../config/match-config.js";
import { compileText, type TextTest } from "../match/text.js";
import { isExactRegex, Language, tryLanguage } from "./language.js";

/** A condition that has to hold, or has to fail. */
export interface Literal {
  readonly condition: TextCondition;
  readonly holds: boolean;
}

/** A value that fits, that there is none, or that it could not be worked out. */
export type Solution<T> =
  | { readonly kind: "found"; readonly value: T }
  | { readonly kind: "none" }
  | { readonly kind: "unknown" };

export const NONE = { kind: "none" } as const;
export const UNKNOWN = { kind: "unknown" } as const;

/** The values that something may have. */
export interface Domain {
  readonly mayBeAbsent: boolean;
  /** Regex of the texts that it may be. */
  readonly texts: string;
  /** All values, where there are few. */
  readonly values?: readonly string[];
}

/** A value of which all literals hold, preferably the simplest. */
export function solveText(
  literals: readonly Literal[],
  domain: Domain,
): Solution<string | undefined> {
  if (contradicts(literals)) return NONE;
  const tests = literals.map(({ condition, holds }) => ({ test: compileText(condition), holds }));
  const isLegal = new RegExp(`^(?:${domain.texts})$`, "u");
  const fits = (value: string | undefined): boolean =>
    (value === undefined ? domain.mayBeAbsent : isLegal.test(value)) && all(tests, value);
  const finite = domain.values ?? finiteValues(literals);
  const value = find([undefined, ...(finite ?? guesses(literals))], fits);
  if (value !== undefined) return { kind: "found", value: value.is };
  if (finite !== undefined) return NONE;
  if (literals.some(({ condition }) => hasRange(condition))) return solveRanges(literals, fits);
  return solveLanguage(literals, domain, fits);
}

// Whether one condition has to hold and to fail: that needs no look at what it means.
function contradicts(literals: readonly Literal[]): boolean {
  const held = literals
    .filter(({ holds }) => holds)
    .map(({ condition }) => JSON.stringify(condition));
  return literals.some(
    ({ condition, holds }) => !holds && held.includes(JSON.stringify(condition)),
  );
}

function all(
  tests: readonly { readonly test: TextTest; readonly holds: boolean }[],
  value: string | undefined,
): boolean {
  return tests.every(({ test, holds }) => test(value) === holds);
}

function find<T>(list: readonly T[], fits: (value: T) => boolean): { readonly is: T } | undefined {
  for (const value of list) if (fits(value)) return { is: value };
  return undefined;
}

// The values that are left when a literal takes few; undefined when none does.
function finiteValues(literals: readonly Literal[]): readonly string[] | undefined {
  for (const { condition, holds } of literals) {
    if (!holds) continue;
    if (typeof condition === "string") return [condition];
    if ("equals" in condition && condition.ignoreCase !== true) return [condition.equals];
    if ("oneOf" in condition && condition.ignoreCase !== true) return condition.oneOf;
  }
  return undefined;
}

/** Texts that are unlikely to stand in any condition. */
const FRESH = ["zq7", "Zq-84", "9", "qzx.1"];

/** Values worth a try before automata are built: they nearly always do. */
function guesses(literals: readonly Literal[]): string[] {
  const starts = [""];
  const ends = [""];
  const within: string[] = [];
  const whole: string[] = [];
  for (const literal of literals)
    guess(literal.condition, literal.holds, { starts, ends, within, whole });
  const middles = ["", within.join(""), ...FRESH];
  const joined = starts.flatMap((start) =>
    middles.flatMap((middle) => ends.map((end) => start + middle + end)),
  );
  return [...whole, ...joined];
}

interface Guesses {
  readonly starts: string[];
  readonly ends: string[];
  readonly within: string[];
  readonly whole: string[];
}

function guess(condition: TextCondition, holds: boolean, into: Guesses): void {
  if (typeof condition === "string") into.whole.push(condition);
  else if ("not" in condition) guess(condition.not, !holds, into);
  else if ("range" in condition) into.whole.push(...edges(condition.range));
  else if ("equals" in condition) into.whole.push(...cases(condition.equals));
  else if ("oneOf" in condition) into.whole.push(...condition.oneOf.flatMap(cases));
  else if (!holds || "present" in condition || "regex" in condition) return;
  else if ("startsWith" in condition) into.starts.push(...cases(condition.startsWith));
  else if ("endsWith" in condition) into.ends.push(...cases(condition.endsWith));
  else into.within.push(condition.contains);
}

function cases(text: string): string[] {
  return [text, text.toLowerCase(), text.toUpperCase()];
}

function edges({ from, to }: { readonly from?: number; readonly to?: number }): string[] {
  const ends = [
    from,
    from === undefined ? undefined : from - 1,
    to,
    to === undefined ? undefined : to - 1,
  ];
  return ends.filter((end) => end !== undefined).map(String);
}

function hasRange(condition: TextCondition): boolean {
  if (typeof condition === "string") return false;
  return "not" in condition ? hasRange(condition.not) : "range" in condition;
}

// Between two neighbouring edges all ranges agree, so the edges stand for every number, and any other text for the rest.
function solveRanges(
  literals: readonly Literal[],
  fits: (value: string | undefined) => boolean,
): Solution<string | undefined> {
  const numbers = guesses(literals).filter((text) => /^-?\d+$/.test(text));
  const value = find([...numbers, "0", "-900000000000000", "900000000000000"], fits);
  if (value !== undefined) return { kind: "found", value: value.is };
  return literals.every(({ condition }) => hasRange(condition)) ? NONE : UNKNOWN;
}

function solveLanguage(
  literals: readonly Literal[],
  domain: Domain,
  fits: (value: string | undefined) => boolean,
): Solution<string | undefined> {
  const language = tryLanguage(() => {
    let left = Language.ofRegex(domain.texts);
    for (const { condition, holds } of literals) {
      const taken = languageOf(condition);
      left = left.and(holds ? taken : taken.not());
    }
    return left;
  });
  if (language === undefined) return UNKNOWN;
  if (language.isEmpty)
    return literals.every(({ condition }) => isExact(condition)) ? NONE : UNKNOWN;
  const value = find(tryLanguage(() => language.words(10)) ?? [], fits);
  return value === undefined ? UNKNOWN : { kind: "found", value: value.is };
}

/** The texts that a condition takes. Ranges have no language here. */
export function languageOf(condition: TextCondition): Language {
  if (typeof condition === "string") return Language.ofText(condition);
  if ("not" in condition) return languageOf(condition.not).not();
  if ("present" in condition) return condition.present ? anything() : anything().not();
  if ("range" in condition) throw new RangeError("a range is no language");
  const fold = condition.ignoreCase === true;
  if ("regex" in condition) return Language.ofRegex(condition.regex, fold);
  if ("equals" in condition) return Language.ofText(condition.equals, fold);
  if ("startsWith" in condition)
    return Language.ofText(condition.startsWith, fold).then(anything());
  if ("endsWith" in condition) return anything().then(Language.ofText(condition.endsWith, fold));
  if ("contains" in condition)
    return anything().then(Language.ofText(condition.contains, fold)).then(anything());
  return condition.oneOf.reduce(
    (left, text) => left.or(Language.ofText(text, fold)),
    anything().not(),
  );
}

function anything(): Language {
  return Language.ofRegex("[^]*");
}

/** Whether the language of a condition is exactly what the condition takes. */
export function isExact(condition: TextCondition): boolean {
  if (typeof condition === "string") return true;
  if ("not" in condition) return isExact(condition.not);
  if ("regex" in condition && !isExactRegex(condition.regex)) return false;
  return !("ignoreCase" in condition) || condition.ignoreCase !== true || !foldsOddly(condition);
}

// Regexes take some characters for one another that have lower cases of their own: `s` and the long s, `k` and the
// sign of the kelvin, all sorts outside of ASCII.
function foldsOddly(condition: object): boolean {
  return /[sk]|[^\u0000-\u007f]/iu.test(Object.values(condition).flat().join(""));
}
