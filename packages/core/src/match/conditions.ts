import type { MatchConfig, TextCondition } from "../config/match-config.js";
import {
  cookieOf,
  cookieStart,
  factOf,
  headerOf,
  queryValueOf,
  type ParsedRequest,
} from "../request.js";
import { compileAddresses } from "./address.js";
import { readParams, type CompiledPath } from "./pattern.js";
import { describeCondition } from "./describe.js";
import type { RequestTexts } from "./request-texts.js";
import { compileText, type TextTest } from "./text.js";

/** One compiled condition: a test on one text of a request. It knows how to say what it is, for explanations. */
export interface Condition {
  readonly on:
    | "method"
    | "header"
    | "query"
    | "cookie"
    | "param"
    | "fact"
    | "clientAddress"
    | "protocol"
    | "port";
  /** Name of the header, parameter, …; empty where there is only one. */
  readonly name: string;
  /** How requests spell the name: `X-Beta`, `sid=`. Any other spelling is found as well, but slower. */
  readonly usual: string;
  /** The text that alone passes the test; undefined where the test takes others. */
  readonly text: string | undefined;
  /** The texts that alone pass the test; undefined where the test takes others. */
  readonly texts: readonly string[] | undefined;
  readonly test: TextTest;
  /** What it wants, in words. */
  wanted(): string;
}

/** The conditions of one alternative beside path and host, cheapest first. */
export interface CompiledConditions {
  readonly methods: readonly string[] | undefined;
  readonly list: readonly Condition[];
  /** Whether they are so many that the request had better be read once for all of them. */
  readonly isLong: boolean;
}

/** Compiles conditions. Equal ones come out as the same object, so that large tables stay in the processor's caches. */
export class ConditionsCompiler {
  readonly #known = new Map<string, CompiledConditions>();

  compile(match: MatchConfig): CompiledConditions {
    const key = JSON.stringify({ ...match, path: undefined, host: undefined });
    // Not every number has a form in JSON: what became null may differ.
    if (key.includes("null")) return compileConditions(match);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const compiled = compileConditions(match);
    this.#known.set(key, compiled);
    return compiled;
  }
}

/** Compiles all conditions of a match but path and host. */
function compileConditions(match: MatchConfig): CompiledConditions {
  const list: Condition[] = [];
  if (match.protocol !== undefined) list.push(onText("protocol", "", match.protocol));
  if (match.port !== undefined)
    list.push(onText("port", "", { oneOf: listOf(match.port).map(String) }));
  for (const [on, field] of NAMED) {
    const map = match[field];
    if (map === undefined) continue;
    for (const name of Object.keys(map))
      list.push(
        onText(on, on === "header" ? name.toLowerCase() : name, map[name] as TextCondition),
      );
  }
  if (match.clientAddress !== undefined) {
    const ranges = listOf(match.clientAddress);
    const inside = compileAddresses(ranges);
    list.push({
      on: "clientAddress",
      name: "",
      usual: "",
      text: undefined,
      texts: undefined,
      test: (address) => address !== undefined && inside(address),
      wanted: () => `an address in ${ranges.join(", ")}`,
    });
  }
  const methods = match.method === undefined ? undefined : listOf(match.method);
  return { methods, list, isLong: list.length >= LONG };
}

/** From here on reading all of a request costs less than asking for one name after the other. */
const LONG = 24;

const NAMED = [
  ["header", "headers"],
  ["query", "query"],
  ["cookie", "cookies"],
  ["param", "params"],
  ["fact", "facts"],
] as const;

function onText(on: Condition["on"], name: string, condition: TextCondition): Condition {
  // A parameter stands at another place in every pattern, so it says nothing for several.
  const texts = on === "param" ? undefined : textsOf(condition);
  const text = typeof condition === "string" ? condition : undefined;
  const wanted = () => describeCondition(condition);
  return { on, name, usual: usualOf(on, name), text, texts, test: compileText(condition), wanted };
}

function textsOf(condition: TextCondition): readonly string[] | undefined {
  if (typeof condition === "string") return [condition];
  if ("equals" in condition && condition.ignoreCase !== true) return [condition.equals];
  return "oneOf" in condition && condition.ignoreCase !== true ? condition.oneOf : undefined;
}

function usualOf(on: Condition["on"], name: string): string {
  if (on === "cookie") return cookieStart(name);
  return on === "header" ? name.replace(/(?<![^-])[a-z]/g, (first) => first.toUpperCase()) : name;
}

/** Whether a condition holds for a request that the path takes. */
export function conditionHolds(
  condition: Condition,
  request: ParsedRequest,
  path: CompiledPath,
  texts: RequestTexts | undefined,
): boolean {
  return isHeldBy(condition, foundBy(condition, request, path, texts));
}

/** Whether a condition holds for what it looks at. */
export function isHeldBy(condition: Condition, value: string | undefined): boolean {
  return condition.text === undefined ? condition.test(value) : value === condition.text;
}

/**
 * What a condition looks at; undefined when the request has no such thing.
 *
 * @param texts where the request was read as a whole
 */
export function foundBy(
  condition: Condition,
  request: ParsedRequest,
  path: CompiledPath,
  texts?: RequestTexts,
): string | undefined {
  return condition.on === "param"
    ? ownValue(readParams(path, request.path), condition.name)
    : textOf(condition, request, texts);
}

/** What a condition looks at that depends on the request alone. Parameters depend on the path as well. */
export function textOf(
  { on, name, usual }: Condition,
  request: ParsedRequest,
  texts: RequestTexts | undefined,
): string | undefined {
  const view = request.view;
  switch (on) {
    case "header":
      return texts === undefined ? headerOf(view, name, usual) : texts.header(name);
    case "query":
      if (request.query === "") return undefined;
      return texts === undefined ? queryValueOf(request.query, name) : texts.query(name);
    case "cookie":
      return texts === undefined ? cookieOf(view, name, usual) : texts.cookie(name);
    case "param":
      return undefined;
    case "fact":
      return factOf(view, name);
    case "clientAddress":
      return request.clientAddress === "" ? undefined : request.clientAddress;
    case "protocol":
      return request.protocol;
    case "port":
      return view.localPort === undefined ? undefined : String(view.localPort);
    case "method":
      return view.method;
  }
}

/** One value or a list of them, as a list. */
export function listOf<T extends string | number>(value: T | readonly T[]): readonly T[] {
  return typeof value === "object" ? value : [value];
}

function ownValue<T>(record: { readonly [name: string]: T }, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
