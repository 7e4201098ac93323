import type { CorsConfig } from "../config/rewrite-config.js";
import type { HeaderChanges } from "../decision.js";
import { linesOf, type HeaderRecord, type RequestView } from "../request.js";

/** Compiled CORS rules of a route. */
export interface CorsPlan {
  readonly takesOrigin: (origin: string) => boolean;
  /** Lists as they stand in a header; empty where there is nothing to say. */
  readonly allowMethods: string;
  readonly allowHeaders: string;
  readonly exposeHeaders: string;
  readonly allowCredentials: boolean;
  readonly maxAgeS: number;
}

const DEFAULT_MAX_AGE_S = 5;

/** Compiles CORS rules. */
export function compileCors(cors: CorsConfig): CorsPlan {
  const { allowMethods = [], allowHeaders = [], exposeHeaders = [] } = cors;
  const { allowCredentials = false, maxAgeS = DEFAULT_MAX_AGE_S } = cors;
  return Object.freeze({
    takesOrigin: originTest(cors.allowOrigins),
    allowMethods: listText(allowMethods),
    allowHeaders: listText(allowHeaders),
    // With credentials a wildcard is the name of a header called "*", and what the instance will send is not known yet.
    exposeHeaders: listText(
      allowCredentials ? exposeHeaders.filter((n) => n !== "*") : exposeHeaders,
    ),
    allowCredentials,
    maxAgeS,
  });
}

function listText(names: readonly string[]): string {
  return names.includes("*") ? "*" : names.join(", ");
}

const ORIGIN = "access-control-allow-origin";
const CREDENTIALS = "access-control-allow-credentials";
const METHODS = "access-control-allow-methods";
const HEADERS = "access-control-allow-headers";
const EXPOSE = "access-control-expose-headers";
const MAX_AGE = "access-control-max-age";
const ALL = Object.freeze([ORIGIN, CREDENTIALS, METHODS, HEADERS, EXPOSE, MAX_AGE]);

/** The headers that answer a preflight. One of an origin that is not allowed says nothing but that it depends on it. */
export function preflightHeaders(cors: CorsPlan, view: RequestView): HeaderRecord {
  const origin = allowedOrigin(cors, view);
  if (origin === undefined) return NOTHING_ALLOWED;
  const { allowMethods, allowHeaders, maxAgeS } = cors;
  const asked = (name: string) => plainList(linesOf(view, name));
  return Object.fromEntries([
    ...originHeaders(cors, origin),
    ...given(
      METHODS,
      orAsked(cors, allowMethods, () => asked("access-control-request-method")),
    ),
    ...given(
      HEADERS,
      orAsked(cors, allowHeaders, () => asked("access-control-request-headers")),
    ),
    [MAX_AGE, String(maxAgeS)],
    ["vary", "Origin"],
  ]);
}

const NOTHING_ALLOWED: HeaderRecord = Object.freeze({ vary: "Origin" });

/** The changes of an answer to a request that is no preflight: what the instance said of CORS is replaced. */
export function corsChanges(cors: CorsPlan, view: RequestView): HeaderChanges {
  const origin = allowedOrigin(cors, view);
  if (origin === undefined) return NO_ORIGIN;
  const set = Object.freeze(originHeaders(cors, origin).map((pair) => Object.freeze(pair)));
  const remove = Object.freeze(ALL.filter((name) => !set.some(([given]) => given === name)));
  return Object.freeze({ set, add: VARY, remove });
}

const VARY = Object.freeze([Object.freeze(["vary", "Origin"] as const)]);
const NO_ORIGIN: HeaderChanges = Object.freeze({ set: Object.freeze([]), add: VARY, remove: ALL });

function originHeaders(
  { allowCredentials, exposeHeaders }: CorsPlan,
  origin: string,
): readonly (readonly [name: string, value: string])[] {
  return [
    [ORIGIN, origin],
    ...given(CREDENTIALS, allowCredentials ? "true" : ""),
    ...given(EXPOSE, exposeHeaders),
  ];
}

function given(name: string, value: string): readonly (readonly [name: string, value: string])[] {
  return value === "" ? [] : [[name, value]];
}

// With credentials a wildcard means nothing to a browser, so what it asked for is said in its place.
function orAsked(cors: CorsPlan, list: string, asked: () => string): string {
  return list === "*" && cors.allowCredentials ? asked() : list;
}

// What a client sent goes back to it only as a plain list of tokens.
function plainList(lines: readonly string[]): string {
  const list = lines.join(", ");
  return /^[\w!#$%&'*+.^`|~, -]*$/.test(list) ? list : "";
}

function allowedOrigin(cors: CorsPlan, view: RequestView): string | undefined {
  const lines = linesOf(view, "origin");
  const origin = lines[0];
  return origin !== undefined && lines.length === 1 && cors.takesOrigin(origin)
    ? origin
    : undefined;
}

interface Origin {
  readonly scheme: string;
  readonly host: string;
  /** That of the scheme when it is not given; 0 when the scheme has none. */
  readonly port: number;
}

const ORIGIN_PARTS = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[\w*.-]+)(?::([0-9]{1,5}))?$/;
const PORTS: { readonly [scheme: string]: number | undefined } = { http: 80, https: 443 };

function parseOrigin(text: string): Origin | undefined {
  const match = ORIGIN_PARTS.exec(text.toLowerCase());
  if (match === null) return undefined;
  const [, scheme = "", host = "", port] = match;
  return { scheme, host, port: port === undefined ? (PORTS[scheme] ?? 0) : Number(port) };
}

/** Whether a configured origin is well formed: `*`, or scheme, host (or `*`, or `*.` and a host) and perhaps a port. */
export function isOriginPattern(text: string): boolean {
  if (text === "*") return true;
  const host = parseOrigin(text)?.host;
  return host !== undefined && (host === "*" || !host.replace(/^\*\./, "").includes("*"));
}

function originTest(patterns: readonly string[]): (origin: string) => boolean {
  const any = patterns.includes("*");
  const parsed = patterns.map(parseOrigin).filter((pattern) => pattern !== undefined);
  return (text) => {
    if (any && text === "null") return true;
    const origin = parseOrigin(text);
    if (origin === undefined || origin.host.includes("*")) return false;
    return any || parsed.some((pattern) => takes(pattern, origin));
  };
}

function takes(pattern: Origin, origin: Origin): boolean {
  if (pattern.scheme !== origin.scheme || pattern.port !== origin.port) return false;
  if (pattern.host === "*") return true;
  return pattern.host.startsWith("*.")
    ? origin.host.endsWith(pattern.host.slice(1)) && origin.host.length >= pattern.host.length
    : origin.host === pattern.host;
}
