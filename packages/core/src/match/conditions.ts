import type { MatchConfig, TextCondition } from "../config/config.js";
import { cookieOf, factOf, headerOf, queryValueOf, type ParsedRequest } from "../request.js";
import { compileAddresses } from "./address.js";
import { readParams, type CompiledPath } from "./pattern.js";
import { describeCondition } from "./describe.js";
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
  /** The text that alone passes the test; undefined where the test takes others. */
  readonly text: string | undefined;
  readonly test: TextTest;
  /** What it wants, in words. */
  wanted(): string;
}

/** The conditions of one alternative beside path and host, cheapest first. */
export interface CompiledConditions {
  readonly methods: readonly string[] | undefined;
  readonly list: readonly Condition[];
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
      text: undefined,
      test: (address) => address !== undefined && inside(address),
      wanted: () => `an address in ${ranges.join(", ")}`,
    });
  }
  return { methods: match.method === undefined ? undefined : listOf(match.method), list };
}

const NAMED = [
  ["header", "headers"],
  ["query", "query"],
  ["cookie", "cookies"],
  ["param", "params"],
  ["fact", "facts"],
] as const;

function onText(on: Condition["on"], name: string, condition: TextCondition): Condition {
  const text = typeof condition === "string" ? condition : undefined;
  const wanted = () => describeCondition(condition);
  return { on, name, text, test: compileText(condition), wanted };
}

/** Whether a condition holds for a request that the path takes. */
export function conditionHolds(
  condition: Condition,
  request: ParsedRequest,
  path: CompiledPath,
): boolean {
  return isHeldBy(condition, foundBy(condition, request, path));
}

/** Whether a condition holds for what it looks at. */
export function isHeldBy(condition: Condition, value: string | undefined): boolean {
  return condition.text === undefined ? condition.test(value) : value === condition.text;
}

/** What a condition looks at; undefined when the request has no such thing. */
export function foundBy(
  { on, name }: Condition,
  request: ParsedRequest,
  path: CompiledPath,
): string | undefined {
  const view = request.view;
  switch (on) {
    case "header":
      return headerOf(view, name);
    case "query":
      return request.query === "" ? undefined : queryValueOf(request.query, name);
    case "cookie":
      return cookieOf(view, name);
    case "param":
      return ownValue(readParams(path, request.path), name);
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
