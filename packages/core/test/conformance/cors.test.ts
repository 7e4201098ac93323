import { describe, expect, it } from "vitest";
import { buildClientResponse, createGateway } from "../../src/index.js";
import { testEnv } from "../../src/testing/index.js";
import { answered, ask, checks, decide, forwarded, linesOf, listOf, routeTo } from "./kit.js";

const FOO = "https://www.foo.com";
const cors = {
  allowOrigins: [FOO, "https://*.bar.com"],
  allowMethods: ["GET", "PUT"],
  allowHeaders: ["x-header-1", "x-header-2"],
  exposeHeaders: ["x-header-3", "x-header-4"],
  maxAgeS: 3600,
};
const credentials = { ...cors, allowCredentials: true };
const open = {
  allowOrigins: ["*"],
  allowMethods: ["*"],
  allowHeaders: ["*"],
  exposeHeaders: ["*"],
};

const sharing = (value: object, more: object = {}) => routeTo({ cors: value, ...more });
const preflight = (origin: string, method = "PUT", headers = "x-header-1") =>
  ask("OPTIONS a.test/p", {
    origin,
    "access-control-request-method": method,
    ...(headers === "" ? {} : { "access-control-request-headers": headers }),
  });
const simple = (origin: string) => ask("GET a.test/p", { origin });

const ALLOW_ORIGIN = "access-control-allow-origin";
const ALLOW_METHODS = "access-control-allow-methods";
const ALLOW_HEADERS = "access-control-allow-headers";
const ALLOW_CREDENTIALS = "access-control-allow-credentials";
const EXPOSE_HEADERS = "access-control-expose-headers";
const MAX_AGE = "access-control-max-age";
const varies = (head: readonly string[]) =>
  listOf(head, "vary").some((name) => name.toLowerCase() === "origin");

describe("an origin", () => {
  const cases: readonly (readonly [
    sentence: string,
    allowOrigins: readonly string[],
    origin: string,
    matches: boolean,
  ])[] = [
    ["matches itself", [FOO], FOO, true],
    ["matches the second of two", [FOO, "https://two.test"], "https://two.test", true],
    ["does not match another host", [FOO], "https://www.baz.com", false],
    ["does not match another scheme", [FOO], "http://www.foo.com", false],
    ["does not match another port", [FOO], "https://www.foo.com:8443", false],
    ["matches its port", ["https://www.foo.com:8443"], "https://www.foo.com:8443", true],
    ["does not match without its port", ["https://www.foo.com:8443"], FOO, false],
    ["does not match what goes on", [FOO], "https://www.foo.com.evil.test", false],
    ["does not match what is below", [FOO], "https://x.www.foo.com", false],
    ["does not match its parent", [FOO], "https://foo.com", false],
    ["does not match null", [FOO], "null", false],
    ["matches a wildcard by one label", ["https://*.bar.com"], "https://www.bar.com", true],
    ["matches a wildcard by several labels", ["https://*.bar.com"], "https://a.b.c.bar.com", true],
    ["does not match a wildcard by none", ["https://*.bar.com"], "https://bar.com", false],
    ["does not match a wildcard by half a label", ["https://*.bar.com"], "https://xbar.com", false],
    [
      "does not match a wildcard of another scheme",
      ["https://*.bar.com"],
      "http://a.bar.com",
      false,
    ],
    [
      "does not match a wildcard that goes on",
      ["https://*.bar.com"],
      "https://a.bar.com.evil.test",
      false,
    ],
    [
      "does not match a wildcard behind a path",
      ["https://*.bar.com"],
      "https://evil.test/.bar.com",
      false,
    ],
    [
      "does not match a wildcard behind userinfo",
      ["https://*.bar.com"],
      "https://evil.test@a.bar.com",
      false,
    ],
    ["matches the star", ["*"], "https://any.test", true],
    ["matches the star with a port", ["*"], "https://any.test:8443", true],
    ["matches the star over http", ["*"], "http://any.test", true],
  ];
  for (const [sentence, allowOrigins, origin, matches] of cases) {
    const config = sharing({ ...cors, allowOrigins });
    const allowed = matches ? (allowOrigins.includes("*") ? [["*"], [origin]] : [[origin]]) : [[]];
    it(`${sentence}, in a preflight`, () => {
      expect(decide(config, preflight(origin))).toMatchObject({ kind: "respond", status: 204 });
      expect(allowed).toContainEqual(linesOf(answered(config, preflight(origin)), ALLOW_ORIGIN));
    });
    it(`${sentence}, in a simple request`, () => {
      expect(decide(config, simple(origin))).toMatchObject({ kind: "forward" });
      expect(allowed).toContainEqual(linesOf(answered(config, simple(origin)), ALLOW_ORIGIN));
    });
  }
});

describe("the answer to a preflight", () => {
  const head = (value: object = cors, view = preflight(FOO)) => answered(sharing(value), view);
  it("is a fixed answer of the route with names in lower case", () =>
    expect(decide(sharing(cors), preflight(FOO))).toMatchObject({
      kind: "respond",
      route: "it",
      status: 204,
      headers: { [ALLOW_ORIGIN]: FOO },
    }));
  it("has no body", () =>
    expect(decide(sharing(cors), preflight(FOO))).toMatchObject({ body: "" }));
  it("has the configured methods", () =>
    expect(listOf(head(), ALLOW_METHODS)).toEqual(["GET", "PUT"]));
  it("has the configured headers", () =>
    expect(listOf(head(), ALLOW_HEADERS)).toEqual(["x-header-1", "x-header-2"]));
  it("has the headers to expose", () =>
    expect(listOf(head(), EXPOSE_HEADERS)).toEqual(["x-header-3", "x-header-4"]));
  it("has the age", () => expect(linesOf(head(), MAX_AGE)).toEqual(["3600"]));
  it("has no credentials unless configured", () =>
    expect(linesOf(head(), ALLOW_CREDENTIALS)).toEqual([]));
  it("has no credentials when they are refused", () =>
    expect(linesOf(head({ ...cors, allowCredentials: false }), ALLOW_CREDENTIALS)).toEqual([]));
  it("has credentials when configured", () =>
    expect(linesOf(head(credentials), ALLOW_CREDENTIALS)).toEqual(["true"]));
  it("varies by the origin", () => expect(varies(head())).toBe(true));
  it("varies by the origin that does not match", () =>
    expect(varies(head(cors, preflight("https://evil.test")))).toBe(true));
  it("does not need a list of headers", () =>
    expect(linesOf(head(cors, preflight(FOO, "PUT", "")), ALLOW_ORIGIN)).toEqual([FOO]));
  it("has the configured methods for one that is not among them", () =>
    expect(listOf(head(cors, preflight(FOO, "DELETE")), ALLOW_METHODS)).toEqual(["GET", "PUT"]));
});

describe("the answer to a simple request", () => {
  const upstream = {
    [ALLOW_ORIGIN]: "*",
    [ALLOW_CREDENTIALS]: "true",
    [EXPOSE_HEADERS]: "x-instance",
    vary: "accept-encoding",
    "x-keep": "1",
  };
  const head = (value: object = cors, view = simple(FOO)) =>
    answered(sharing(value), view, upstream);
  const stranger = simple("https://evil.test");

  it("echoes the origin in place of the instance's", () =>
    expect(linesOf(head(), ALLOW_ORIGIN)).toEqual([FOO]));
  it("has the headers to expose in place of the instance's", () =>
    expect(listOf(head(), EXPOSE_HEADERS)).toEqual(["x-header-3", "x-header-4"]));
  it("has no credentials, whatever the instance says", () =>
    expect(linesOf(head(), ALLOW_CREDENTIALS)).toEqual([]));
  it("has credentials once when configured", () =>
    expect(linesOf(head(credentials), ALLOW_CREDENTIALS)).toEqual(["true"]));
  it("varies by the origin beside what the instance says", () => {
    expect(varies(head())).toBe(true);
    expect(listOf(head(), "vary")).toContain("accept-encoding");
  });
  it("keeps other fields", () => expect(linesOf(head(), "x-keep")).toEqual(["1"]));
  it("has no origin for a stranger, whatever the instance says", () =>
    expect(linesOf(head(cors, stranger), ALLOW_ORIGIN)).toEqual([]));
  it("varies by the origin for a stranger", () => expect(varies(head(cors, stranger))).toBe(true));
  it("has no origin where none was sent", () =>
    expect(linesOf(head(cors, ask("GET a.test/p")), ALLOW_ORIGIN)).toEqual([]));
  it("varies by the origin where none was sent", () =>
    expect(varies(head(cors, ask("GET a.test/p")))).toBe(true));
  it("is the instance's own where the route has no cors", () => {
    const own = answered(routeTo({}), simple(FOO), upstream);
    expect(linesOf(own, ALLOW_ORIGIN)).toEqual(["*"]);
    expect(linesOf(own, ALLOW_CREDENTIALS)).toEqual(["true"]);
  });
  it("leaves the request as it is", () =>
    expect(forwarded(sharing(cors), simple(FOO)).request.path).toBe("/p"));
});

describe("the answer to a retry", () => {
  it("echoes the origin as that to the first attempt does", () => {
    const gateway = createGateway(sharing(cors, { retry: { attempts: 1 } }), { env: testEnv() });
    const view = simple(FOO);
    const first = gateway.decide(view);
    if (first.kind !== "forward") throw new Error("not forwarded");
    gateway.start(first);
    const outcome = { kind: "failure", stage: "connect", cause: "refused" } as const;
    gateway.report(first, outcome);
    const next = gateway.retry(first, outcome, { replayable: true });
    if (next.kind !== "retry") throw new Error(`no retry: ${next.reason}`);
    const { headers } = buildClientResponse(next.decision, { status: 200, headers: {} }, view);
    expect(linesOf(headers, ALLOW_ORIGIN)).toEqual([FOO]);
  });
});

describe("stars with credentials", () => {
  const config = sharing({ ...open, allowCredentials: true });
  const head = (view = preflight("https://any.test", "PATCH", "x-a, x-b")) =>
    answered(config, view);
  it("echo the origin of a preflight", () =>
    expect(linesOf(head(), ALLOW_ORIGIN)).toEqual(["https://any.test"]));
  it("echo the requested method", () => expect(listOf(head(), ALLOW_METHODS)).toEqual(["PATCH"]));
  it("echo the requested headers", () =>
    expect(listOf(head(), ALLOW_HEADERS).map((name) => name.toLowerCase())).toEqual([
      "x-a",
      "x-b",
    ]));
  it("name no headers where none are requested", () =>
    expect(listOf(head(preflight("https://any.test", "PATCH", "")), ALLOW_HEADERS)).toEqual([]));
  it("echo the origin of a simple request", () =>
    expect(linesOf(head(simple("https://any.test")), ALLOW_ORIGIN)).toEqual(["https://any.test"]));
  it("vary by the origin", () => {
    expect(varies(head())).toBe(true);
    expect(varies(head(simple("https://any.test")))).toBe(true);
  });
  it("allow credentials", () => {
    expect(linesOf(head(), ALLOW_CREDENTIALS)).toEqual(["true"]);
    expect(linesOf(head(simple("https://any.test")), ALLOW_CREDENTIALS)).toEqual(["true"]);
  });
  for (const name of [ALLOW_ORIGIN, ALLOW_METHODS, ALLOW_HEADERS, EXPOSE_HEADERS])
    it(`are never a literal star in ${name}`, () => {
      expect(listOf(head(), name)).not.toContain("*");
      expect(listOf(head(simple("https://any.test")), name)).not.toContain("*");
    });
  it("stay with the listed origins", () => {
    const listed = sharing({ ...open, allowOrigins: [FOO], allowCredentials: true });
    expect(linesOf(answered(listed, preflight("https://evil.test")), ALLOW_ORIGIN)).toEqual([]);
  });
});

describe("stars without credentials", () => {
  const head = () => answered(sharing(open), preflight("https://any.test", "PATCH", "x-a"));
  it("allow the method", () =>
    expect([["*"], ["PATCH"]]).toContainEqual(listOf(head(), ALLOW_METHODS)));
  it("allow the headers", () =>
    expect([["*"], ["x-a"]]).toContainEqual(listOf(head(), ALLOW_HEADERS)));
  it("allow no credentials", () => expect(linesOf(head(), ALLOW_CREDENTIALS)).toEqual([]));
});

describe("response headers act after cors", () => {
  const changes = {
    set: { "Access-Control-Allow-Origin": "https://set.test", "x-own": "1" },
    remove: ["access-control-expose-headers"],
  };
  const config = sharing(cors, { responseHeaders: changes });
  for (const [what, view] of [
    ["a preflight", preflight(FOO)],
    ["a simple request", simple(FOO)],
  ] as const) {
    it(`they set fields of ${what}`, () =>
      expect(linesOf(answered(config, view), ALLOW_ORIGIN)).toEqual(["https://set.test"]));
    it(`they remove fields of ${what}`, () =>
      expect(linesOf(answered(config, view), EXPOSE_HEADERS)).toEqual([]));
    it(`they add other fields to ${what}`, () =>
      expect(linesOf(answered(config, view), "x-own")).toEqual(["1"]));
  }
});

checks("cors in a configuration", [
  ["may have everything", sharing(credentials), undefined],
  ["may have origins alone", sharing({ allowOrigins: ["*"] }), undefined],
  ["has origins", sharing({ allowMethods: ["GET"] }), "MISSING"],
  ["has a list of origins", sharing({ allowOrigins: FOO }), "TYPE"],
  ["has no unknown field", sharing({ ...cors, maxAge: 5 }), "UNKNOWN_FIELD"],
]);
