import { describe, expect, it } from "vitest";
import { createGateway } from "../gateway.js";
import { testEnv } from "../testing/env.js";
import { request } from "../testing/request.js";
import { checkConfig } from "./check.js";
import type { ConfigInput, GatewayConfig } from "./config.js";
import { formatProblem, GatewayConfigError } from "./problem.js";

const PEM_KEY = "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----";
const services = { orders: { instances: ["http://10.0.0.9:8080"] } };

const lines = (config: unknown) => checkConfig(config).map(formatProblem);
/** A config that is well formed but for one route. */
const route = (fields: object, more: object = {}) => ({
  services,
  routes: [{ to: "orders", ...fields }],
  ...more,
});
const match = (conditions: object) => route({ match: conditions });
/** A config that is well formed but for one service. */
const service = (fields: object) => ({
  services: { orders: { instances: ["http://a"], ...fields } },
  routes: [{ to: "orders" }],
});
const nested = (depth: number): object =>
  Array.from({ length: depth }).reduce<object>((inner) => ({ not: inner }), { equals: "x" });

const HOST_FORM =
  'a host must be a host name without port such as "api.shop.com" or "*.shop.com", got';
const CONDITION_FORMS =
  "exactly one of equals, startsWith, endsWith, contains, regex, oneOf, range, present, not";
const REGEX_FORM = "a regex must be";

describe("a problem is told word for word", () => {
  const cases: readonly (readonly [what: string, config: unknown, ...lines: string[]])[] = [
    [
      "no configuration at all",
      undefined,
      "/: the configuration must be a record of services, routes, trustedProxies, forwarded, via, requestId, zone, path, limits, policies, unmatchedMethod, defaults, got nothing [TYPE]",
    ],
    ["no routes", {}, '/routes: the configuration needs "routes" [MISSING]'],
    [
      "routes that are no list",
      { routes: {} },
      "/routes: routes must be a list, got an object [TYPE]",
    ],
    [
      "a misspelt field",
      { routes: [], servises: {} },
      '/servises: the configuration has no field "servises"; did you mean "services"? [UNKNOWN_FIELD]',
    ],
    [
      "two unknown fields of one record",
      route({ matches: {}, toString: 1 }),
      '/routes/0/matches: a route has no field "matches"; did you mean "match"? [UNKNOWN_FIELD]',
      '/routes/0/toString: a route has no field "toString"; it may have id, order, priority, match, to, redirect, respond, requestHeaders, responseHeaders, rewrite, responseRewrite, timeouts, retry, hedge, limits, mirror, cors, policies [UNKNOWN_FIELD]',
    ],
    [
      "a field that resembles none",
      { routes: [], zzzzzz: 1 },
      '/zzzzzz: the configuration has no field "zzzzzz"; it may have services, routes, trustedProxies, forwarded, via, requestId, zone, path, limits, policies, unmatchedMethod, defaults [UNKNOWN_FIELD]',
    ],
    [
      "a route without an action",
      { routes: [{}] },
      "/routes/0: a route needs exactly one of to, redirect and respond, got none [ACTION]",
    ],
    [
      "a route with two actions",
      route({ respond: { status: 200 } }),
      "/routes/0: a route needs exactly one of to, redirect and respond, got to and respond [ACTION]",
    ],
    [
      "a route that is no record",
      { routes: [7] },
      "/routes/0: a route must be a record of id, order, priority, match, to, redirect, respond, requestHeaders, responseHeaders, rewrite, responseRewrite, timeouts, retry, hedge, limits, mirror, cors, policies, got 7 [TYPE]",
    ],
    [
      "a list where a record belongs",
      route({ timeouts: [] }),
      "/routes/0/timeouts: timeouts must be a record of requestMs, attemptMs, headMs, idleMs, got an empty list [TYPE]",
    ],
    [
      "an id that is taken",
      {
        services,
        routes: [
          { id: "a", to: "orders" },
          { id: "a", to: "orders" },
        ],
      },
      '/routes/1/id: /routes/0 has the id "a" already [DUPLICATE_ID]',
    ],
    [
      "an id with a control character",
      route({ id: "a\nb" }),
      '/routes/0/id: an id must be non-empty text without control characters, got "a\\nb" [NAME]',
    ],
    [
      "an order that is no whole number",
      route({ order: 1.5 }),
      "/routes/0/order: order must be a whole number, got 1.5 [ORDER]",
    ],
    [
      "a misspelt service",
      route({ to: "ordrs" }),
      '/routes/0/to: no service is called "ordrs"; did you mean "orders"? [UNKNOWN_SERVICE]',
    ],
    [
      "a service that resembles none",
      route({ to: "billing" }),
      '/routes/0/to: no service is called "billing"; there are orders [UNKNOWN_SERVICE]',
    ],
    [
      "a service where there are none",
      { routes: [{ to: "x" }] },
      '/routes/0/to: no service is called "x"; there are none; give a URL, or name it in services [UNKNOWN_SERVICE]',
    ],
    [
      "the name of something that every object inherits",
      route({ to: "constructor" }),
      '/routes/0/to: no service is called "constructor"; there are orders [UNKNOWN_SERVICE]',
    ],
    [
      "a URL of another scheme",
      route({ to: "ftp://x" }),
      '/routes/0/to: to must be a service name or a URL, got "ftp://x" [TO]',
    ],
    [
      "a list of URLs with credentials",
      route({ to: ["http://a", "http://u@b"] }),
      '/routes/0/to/1: a URL must be one such as "http://10.0.0.9:8080", got "http://u@b" [INSTANCE_URL]',
    ],
    [
      "URLs and backends in one list",
      route({ to: ["http://a", { service: "orders" }] }),
      '/routes/0/to/0: a backend must be a record of service, version, weight, requestHeaders, responseHeaders, rewrite, redirect, fallback, got "http://a" [TYPE]',
    ],
    [
      "weights that are none",
      route({ to: { service: "orders", split: { v1: -5, v2: NaN, v3: "3" } } }),
      "/routes/0/to/split/v1: weight must be a finite number >= 0, got -5 [SPLIT_WEIGHT]",
      "/routes/0/to/split/v2: weight must be a finite number >= 0, got NaN [SPLIT_WEIGHT]",
      '/routes/0/to/split/v3: weight must be a finite number >= 0, got "3" [SPLIT_WEIGHT]',
    ],
    [
      "a split and a version",
      route({ to: { service: "orders", split: { v1: 1 }, version: "v1" } }),
      "/routes/0/to/version: a backend has a split or a version, not both [SPLIT_AND_VERSION]",
    ],
    [
      "sticky without a split",
      route({ to: { service: "orders", sticky: { cookie: "a" } } }),
      "/routes/0/to/sticky: sticky has nothing to hold on to without a split [STICKY]",
    ],
    [
      "a misspelt sticky",
      route({ to: { service: "orders", split: { v1: 1 }, sticky: "clientAdress" } }),
      '/routes/0/to/sticky: sticky must be "clientAddress", or a source such as { cookie: "uid" }, got "clientAdress" [STICKY]',
    ],
    [
      "a sticky of no known form",
      route({ to: { service: "orders", split: { v1: 1 }, sticky: { cokie: "a" } } }),
      "/routes/0/to/sticky: sticky must be exactly one of cookie, header, query, fact, got an object [STICKY]",
    ],
    [
      "a fallback to nowhere",
      route({ to: { service: "orders", fallback: { service: "ordrs" } } }),
      '/routes/0/to/fallback/service: no service is called "ordrs"; did you mean "orders"? [UNKNOWN_SERVICE]',
    ],
    [
      "a path that is not absolute",
      match({ path: "orders" }),
      '/routes/0/match/path: a path must be well formed: a path starts with /, got "orders" [PATH]',
    ],
    [
      "a parameter of part of a segment",
      match({ path: "/a/:b-c" }),
      '/routes/0/match/path: a path must be well formed: ":b-c" is no parameter: a name is letters, digits and _, and takes a whole segment, got "/a/:b-c" [PATH]',
    ],
    [
      "a parameter called __proto__",
      match({ path: "/a/:__proto__" }),
      '/routes/0/match/path: a path must be well formed: ":__proto__" is no parameter: a name is letters, digits and _, and takes a whole segment, got "/a/:__proto__" [PATH]',
    ],
    [
      "a parameter that stands twice",
      match({ path: "/a/:x/:x" }),
      '/routes/0/match/path: a path must be well formed: the parameter ":x" stands in it twice, got "/a/:x/:x" [PATH]',
    ],
    [
      "a star in the middle",
      match({ path: "/a*/b" }),
      '/routes/0/match/path: a path must be well formed: * may only be its whole last segment, got "/a*/b" [PATH]',
    ],
    [
      "dot segments in a pattern",
      match({ path: "/a/../b" }),
      '/routes/0/match/path: a path must be well formed: dot segments may not stand in it, got "/a/../b" [PATH]',
    ],
    [
      "an empty segment",
      match({ path: "/a//b" }),
      '/routes/0/match/path: a path must be well formed: it holds an empty segment, got "/a//b" [PATH]',
    ],
    [
      "a query in a path",
      match({ path: "/a?b=1" }),
      '/routes/0/match/path: a path must be well formed: a query has no place in a path: use the query conditions, got "/a?b=1" [PATH]',
    ],
    [
      "a bad escape",
      match({ path: { exact: "/a/%zz" } }),
      '/routes/0/match/path/exact: a path must be well formed: % is not followed by two hexadecimal digits, got "/a/%zz" [PATH]',
    ],
    [
      "two forms of a path",
      match({ path: { exact: "/a", prefix: "/b" } }),
      "/routes/0/match/path: a path condition must be exactly one of exact, prefix, startsWith, regex, got an object [PATH]",
    ],
    [
      "a regex that is none",
      match({ path: { regex: "(a" } }),
      `/routes/0/match/path/regex: ${REGEX_FORM} well formed: /(a/u: Unterminated group, got "(a" [REGEX]`,
    ],
    [
      "a regex that must backtrack",
      match({ headers: { a: { regex: "(a)\\1" } } }),
      `/routes/0/match/headers/a/regex: ${REGEX_FORM} without look-around, back-references and counts above 1000: it has to run in linear time, got "(a)\\\\1" [REGEX]`,
    ],
    [
      "a regex that is too large",
      match({ path: { regex: "a{1000}b{1000}" } }),
      `/routes/0/match/path/regex: ${REGEX_FORM} smaller: its program has 2002 steps, at most 1000 are allowed, got "a{1000}b{1000}" [REGEX]`,
    ],
    [
      "a regex that backtracks without bound elsewhere",
      { routes: [{ match: { query: { a: { regex: "(a+)+$" } } }, to: "http://a" }] },
      `/routes/0/match/query/a/regex: ${REGEX_FORM} without nested repetition such as (a+)+, which can backtrack without bound: a+ says the same, got "(a+)+$" [REGEX]`,
    ],
    [
      "a regex with modifiers, which not every runtime knows",
      { routes: [{ match: { query: { a: { regex: "(?i:abc)" } } }, to: "http://a" }] },
      `/routes/0/match/query/a/regex: ${REGEX_FORM} without modifiers such as (?i:x): { ignoreCase: true } says it, got "(?i:abc)" [REGEX]`,
    ],
    [
      "a backend that redirects and would forward",
      {
        services: { a: { instances: [] } },
        routes: [
          {
            to: [{ service: "a", redirect: { host: "x.org" }, rewrite: { host: "y" } }],
          },
        ],
      },
      "/routes/0/to/0/rewrite: rewrite changes nothing on a backend with redirect: it acts on forwarded requests [NO_EFFECT]",
    ],
    [
      "an origin without its scheme",
      { routes: [{ cors: { allowOrigins: ["shop.com"] }, to: "http://a" }] },
      '/routes/0/cors/allowOrigins/0: an origin must be one such as "https://shop.com" or "https://*.shop.com", or "*", got "shop.com" [CORS]',
    ],
    [
      "a mirror of a service that is not there",
      { routes: [{ mirror: [{ service: "b", ratio: 2 }], to: "http://a" }] },
      "/routes/0/mirror/0/ratio: ratio must be a number from 0 to 1, got 2 [RATIO]",
      '/routes/0/mirror/0/service: no service is called "b"; there are none; give a URL, or name it in services [UNKNOWN_SERVICE]',
    ],
    [
      "a mirror of what is not forwarded",
      {
        services: { a: { instances: [] } },
        routes: [{ mirror: [{ service: "a" }], respond: { status: 200 } }],
      },
      "/routes/0/mirror: mirror changes nothing on a route with respond: it acts on forwarded requests [NO_EFFECT]",
    ],
    [
      "a host with a port",
      match({ host: "api.shop.com:80" }),
      `/routes/0/match/host: ${HOST_FORM} "api.shop.com:80" [HOST]`,
    ],
    [
      "a star inside a host",
      match({ host: ["a.com", "a.*.com"] }),
      `/routes/0/match/host/1: ${HOST_FORM} "a.*.com" [HOST]`,
    ],
    [
      "an empty list of hosts",
      match({ host: [] }),
      "/routes/0/match/host: host must be a list with at least one entry, got an empty list [EMPTY]",
    ],
    [
      "a method in lower case",
      match({ method: "get" }),
      '/routes/0/match/method: a method must be an upper-case token such as GET, got "get" [METHOD]',
    ],
    [
      "a bad name with a bad value",
      match({ headers: { "a b": 1 } }),
      '/routes/0/match/headers/a b: a header name must be a token of RFC 9110 (letters, digits, -), got "a b" [HEADER_NAME]',
      "/routes/0/match/headers/a b: a text condition must be text or a record with one form, got 1 [CONDITION]",
    ],
    [
      "a header name that is none",
      match({ headers: { "a b": "1" } }),
      '/routes/0/match/headers/a b: a header name must be a token of RFC 9110 (letters, digits, -), got "a b" [HEADER_NAME]',
    ],
    [
      "a condition that is a number",
      match({ headers: { a: 1 } }),
      "/routes/0/match/headers/a: a text condition must be text or a record with one form, got 1 [CONDITION]",
    ],
    [
      "a condition of two forms",
      match({ query: { a: { equals: "x", contains: "y" } } }),
      `/routes/0/match/query/a: a text condition must be ${CONDITION_FORMS}, got an object [CONDITION]`,
    ],
    [
      "ignoreCase that is no boolean",
      match({ query: { a: { equals: "x", ignoreCase: "yes" } } }),
      '/routes/0/match/query/a/ignoreCase: ignoreCase must be true or false, got "yes" [TYPE]',
    ],
    [
      "ignoreCase where there is no case",
      match({ query: { a: { present: true, ignoreCase: true } } }),
      '/routes/0/match/query/a/ignoreCase: a text condition has no field "ignoreCase"; it may have present [UNKNOWN_FIELD]',
    ],
    [
      "a range that holds nothing",
      match({ query: { a: { range: { from: 5, to: 5 } } } }),
      "/routes/0/match/query/a/range: a range must be from below to, at least one of the two, got an object [RANGE]",
    ],
    [
      "a misspelt parameter",
      match({ path: "/a/:id", params: { idd: "1" } }),
      '/routes/0/match/params/idd: the path has no parameter "idd"; did you mean "id"? [UNKNOWN_PARAM]',
    ],
    [
      "a parameter of a path without any",
      match({ path: "/a", params: { tenant: "1" } }),
      '/routes/0/match/params/tenant: the path has no parameter "tenant"; it has none [UNKNOWN_PARAM]',
    ],
    [
      "a range of addresses that is none",
      match({ clientAddress: "10.0.0.0/99" }),
      '/routes/0/match/clientAddress: an address must be an IP address or a CIDR range such as "10.0.0.0/8", got "10.0.0.0/99" [ADDRESS]',
    ],
    [
      "another protocol",
      match({ protocol: "ftp" }),
      '/routes/0/match/protocol: protocol must be one of "http", "https", got "ftp" [PROTOCOL]',
    ],
    [
      "a port that is none",
      match({ port: 70_000 }),
      "/routes/0/match/port: a port must be a whole number from 1 to 65535, got 70000 [PORT]",
    ],
    [
      "options of the path that do not exist",
      route({}, { path: { dotSegments: "keep", mergeSlashes: 1 } }),
      '/path/dotSegments: dotSegments must be one of "resolve", "reject", got "keep" [TYPE]',
      "/path/mergeSlashes: mergeSlashes must be true or false, got 1 [TYPE]",
    ],
    [
      "a redirect wrong in every field",
      {
        routes: [
          {
            redirect: {
              status: 300,
              scheme: "ftp",
              host: "a:1",
              port: 0,
              path: "/x",
              query: "merge",
            },
          },
        ],
      },
      '/routes/0/redirect/host: a host must be a host name without port, got "a:1" [HOST]',
      '/routes/0/redirect/path: a redirect path must be { replace } or { replacePrefix }, got "/x" [PATH]',
      "/routes/0/redirect/port: a port must be a whole number from 1 to 65535, got 0 [PORT]",
      '/routes/0/redirect/query: query must be one of "keep", "drop", got "merge" [TYPE]',
      '/routes/0/redirect/scheme: scheme must be one of "http", "https", got "ftp" [PROTOCOL]',
      "/routes/0/redirect/status: a redirect status must be one of 301, 302, 303, 307, 308, got 300 [STATUS]",
    ],
    [
      "a prefix to replace where none is matched",
      route({ match: { path: "/a/:id" }, rewrite: { path: { replacePrefix: "/" } } }),
      "/routes/0/rewrite/path/replacePrefix: replacePrefix needs a prefix to replace: match a path such as { prefix } or one that ends with /* [PREFIX]",
    ],
    [
      "a response wrong in every field",
      { routes: [{ respond: { status: 99, headers: { "x y": "1", a: "b\r\nc" }, body: 5 } }] },
      "/routes/0/respond/body: body must be text, got 5 [TYPE]",
      '/routes/0/respond/headers/a: a header value must be text without control characters or characters beyond U+00FF, got "b\\r\\nc" [HEADER_VALUE]',
      '/routes/0/respond/headers/x y: a header name must be a token of RFC 9110 (letters, digits, -), got "x y" [HEADER_NAME]',
      "/routes/0/respond/status: status must be a whole number from 200 to 599, got 99 [STATUS]",
    ],
    [
      "a framing header in a response",
      { routes: [{ respond: { status: 200, headers: { "Content-Length": "5" } } }] },
      '/routes/0/respond/headers/Content-Length: the header "content-length" cannot be changed here: the gateway writes it itself [HEADER_FORBIDDEN]',
    ],
    [
      "what acts on forwarding beside a response",
      { routes: [{ respond: { status: 200 }, retry: { attempts: 1 } }] },
      "/routes/0/retry: retry changes nothing on a route with respond: it acts on forwarded requests [NO_EFFECT]",
    ],
    [
      "the way back beside a redirect",
      { routes: [{ redirect: {}, responseRewrite: { location: true } }] },
      "/routes/0/responseRewrite: responseRewrite changes nothing on a route with redirect: it acts on forwarded requests [NO_EFFECT]",
    ],
    [
      "a way back wrong in every field",
      route({
        responseRewrite: { location: "yes", cookieDomain: false, cookiePath: "/", cookies: true },
      }),
      '/routes/0/responseRewrite/cookieDomain: cookieDomain must be "drop", or a domain such as { replace: "shop.com" }, got false [TYPE]',
      '/routes/0/responseRewrite/cookiePath: cookiePath must be true, false, or a record such as { "/app": "/" }, got "/" [TYPE]',
      '/routes/0/responseRewrite/cookies: responseRewrite has no field "cookies"; it may have location, cookieDomain, cookiePath [UNKNOWN_FIELD]',
      '/routes/0/responseRewrite/location: location must be true or false, got "yes" [TYPE]',
    ],
    [
      "domains and paths that no cookie has",
      route({
        responseRewrite: {
          cookieDomain: { replace: "shop.com:80" },
          cookiePath: { "/a;b": "/c", "/d": "/e; Secure" },
        },
      }),
      '/routes/0/responseRewrite/cookieDomain/replace: a host must be a host name without port, got "shop.com:80" [HOST]',
      '/routes/0/responseRewrite/cookiePath/~1a;b: the path of a cookie must be one such as "/shop", without ;, got "/a;b" [PATH]',
      '/routes/0/responseRewrite/cookiePath/~1d: the path of a cookie must be one such as "/shop", without ;, got "/e; Secure" [PATH]',
    ],
    [
      "a pseudonym that is no token",
      { ...route({}), forwarded: "yes", via: "edge 1" },
      '/forwarded: forwarded must be true or false, got "yes" [TYPE]',
      '/via: via must be a token such as "edge-1" (letters, digits, -), got "edge 1" [VIA]',
    ],
    [
      "a header value that is cut to other bytes when it is sent",
      route({ requestHeaders: { set: { "x-a": "b\u010ac" } } }),
      '/routes/0/requestHeaders/set/x-a: a header value must be text without control characters or characters beyond U+00FF, got "b\u010ac" [HEADER_VALUE]',
    ],
    [
      "headers that are not ours to change",
      route({ requestHeaders: { set: { Host: "a", Connection: "x" } } }),
      '/routes/0/requestHeaders/set/Connection: the header "connection" cannot be changed here: the gateway writes it itself [HEADER_FORBIDDEN]',
      '/routes/0/requestHeaders/set/Host: the header "host" cannot be changed here: use rewrite.host [HEADER_FORBIDDEN]',
    ],
    [
      "a header that stands twice",
      route({ responseHeaders: { set: { "X-A": "1" }, remove: ["x-a"] } }),
      '/routes/0/responseHeaders/remove/0: the header "x-a" stands in set and in remove of one set of changes [HEADER_TWICE]',
    ],
    [
      "a parameter that a template lacks",
      route({ match: { path: "/a/:id" }, rewrite: { path: "/b/:idd" } }),
      '/routes/0/rewrite/path: the path has no parameter "idd"; did you mean "id"? [UNKNOWN_PARAM]',
    ],
    [
      "a template that is no path",
      route({ rewrite: { path: "b" } }),
      '/routes/0/rewrite/path: a path template must be a path such as "/v2/:id", got "b" [PATH]',
    ],
    [
      "a template with a bad escape",
      route({ rewrite: { path: "/a%zz" } }),
      '/routes/0/rewrite/path: a path template must be a path such as "/v2/:id", got "/a%zz" [PATH]',
    ],
    [
      "a template with dot segments",
      route({ rewrite: { path: "/a/../b" } }),
      '/routes/0/rewrite/path: a path template must be a path such as "/v2/:id", got "/a/../b" [PATH]',
    ],
    [
      "a replacement with a line break",
      route({ rewrite: { path: { regex: "a", with: "b\r\nc" } } }),
      '/routes/0/rewrite/path/with: a replacement must be text without control characters, got "b\\r\\nc" [PATH]',
    ],
    [
      "a query parameter that stands twice, beside a template",
      route({ rewrite: { path: "/x", query: { set: { a: "1" }, remove: ["a"] } } }),
      '/routes/0/rewrite/query: the parameter "a" stands in it twice [QUERY_TWICE]',
    ],
    [
      "an empty host",
      route({ rewrite: { host: "" } }),
      '/routes/0/rewrite/host: a host must be a host name, with a port if need be, such as "api.shop.com:8080", got "" [HOST]',
    ],
    [
      "times that are none",
      route({ timeouts: { requestMs: -1, attemptMs: 2 ** 31, idleMs: "5" } }),
      "/routes/0/timeouts/attemptMs: attemptMs must be a number of milliseconds from 0 to 2147483647, got 2147483648 [TIME]",
      '/routes/0/timeouts/idleMs: idleMs must be a number of milliseconds from 0 to 2147483647, got "5" [TIME]',
      "/routes/0/timeouts/requestMs: requestMs must be a number of milliseconds from 0 to 2147483647, got -1 [TIME]",
    ],
    [
      "an attempt that may take longer than the request",
      route({ timeouts: { requestMs: 100, attemptMs: 200 } }),
      "/routes/0/timeouts/attemptMs: attemptMs must not be above requestMs, got 200 above 100 [ATTEMPT_TIME]",
    ],
    [
      "an attempt that may take longer than the request of the defaults",
      route({ timeouts: { attemptMs: 200 } }, { defaults: { timeouts: { requestMs: 100 } } }),
      "/routes/0/timeouts/attemptMs: attemptMs must not be above requestMs, got 200 above 100 [ATTEMPT_TIME]",
    ],
    [
      "a request that may take less than an attempt of the defaults",
      route({ timeouts: { requestMs: 100 } }, { defaults: { timeouts: { attemptMs: 200 } } }),
      "/routes/0/timeouts/requestMs: attemptMs must not be above requestMs, got 200 above 100 [ATTEMPT_TIME]",
    ],
    [
      "a retry rule wrong in every field",
      route({
        retry: { attempts: 11, statuses: [200], methods: ["get"], backoff: { baseMs: -1 } },
      }),
      "/routes/0/retry/attempts: attempts must be a whole number from 0 to 10, got 11 [RETRY]",
      "/routes/0/retry/backoff/baseMs: baseMs must be a number of milliseconds from 0 to 2147483647, got -1 [TIME]",
      '/routes/0/retry/methods/0: a method must be an upper-case token such as GET, got "get" [METHOD]',
      "/routes/0/retry/statuses/0: a status must be a whole number from 400 to 599, got 200 [STATUS]",
    ],
    [
      "a service without instances",
      { services: { a: {} }, routes: [] },
      '/services/a/instances: a service needs "instances" [MISSING]',
    ],
    [
      "instances that are none",
      service({ instances: ["10.0.0.9", { url: "http://a?x" }, {}] }),
      '/services/orders/instances/0: a URL must be one such as "http://10.0.0.9:8080", got "10.0.0.9" [INSTANCE_URL]',
      '/services/orders/instances/1/url: a URL must be one such as "http://10.0.0.9:8080", got "http://a?x" [INSTANCE_URL]',
      '/services/orders/instances/2/url: an instance needs "url" [MISSING]',
    ],
    [
      "one instance under two spellings",
      service({ instances: ["http://a", "http://A:80/"] }),
      '/services/orders/instances/1: instance 0 of the service has the id "http://a" already: give one of them an id of its own [DUPLICATE_INSTANCE]',
    ],
    [
      "an instance of no weight",
      service({ instances: [{ url: "http://a", weight: 0 }] }),
      "/services/orders/instances/0/weight: weight of an instance must be a finite number > 0, got 0 [INSTANCE_WEIGHT]",
    ],
    [
      "a misspelt balancer",
      service({ balancer: "round-robbin" }),
      '/services/orders/balancer: a balancer must be one of "least-request", "round-robin", "random", "peak-ewma", "consistent-hash", "maglev", "rendezvous", "first-eligible", got "round-robbin"; did you mean "round-robin"? [BALANCER]',
    ],
    [
      "a balancer that cannot pick",
      service({ balancer: {} }),
      "/services/orders/balancer: a balancer must be a name, a record with a name and its options, or a value with a name and a pick function, got an object [BALANCER]",
    ],
    [
      "a balancer with an option of another one, and with wrong ones of its own",
      service({
        balancer: { name: "maglev", draws: 3, tableSize: 100, boundedLoad: 0.5, key: {} },
      }),
      "/services/orders/balancer/boundedLoad: boundedLoad must be a finite number >= 1, got 0.5 [BALANCER]",
      '/services/orders/balancer/draws: the balancer maglev has no field "draws"; it may have name, key, boundedLoad, tableSize [UNKNOWN_FIELD]',
      "/services/orders/balancer/key: a key must be exactly one of cookie, header, query, fact, param, got an object [KEY]",
      "/services/orders/balancer/tableSize: tableSize must be a prime number up to 5000011, got 100 [BALANCER]",
    ],
    [
      "outlier detection wrong in every field",
      service({ outlier: { consecutiveFailures: -1, baseEjectionMs: 0, maxEjectionRatio: 2 } }),
      "/services/orders/outlier/baseEjectionMs: baseEjectionMs must be a number of milliseconds from 1 to 2147483647, got 0 [TIME]",
      "/services/orders/outlier/consecutiveFailures: consecutiveFailures must be a whole number >= 0, got -1 [OUTLIER]",
      "/services/orders/outlier/maxEjectionRatio: maxEjectionRatio must be a number from 0 to 1, got 2 [RATIO]",
    ],
    [
      "a pool wrong in every field",
      service({
        connect: { timeoutMs: 0, connections: 0, queue: -1, keepAliveMs: 0, upgrades: -1 },
      }),
      "/services/orders/connect/connections: connections must be a whole number >= 1, got 0 [CONNECT]",
      "/services/orders/connect/keepAliveMs: keepAliveMs must be a number of milliseconds from 1 to 2147483647, got 0 [TIME]",
      "/services/orders/connect/queue: queue must be a whole number >= 0, got -1 [CONNECT]",
      "/services/orders/connect/timeoutMs: timeoutMs must be a number of milliseconds from 1 to 2147483647, got 0 [TIME]",
      "/services/orders/connect/upgrades: upgrades must be a whole number >= 0, got -1 [CONNECT]",
    ],
    [
      "what is spoken, wrong in every field",
      service({ connect: { protocol: "http3", streams: 0 } }),
      '/services/orders/connect/protocol: protocol must be one of "http1", "http2", "auto", got "http3"; did you mean "http1"? [CONNECT]',
      "/services/orders/connect/streams: streams must be a whole number from 1 to 2147483647, got 0 [CONNECT]",
    ],
    [
      "TLS wrong in every field",
      service({
        instances: ["https://a"],
        connect: {
          tls: {
            ca: "ca.pem",
            cert: "",
            key: "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII\n-----END ENCRYPTED PRIVATE KEY-----",
            serverName: "10.0.0.1",
            pins: ["abc"],
            minVersion: "TLSv1",
            rejectUnauthorized: false,
          },
        },
      }),
      '/services/orders/connect/tls/ca: ca must be PEM text with a certificate, got "ca.pem" [TLS]',
      '/services/orders/connect/tls/cert: cert must be PEM text with a certificate, got "" [TLS]',
      "/services/orders/connect/tls/key: key must be PEM text with a private key that is not encrypted, got other text [TLS]",
      '/services/orders/connect/tls/minVersion: minVersion must be one of "TLSv1.2", "TLSv1.3", got "TLSv1" [TLS]',
      '/services/orders/connect/tls/pins/0: a pin must be a SHA-256 fingerprint in base64, got "abc" [TLS]',
      '/services/orders/connect/tls/rejectUnauthorized: tls has no field "rejectUnauthorized"; it may have ca, cert, key, serverName, pins, minVersion, dangerouslyAcceptAnyCertificate [UNKNOWN_FIELD]',
      '/services/orders/connect/tls/serverName: serverName must be a host name, no address, got "10.0.0.1" [TLS]',
    ],
    [
      "half of a key pair, and TLS beside a plain URL",
      service({ instances: ["HTTP://a"], connect: { tls: { key: PEM_KEY } } }),
      "/services/orders/connect/tls/key: key is of no use without cert: give both, or neither [TLS]",
      '/services/orders/instances/0: connect.tls of the service has no effect on "HTTP://a": write https://, or take tls out [NO_EFFECT]',
    ],
    [
      "a socket that is no absolute path",
      service({ instances: [{ url: "http://a", socketPath: "app.sock" }] }),
      '/services/orders/instances/0/socketPath: socketPath must be an absolute path of at most 107 characters such as "/run/app.sock", got "app.sock" [SOCKET_PATH]',
    ],
    [
      "one socket twice",
      service({
        instances: [
          { url: "http://a", socketPath: "/run/a" },
          { url: "http://a", socketPath: "/run/b" },
          { url: "http://A", socketPath: "/run/a" },
        ],
      }),
      '/services/orders/instances/2: instance 0 of the service has the id "http://a at /run/a" already: give one of them an id of its own [DUPLICATE_INSTANCE]',
    ],
    [
      "slashes and tildes in a name",
      { services: { "a/b~c": { instances: ["x"] } }, routes: [] },
      '/services/a~1b~0c/instances/0: a URL must be one such as "http://10.0.0.9:8080", got "x" [INSTANCE_URL]',
    ],
  ];
  it.each(cases)("%s", (_what, config, ...expected) => expect(lines(config)).toEqual(expected));
});

it("finds nothing wrong with a good configuration", () => {
  expect(lines(route({}))).toEqual([]);
  expect(lines([])).toEqual([]);
  expect(lines([{ path: "/orders/*", to: "http://10.0.0.9:8080" }])).toEqual([]);
});

it("takes fields that are undefined for fields that are left out", () => {
  expect(lines(route({ id: undefined, match: undefined, redirect: undefined }))).toEqual([]);
});

it("takes the name of a schema for editors in the full form, and offers it in no message", () => {
  const named = (name: unknown) => lines({ $schema: name, services, routes: [{ to: "orders" }] });
  expect(named("./config.schema.json")).toEqual([]);
  expect(named(7)).toEqual(["/$schema: $schema must be text, got 7 [TYPE]"]);
  expect(checkConfig(route({ $schema: "x" }))).toMatchObject([
    { pointer: "/routes/0/$schema", code: "UNKNOWN_FIELD" },
  ]);
});

it("tells twenty different problems at once, none hiding another, in the order of their places", () => {
  const config = {
    services: {
      orders: { instances: ["nowhere", { url: "http://a", weight: -1 }], balancer: "rnadom" },
      users: { instances: ["http://b", "http://b"], outlier: { consecutiveFailures: -1 } },
    },
    routes: [
      { id: "same", match: { path: "no-slash", host: "a:80", method: "get" }, to: "ordrs" },
      { id: "same", match: { headers: { "a b": "1", ok: 5 } }, to: "orders" },
      { match: { path: "/a/:id", params: { idd: "1" } }, respond: { status: 99 }, to: "orders" },
      { to: { service: "orders", split: { v1: -5 }, version: "v1" } },
      { to: "orders", timeouts: { requestMs: 1, attemptMs: 2 }, retry: { attempts: 99 } },
      { to: "orders", requestHeaders: { set: { Host: "x" } }, rewrites: {} },
      { redirect: { status: 200, path: { replacePrefix: "/" } }, match: { path: "/x" } },
    ],
    trustedProxies: ["everybody"],
  };
  const problems = checkConfig(config);
  expect(problems.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([
    "/routes/0/match/host HOST",
    "/routes/0/match/method METHOD",
    "/routes/0/match/path PATH",
    "/routes/0/to UNKNOWN_SERVICE",
    "/routes/1/id DUPLICATE_ID",
    "/routes/1/match/headers/a b HEADER_NAME",
    "/routes/1/match/headers/ok CONDITION",
    "/routes/2 ACTION",
    "/routes/2/match/params/idd UNKNOWN_PARAM",
    "/routes/2/respond/status STATUS",
    "/routes/3/to/split/v1 SPLIT_WEIGHT",
    "/routes/3/to/version SPLIT_AND_VERSION",
    "/routes/4/retry/attempts RETRY",
    "/routes/4/timeouts/attemptMs ATTEMPT_TIME",
    "/routes/5/requestHeaders/set/Host HEADER_FORBIDDEN",
    "/routes/5/rewrites UNKNOWN_FIELD",
    "/routes/6/redirect/path/replacePrefix PREFIX",
    "/routes/6/redirect/status STATUS",
    "/services/orders/balancer BALANCER",
    "/services/orders/instances/0 INSTANCE_URL",
    "/services/orders/instances/1/weight INSTANCE_WEIGHT",
    "/services/users/instances/1 DUPLICATE_INSTANCE",
    "/services/users/outlier/consecutiveFailures OUTLIER",
    "/trustedProxies/0 ADDRESS",
  ]);
});

it("says what stands there, what was expected, and the name that was probably meant", () => {
  expect(checkConfig(route({ to: "ordrs" }))).toEqual([
    {
      pointer: "/routes/0/to",
      code: "UNKNOWN_SERVICE",
      message: 'no service is called "ordrs"; did you mean "orders"?',
      found: '"ordrs"',
      expected: "the name of a service, or a URL",
      suggestion: "orders",
    },
  ]);
});

it("points into the short form as it was written", () => {
  expect(
    lines([
      { path: "orders", to: "http://a" },
      { match: { path: "/a" }, path: "/b", to: "ordrs" },
      { path: "/a", params: { x: "1" }, to: "http://a" },
      { match: { host: "a b" }, to: "http://a" },
    ]),
  ).toEqual([
    '/0/path: a path must be well formed: a path starts with /, got "orders" [PATH]',
    '/1: a route has match fields of its own ("path") or a match, not both [SHORT_FORM]',
    '/1/to: no service is called "ordrs"; there are none; give a URL, or name it in services [UNKNOWN_SERVICE]',
    '/2/params/x: the path has no parameter "x"; it has none [UNKNOWN_PARAM]',
    `/3/match/host: ${HOST_FORM} "a b" [HOST]`,
  ]);
});

describe("what is no plain tree", () => {
  it("refuses __proto__ wherever JSON can carry it, and hides no other problem behind it", () => {
    const reserved = 'a name must be no reserved name such as __proto__, got "__proto__" [NAME]';
    const parsed = (json: string) => JSON.parse(json) as object;
    expect(lines(parsed('{"routes":[],"services":{"__proto__":{"instances":[]}}}'))).toEqual([
      `/services/__proto__: ${reserved}`,
    ]);
    expect(lines(parsed('{"routes":[],"__proto__":{}}'))).toEqual([
      '/__proto__: the configuration has no field "__proto__"; it may have services, routes, trustedProxies, forwarded, via, requestId, zone, path, limits, policies, unmatchedMethod, defaults [UNKNOWN_FIELD]',
    ]);
    expect(lines(match({ headers: parsed('{"__proto__":"x","a b":"1"}') }))).toEqual([
      `/routes/0/match/headers/__proto__: ${reserved}`,
      '/routes/0/match/headers/a b: a header name must be a token of RFC 9110 (letters, digits, -), got "a b" [HEADER_NAME]',
    ]);
    expect(
      lines(route({ to: { service: "orders", split: parsed('{"__proto__":1,"v1":-1}') } })),
    ).toEqual([
      `/routes/0/to/split/__proto__: ${reserved}`,
      "/routes/0/to/split/v1: weight must be a finite number >= 0, got -1 [SPLIT_WEIGHT]",
    ]);
    expect(({} as { instances?: unknown }).instances).toBeUndefined();
  });

  it("checks names that every object inherits like any other", () => {
    expect(lines({ services: { constructor: { instances: 5 } }, routes: [] })).toEqual([
      "/services/constructor/instances: instances must be a list, got 5 [TYPE]",
    ]);
    expect(lines(match({ headers: { constructor: 5, prototype: "1" } }))).toEqual([
      "/routes/0/match/headers/constructor: a text condition must be text or a record with one form, got 5 [CONDITION]",
    ]);
  });

  it("takes conditions twenty deep and refuses deeper ones", () => {
    expect(lines(match({ headers: { a: nested(20) } }))).toEqual([]);
    const tooDeep = [
      "/routes/0/match/headers/a/not: a text condition must be at most 20 deep, got an object [CONDITION]",
    ];
    expect(lines(match({ headers: { a: nested(22) } }))).toEqual(tooDeep);
    expect(lines(match({ headers: { a: nested(100_000) } }))).toEqual(tooDeep);
  });

  it("tells the problems of a config that holds itself instead of following it for ever", () => {
    const condition: { not?: object } = {};
    condition.not = condition;
    expect(lines(match({ headers: { a: condition } }))).toEqual([
      "/routes/0/match/headers/a/not: a text condition must be at most 20 deep, got an object [CONDITION]",
    ]);
    const list: unknown[] = [];
    list.push(list);
    expect(checkConfig(list).map(({ pointer, code }) => `${pointer} ${code}`)).toEqual(["/0 TYPE"]);
    const config: { routes?: unknown; services?: unknown } = {};
    config.routes = [config];
    config.services = config;
    expect(checkConfig(config).map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([
      "/routes/0 ACTION",
      "/routes/0/routes UNKNOWN_FIELD",
      "/routes/0/services UNKNOWN_FIELD",
      "/services/routes TYPE",
      "/services/services/instances MISSING",
      "/services/services/routes UNKNOWN_FIELD",
      "/services/services/services UNKNOWN_FIELD",
    ]);
  });

  it("does not look into the metadata of instances", () => {
    const metadata: { self?: unknown } = {};
    metadata.self = metadata;
    expect(lines(service({ instances: [{ url: "http://a", metadata }] }))).toEqual([]);
  });

  it("finds a hole in a list of routes", () => {
    const routes: unknown[] = [];
    routes[1] = { to: "http://a" };
    expect(checkConfig({ routes }).map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([
      "/routes/0 TYPE",
    ]);
  });
});

describe("GatewayConfigError", () => {
  const thrown = (run: () => unknown): unknown => {
    try {
      run();
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const bad = { services, routes: [{ to: "ordrs" }, { to: "orders", order: 0.5 }] };

  it("holds every problem and tells them in its text", () => {
    const error = thrown(() => createGateway(bad as ConfigInput)) as GatewayConfigError;
    expect(error).toBeInstanceOf(GatewayConfigError);
    expect(String(error)).toBe(
      [
        "GatewayConfigError: 2 problems in the configuration:",
        '  /routes/0/to: no service is called "ordrs"; did you mean "orders"? [UNKNOWN_SERVICE]',
        "  /routes/1/order: order must be a whole number, got 0.5 [ORDER]",
      ].join("\n"),
    );
    expect(error.problems).toEqual(checkConfig(bad));
  });

  it("counts one problem in the singular", () => {
    expect(thrown(() => createGateway({} as ConfigInput))).toMatchObject({
      message:
        '1 problem in the configuration:\n  /routes: the configuration needs "routes" [MISSING]',
    });
  });

  it("leaves a gateway as it was when an update is refused", () => {
    const gateway = createGateway({ services, routes: [{ to: "orders" }] }, { env: testEnv() });
    const view = request("GET /a");
    const before = gateway.decide(view);
    gateway.start(before);
    const state = gateway.snapshot();
    const changes: unknown[] = [];
    gateway.onChange((change) => changes.push(change));
    expect(() => gateway.update(bad as unknown as GatewayConfig)).toThrow(GatewayConfigError);
    expect(gateway.decide(view)).toEqual(before);
    expect(gateway.snapshot()).toEqual(state);
    expect(changes).toEqual([]);
  });
});

describe("a message says what to do about the likeliest slips", () => {
  const messageOf = (config: unknown): string | undefined => checkConfig(config)[0]?.message;
  const services = { a: { instances: ["http://a"] } };

  it.each([
    [
      { services, routes: [{ path: "/a", to: "a" }] },
      'a route has no field "path"; put it in "match"',
    ],
    [
      { services, routes: [{ match: { path: /^\/a/ }, to: "a" }] },
      'a path condition must be exactly one of exact, prefix, startsWith, regex, got the RegExp /^\\/a/, which { regex: "…" } says as text',
    ],
    [
      { services, routes: [{ to: "10.0.0.9:8080" }] },
      'no service is called "10.0.0.9:8080"; a URL begins with http://',
    ],
  ])("%#", (config, message) => {
    expect(messageOf(config)).toBe(message);
  });
});
