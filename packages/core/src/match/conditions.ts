import type { ConditionMap, MatchConfig } from "../config/config.js";
import { cookieOf, headerOf, queryValueOf, type Fact, type ParsedRequest } from "../request.js";
import { compileAddresses } from "./address.js";
import { readParams, type CompiledPath } from "./pattern.js";
import { compileText, type TextTest } from "./text.js";

/** One compiled condition: holds or does not. It knows how to say what it is, for explanations. */
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
  holds(request: ParsedRequest): boolean;
}

/** The conditions of one alternative beside path and host, cheapest first. */
export interface CompiledConditions {
  readonly methods: readonly string[] | undefined;
  readonly list: readonly Condition[];
}

/** Compiles all conditions of a match but path and host. */
export function compileConditions(match: MatchConfig, path: CompiledPath): CompiledConditions {
  const list: Condition[] = [];
  if (match.protocol !== undefined) {
    const wanted = match.protocol;
    list.push({ on: "protocol", name: "", holds: (request) => request.protocol === wanted });
  }
  if (match.port !== undefined) {
    const ports = listOf(match.port);
    list.push({
      on: "port",
      name: "",
      holds: ({ view }) => view.localPort !== undefined && ports.includes(view.localPort),
    });
  }
  each(match.headers, (name, test) => {
    const lower = name.toLowerCase();
    list.push({ on: "header", name: lower, holds: ({ view }) => test(headerOf(view, lower)) });
  });
  each(match.query, (name, test) => {
    list.push({
      on: "query",
      name,
      holds: ({ query }) => test(query === "" ? undefined : queryValueOf(query, name)),
    });
  });
  each(match.cookies, (name, test) => {
    list.push({ on: "cookie", name, holds: ({ view }) => test(cookieOf(view, name)) });
  });
  each(match.params, (name, test) => {
    list.push({
      on: "param",
      name,
      holds: (request) => test(ownValue(readParams(path, request.path), name)),
    });
  });
  each(match.facts, (name, test) => {
    list.push({ on: "fact", name, holds: ({ view }) => test(factText(view.facts, name)) });
  });
  if (match.clientAddress !== undefined) {
    const inside = compileAddresses(listOf(match.clientAddress));
    list.push({
      on: "clientAddress",
      name: "",
      holds: ({ clientAddress }) => clientAddress !== "" && inside(clientAddress),
    });
  }
  return { methods: match.method === undefined ? undefined : listOf(match.method), list };
}

/** A fact as the text that conditions and sticky keys see: text, numbers and booleans; others are as if absent. */
export function factText(
  facts: { readonly [name: string]: Fact } | undefined,
  name: string,
): string | undefined {
  const fact = facts === undefined ? undefined : ownValue(facts, name);
  if (typeof fact === "string") return fact;
  return typeof fact === "number" || typeof fact === "boolean" ? String(fact) : undefined;
}

/** One value or a list of them, as a list. */
export function listOf<T extends string | number>(value: T | readonly T[]): readonly T[] {
  return typeof value === "object" ? value : [value];
}

function each(map: ConditionMap | undefined, add: (name: string, test: TextTest) => void): void {
  if (map === undefined) return;
  for (const name of Object.keys(map))
    add(name, compileText(map[name] as NonNullable<ConditionMap[string]>));
}

function ownValue<T>(record: { readonly [name: string]: T }, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
