import fc from "fast-check";
import type { GatewayConfig } from "../src/config/config.js";
import type {
  ConditionMap,
  MatchConfig,
  PathCondition,
  TextCondition,
} from "../src/config/match-config.js";
import type { RouteConfig, ToConfig } from "../src/config/route-config.js";
import type { RequestView } from "../src/request.js";

// Tables and requests over few words, so that they meet often.

const value = fc.constantFrom("1", "2", "12", "a", "A", "", "-3");
const ignoreCase = fc.constantFrom({}, { ignoreCase: true }, { ignoreCase: false });

const comparison: fc.Arbitrary<TextCondition> = fc.oneof(
  { weight: 4, arbitrary: value },
  fc.tuple(value, ignoreCase).map(([equals, more]) => ({ equals, ...more })),
  fc.tuple(value, ignoreCase).map(([startsWith, more]) => ({ startsWith, ...more })),
  fc.tuple(value, ignoreCase).map(([endsWith, more]) => ({ endsWith, ...more })),
  fc.tuple(value, ignoreCase).map(([contains, more]) => ({ contains, ...more })),
  fc
    .tuple(fc.array(value, { maxLength: 3 }), ignoreCase)
    .map(([oneOf, more]) => ({ oneOf, ...more })),
  fc
    .tuple(fc.constantFrom("1.*", "[12]+", "a?", ".*", "(?:1|2)", "\\d{2}"), ignoreCase)
    .map(([regex, more]) => ({ regex, ...more })),
  fc.constantFrom({ range: { from: 1, to: 3 } }, { range: { from: 2 } }, { range: { to: 2 } }),
  fc.boolean().map((present) => ({ present })),
);

/** Text conditions of every form. */
const textCondition: fc.Arbitrary<TextCondition> = fc.oneof(
  { weight: 4, arbitrary: comparison },
  comparison.map((not) => ({ not })),
  comparison.map((not) => ({ not: { not } })),
);

const conditions = (...names: string[]): fc.Arbitrary<ConditionMap> =>
  fc.dictionary(fc.constantFrom(...names), textCondition, { minKeys: 1, maxKeys: 2 });

const word = fc.constantFrom("a", "b", "c");
const pattern = fc
  .tuple(
    fc.array(fc.oneof(word, fc.constant(":")), { maxLength: 3 }),
    fc.constantFrom("", "/*", "/"),
  )
  .map(([segments, end]) => {
    const named = segments.map((segment, index) => (segment === ":" ? `:p${index}` : segment));
    const path = named.length === 0 ? "" : `/${named.join("/")}`;
    return path === "" && end === "" ? "/" : path + end;
  });
const plainPath = fc
  .tuple(fc.array(word, { maxLength: 3 }), fc.constantFrom("", "/"))
  .map(([segments, end]) => (segments.length === 0 ? "/" : `/${segments.join("/")}${end}`));

const path: fc.Arbitrary<PathCondition> = fc.oneof(
  { weight: 5, arbitrary: pattern },
  plainPath.map((exact) => ({ exact })),
  plainPath.map((prefix) => ({ prefix })),
  fc.constantFrom("/", "/a", "/a/", "/a/b", "/b").map((startsWith) => ({ startsWith })),
  fc.constantFrom("/a.*", "/[ab]/c", ".*", "/(?:a|b)(?:/.*)?").map((regex) => ({ regex })),
);

const HOSTS = ["a.com", "x.a.com", "*.a.com", "*.com", "b.org"];

const optional = <T>(arbitrary: fc.Arbitrary<T>, freq = 2) =>
  fc.option(arbitrary, { nil: undefined, freq });

const plainMatch: fc.Arbitrary<MatchConfig> = fc
  .record({
    path: fc.option(path, { nil: undefined, freq: 6 }),
    host: optional(
      fc.oneof(
        fc.constantFrom(...HOSTS),
        fc.uniqueArray(fc.constantFrom(...HOSTS), { minLength: 1, maxLength: 2 }),
      ),
      1,
    ),
    method: optional(fc.constantFrom("GET", "PUT", "OPTIONS", ["GET", "PUT"]), 1),
    headers: optional(conditions("x-a", "X-B"), 1),
    query: optional(conditions("q", "r s"), 1),
    cookies: optional(conditions("c"), 1),
    facts: optional(conditions("f"), 1),
    clientAddress: optional(fc.constantFrom("10.0.0.0/8", ["10.1.0.0/16", "::1"]), 1),
    protocol: optional(fc.constantFrom("http" as const, "https" as const), 1),
    port: optional(fc.constantFrom(80, [80, 81]), 1),
  })
  .map(dense);

/** A match, some of them with conditions on path parameters. */
const match: fc.Arbitrary<MatchConfig> = fc
  .tuple(plainMatch, optional(textCondition, 1))
  .map(([given, onParam]) => {
    const name = typeof given.path === "string" ? /:(\w+)/.exec(given.path)?.[1] : undefined;
    return name === undefined || onParam === undefined
      ? given
      : { ...given, params: { [name]: onParam } };
  });

const weight = fc.constantFrom(0, 0, 1, 9);
const to: fc.Arbitrary<ToConfig> = fc.oneof(
  fc.constantFrom("one", "two", "none", "http://10.0.0.1"),
  fc.constantFrom("v1", "v2", "v3").map((version) => ({ service: "two", version })),
  fc
    .tuple(weight, weight, fc.constantFrom(undefined, { cookie: "c" } as const))
    .map(([v1, v2, sticky]) => dense({ service: "two", split: { v1, v2 }, sticky })),
  fc.tuple(weight, weight).map(([one, two]) => [
    { service: "one", weight: one },
    { service: "two", weight: two, fallback: { service: "one" } },
  ]),
);

const action: fc.Arbitrary<Partial<RouteConfig>> = fc.oneof(
  { weight: 5, arbitrary: to.map((given) => ({ to: given })) },
  fc.constantFrom<Partial<RouteConfig>>(
    { redirect: { path: { replace: "/z" } } },
    { respond: { status: 200, body: "ok" } },
    { to: "one", mirror: [{ service: "two", ratio: 0.5 }] },
    { to: "one", rewrite: { host: "in.test", path: { replace: "/z" } } },
  ),
);

const route: fc.Arbitrary<Omit<RouteConfig, "id">> = fc
  .record({
    match: fc.oneof(match, fc.array(match, { minLength: 1, maxLength: 2 })),
    order: fc.constantFrom(undefined, undefined, undefined, -1, 1),
    cors: fc.constantFrom(undefined, undefined, { allowOrigins: ["https://a.com"] }),
    policies: fc.constantFrom(undefined, undefined, ["auth"], ["auth", "limit"]),
  })
  .chain((base) => action.map((does) => dense({ ...base, ...does })));

/** Configurations that pass their check. */
export const config: fc.Arbitrary<GatewayConfig> = fc
  .array(route, { minLength: 1, maxLength: 6 })
  .map((routes) => ({
    services: {
      one: { instances: ["http://10.0.0.1:1"] },
      two: {
        instances: [
          { url: "http://10.0.0.2:1", version: "v1" },
          { url: "http://10.0.0.2:2", version: "v2" },
        ],
      },
      none: { instances: [] },
    },
    routes: routes.map((given, index) => ({ id: `r${index}`, ...given })),
  }));

/** Requests over the words of the configurations. */
export const view: fc.Arbitrary<RequestView> = fc
  .record({
    method: fc.constantFrom("GET", "PUT", "OPTIONS", "DELETE"),
    segments: fc.array(fc.constantFrom("a", "b", "c", "1", "12", "%2F"), { maxLength: 4 }),
    end: fc.constantFrom("", "/"),
    query: fc.constantFrom("", "?q=1", "?q=2&q=1", "?r+s=12", "?r%20s=a&q", "?q=A"),
    host: fc.constantFrom(undefined, "a.com", "x.a.com", "y.x.a.com", "b.org", "z.test"),
    a: optional(value),
    b: optional(value),
    cookie: fc.constantFrom(undefined, "c=1", "d=2; c=12", "c="),
    origin: fc.constantFrom(undefined, undefined, "https://a.com"),
    asked: fc.constantFrom(undefined, undefined, "GET", "PUT"),
    f: optional(value),
    remoteAddress: fc.constantFrom(undefined, "10.1.2.3", "10.2.0.1", "9.9.9.9", "::1"),
    protocol: fc.constantFrom(undefined, "http" as const, "https" as const),
    localPort: fc.constantFrom(undefined, 80, 82),
  })
  .map(({ method, segments, end, query, host, a, b, cookie, origin, asked, f, ...rest }) =>
    dense({
      method,
      url: `/${segments.join("/")}${segments.length > 0 ? end : ""}${query}`,
      headers: dense({
        ...{ host, "x-a": a, "x-b": b, cookie, origin },
        "access-control-request-method": asked,
      }),
      facts: f === undefined ? undefined : { f },
      ...rest,
    }),
  );

/** A record without the fields that are undefined. */
function dense<T extends object>(record: T): Dense<T> {
  const given = Object.entries(record).filter(([, field]) => field !== undefined);
  return Object.fromEntries(given) as Dense<T>;
}

/** Without `undefined`: a field that may be it may be absent, and has its type where it is there. */
type Dense<T> = { [Field in keyof T]: Exclude<T[Field], undefined> };
