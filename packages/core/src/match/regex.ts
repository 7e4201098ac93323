import { RE2JS } from "re2js";
import { analyse } from "scslre";

/**
 * Largest program that a regex may compile to. It bounds the time of a match, which is linear in the
 * text for a given size. Source: Envoy bounds RE2 programs the same way.
 */
const MAX_PROGRAM_SIZE = 1_000;

const LINEAR =
  "without look-around, back-references and counts above 1000: it has to run in linear time";

/** What a regex must be and is not; undefined when it may be used. It must be JavaScript and RE2 at once. */
export function regexProblem(source: string): string | undefined {
  try {
    new RegExp(source, "u");
  } catch (error) {
    return `well formed: ${(error as Error).message.replace(/^Invalid regular expression: /, "")}`;
  }
  // Newer engines of JavaScript know modifiers, older ones do not.
  if (/(?<!\\)\(\?[a-z-]+:/i.test(source))
    return "without modifiers such as (?i:x): { ignoreCase: true } says it";
  // RE2 takes a reference to a group by its name for plain text.
  if (/(?<!\\)(?:\\\\)*\\k/.test(source)) return LINEAR;
  try {
    const size = RE2JS.compile(RE2JS.translateRegExp(source)).programSize();
    if (size > MAX_PROGRAM_SIZE)
      return `smaller: its program has ${size} steps, at most ${MAX_PROGRAM_SIZE} are allowed`;
  } catch {
    return LINEAR;
  }
  return backtracksWithoutBound(source)
    ? "without nested repetition such as (a+)+, which can backtrack without bound: a+ says the same"
    : undefined;
}

// The engine here would run it in linear time all the same. It is refused so that a rule means the same on every
// gateway, many of which backtrack; what is refused can always be said in a plainer way.
function backtracksWithoutBound(source: string): boolean {
  const whole = `^(?:${source})$`;
  const { reports } = analyse({ source: whole, flags: "u" }, { reportTypes: { Move: false } });
  return reports.some(({ exponential }) => exponential);
}

/**
 * Compiles a regex that must match the whole of a value. The engine runs in time linear in the value, so
 * no value can make it run away.
 *
 * Source: R. Cox, "Regular expression matching can be simple and fast", 2007 (RE2).
 */
export function compileRegex(source: string, ignoreCase: boolean): (value: string) => boolean {
  const regex = RE2JS.compile(
    RE2JS.translateRegExp(source),
    ignoreCase ? RE2JS.CASE_INSENSITIVE : 0,
  );
  return (value) => regex.testExact(value);
}

/** Compiles a replacement of every match of a regex in a path. `$1` and `$<name>` insert groups. */
export function compileReplacement(source: string, replacement: string): (path: string) => string {
  const regex = RE2JS.compile(RE2JS.translateRegExp(source));
  return (path) => regex.matcher(path).replaceAll(replacement);
}
