import type { TextCondition } from "../config/match-config.js";
import { compileRegex } from "./regex.js";

/** A compiled condition on a text that may be absent. */
export type TextTest = (value: string | undefined) => boolean;

const WHOLE_NUMBER = /^[+-]?[0-9]{1,15}$/;

/** Compiles a text condition. Absent values fail every form but `present: false` and `not`. */
export function compileText(condition: TextCondition): TextTest {
  if (typeof condition === "string") return (value) => value === condition;
  if ("not" in condition) {
    const inner = compileText(condition.not);
    return (value) => !inner(value);
  }
  if ("present" in condition) {
    const wanted = condition.present;
    return (value) => (value !== undefined) === wanted;
  }
  if ("range" in condition) return compileRange(condition.range);
  if ("regex" in condition) {
    const regex = compileRegex(condition.regex, condition.ignoreCase === true);
    return (value) => value !== undefined && regex(value);
  }
  return compileComparison(condition);
}

type Comparison = Extract<TextCondition, { ignoreCase?: boolean }>;

function compileComparison(condition: Exclude<Comparison, { regex: string }>): TextTest {
  const fold = condition.ignoreCase === true ? (text: string) => text.toLowerCase() : undefined;
  const wanted = (text: string) => (fold === undefined ? text : fold(text));
  const onText = (test: (value: string) => boolean): TextTest =>
    fold === undefined
      ? (value) => value !== undefined && test(value)
      : (value) => value !== undefined && test(fold(value));
  if ("equals" in condition) {
    const text = wanted(condition.equals);
    return onText((value) => value === text);
  }
  if ("startsWith" in condition) {
    const text = wanted(condition.startsWith);
    return onText((value) => value.startsWith(text));
  }
  if ("endsWith" in condition) {
    const text = wanted(condition.endsWith);
    return onText((value) => value.endsWith(text));
  }
  if ("contains" in condition) {
    const text = wanted(condition.contains);
    return onText((value) => value.includes(text));
  }
  const texts = new Set(condition.oneOf.map(wanted));
  return onText((value) => texts.has(value));
}

function compileRange(range: { readonly from?: number; readonly to?: number }): TextTest {
  const from = range.from ?? Number.NEGATIVE_INFINITY;
  const to = range.to ?? Number.POSITIVE_INFINITY;
  return (value) => {
    if (value === undefined || !WHOLE_NUMBER.test(value)) return false;
    const number = Number(value);
    return number >= from && number < to;
  };
}
