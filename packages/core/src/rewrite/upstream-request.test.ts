import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RouteConfig } from "../config/route-config.js";
import type { ForwardDecision } from "../decision.js";
import { createGateway } from "../gateway.js";
import type { RequestView } from "../request.js";
import { testEnv } from "../testing/env.js";
import { buildUpstreamRequest } from "./upstream-request.js";

type Headers = readonly (readonly [name: string, value: string])[];

/** The head that goes out for a request with these header lines. */
const headOf = (lines: Headers, view: Partial<RequestView> = {}, route: RouteConfig = {}) => {
  const gateway = createGateway({
    routes: [{ to: "http://10.0.0.9:8080", ...route }],
    trustedProxies: ["10.0.0.0/8"],
  });
  const asking = { method: "GET", url: "/a?b", rawHeaders: lines.flat(), ...view } as RequestView;
  const decision = gateway.decide(asking) as ForwardDecision;
  return buildUpstreamRequest(asking, decision);
};
const pairsOf = ({ headers }: { headers: readonly string[] }): Headers =>
  Array.from({ length: headers.length / 2 }, (_, i) => [
    headers[2 * i] as string,
    headers[2 * i + 1] as string,
  ]);
/** The lines that come from the client: without host, and without what the gateway adds. */
const passed = (lines: Headers, view?: Partial<RequestView>, route?: RouteConfig) =>
  pairsOf(headOf(lines, view, route)).filter(
    ([name]) => name !== "host" && !/^x-forwarded-/.test(name),
  );
const valuesOf = (lines: Headers, name: string, ...more: [Partial<RequestView>?, RouteConfig?]) =>
  pairsOf(headOf(lines, ...more))
    .filter(([given]) => given.toLowerCase() === name)
    .map(([, value]) => value);

describe("the head that goes to an instance", () => {
  it("is the decided request line, the decided host, and the client's headers in order and case", () => {
    const head = headOf([
      ["Host", "api.shop.com"],
      ["X-B", "1"],
      ["accept", "*/*"],
      ["X-B", ""],
      ["x-b", "caf\u00e9"],
    ]);
    expect(head).toEqual({
      method: "GET",
      path: "/a?b",
      headers: [
        ...["host", "api.shop.com", "X-B", "1", "accept", "*/*", "X-B", "", "x-b", "caf\u00e9"],
        ...["x-forwarded-proto", "http", "x-forwarded-host", "api.shop.com"],
      ],
    });
  });

  it("has all cookies in one line, where the first of theirs stood", () => {
    const lines: Headers = [
      ["A", "1"],
      ["Cookie", "a=1"],
      ["B", "2"],
      ["cookie", "b=2; c=3"],
      ["COOKIE", "d"],
    ];
    expect(passed(lines)).toEqual([
      ["A", "1"],
      ["Cookie", "a=1; b=2; c=3; d"],
      ["B", "2"],
    ]);
  });

  it("has no field whose name is none", () => {
    const names = ["", " ", "a b", "a:", "a\r\nb", "caf\u00e9", ":path", "a\u0000"];
    expect(passed(names.map((name) => [name, "1"]))).toEqual([]);
  });

  it("has spaces where a value holds what would end a line", () => {
    expect(passed([["A", "1\r\nB: 2\u0000\u010a"]])).toEqual([["A", "1  B: 2  "]]);
  });

  it("can be made from a record of headers too", () => {
    const view = { rawHeaders: undefined, headers: { host: "x.org", a: ["1", "2"], b: undefined } };
    expect(passed([], view as unknown as RequestView)).toEqual([
      ["a", "1"],
      ["a", "2"],
    ]);
  });

  it("has the host that a rewrite gives, and none of the client's", () => {
    const route = { rewrite: { host: "internal:81" } };
    expect(valuesOf([["Host", "x.org"]], "host", {}, route)).toEqual(["internal:81"]);
    expect(valuesOf([[":authority", "x.org"]], "host")).toEqual(["x.org"]);
  });

  it("names the authority of an absolute target, and the client's Host nowhere", () => {
    const head = headOf([["Host", "evil.test"]], { url: "http://good.test/x" });
    expect(head.headers.join(" ")).not.toContain("evil");
    expect(head).toMatchObject({ path: "/x" });
    expect(head.headers.slice(0, 2)).toEqual(["host", "good.test"]);
  });

  it("passes headers on that are called as what every object inherits", () => {
    const lines: Headers = [
      ["__proto__", "1"],
      ["constructor", "2"],
      ["toString", "3"],
    ];
    expect(passed(lines)).toEqual(lines);
  });
});

describe("what concerns one connection", () => {
  it.each([
    ...["Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "TE", "Trailer"],
    ...["Proxy-Authorization", "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "Expect"],
  ])("goes no further: %s", (name) => {
    expect(
      passed([
        [name, "x"],
        [name.toLowerCase(), "x"],
        ["A", "1"],
      ]),
    ).toEqual([["A", "1"]]);
  });

  it("takes along what Connection names, from all its lines", () => {
    expect(
      passed([
        ["X-A", "1"],
        ["Connection", "close, X-A"],
        ["x-b", "2"],
        ["connection", "\tX-B "],
        ["X-C", "3"],
      ]),
    ).toEqual([["X-C", "3"]]);
  });

  it("cannot take host, length or coding along", () => {
    const lines: Headers = [
      ["Host", "x.org"],
      ["Content-Length", "5"],
      ["Connection", "host, content-length"],
    ];
    expect(passed(lines)).toEqual([["Content-Length", "5"]]);
    expect(valuesOf(lines, "host")).toEqual(["x.org"]);
  });

  it("may take along who is asking, and never the host or the framing, however often they are named", () => {
    const lines: Headers = [
      ["Host", "x.org"],
      ["Authorization", "Basic x"],
      ["Content-Type", "a/b"],
      ["Content-Length", "5"],
      ["Connection", "Host, Authorization"],
      ["Connection", ", Content-Length ,content-type,, Transfer-Encoding"],
    ];
    expect(passed(lines)).toEqual([["Content-Length", "5"]]);
    expect(valuesOf(lines, "host")).toEqual(["x.org"]);
  });

  it("is taken away in one walk, however much Connection names", () => {
    const names = Array.from({ length: 5_000 }, (_, i) => `x-${i}`);
    const lines: Headers = [...names.map((name) => [name, "1"] as const), ["A", "1"]];
    expect(passed([...lines, ["Connection", names.join(",")]])).toEqual([["A", "1"]]);
  });

  it("is said anew for an upgrade", () => {
    const gateway = createGateway([{ to: "http://a" }]);
    const view: RequestView = {
      method: "GET",
      url: "/",
      rawHeaders: ["Connection", "Upgrade", "Upgrade", "websocket, h2c"],
    };
    const decision = gateway.decide(view) as ForwardDecision;
    const { headers } = buildUpstreamRequest(view, decision, { upgrade: "websocket" });
    expect(headers.slice(-4)).toEqual(["connection", "Upgrade", "upgrade", "websocket"]);
    expect(headers.join(" ")).not.toContain("h2c");
  });
});

it("drops a length that stands beside a transfer coding", () => {
  const lines: Headers = [
    ["Content-Length", "5"],
    ["Transfer-Encoding", "chunked"],
  ];
  expect(passed(lines)).toEqual([]);
  expect(passed(lines.slice(0, 1))).toEqual([["Content-Length", "5"]]);
});

describe("who the request comes from", () => {
  const spoofed: Headers = [
    ["Host", "x.org"],
    ["X-Forwarded-For", "6.6.6.6"],
    ["X-Forwarded-Proto", "https"],
    ["X-Forwarded-Host", "evil.test"],
    ["X-Forwarded-Port", "1"],
    ["Forwarded", "for=6.6.6.6"],
    ["X-Real-IP", "6.6.6.6"],
  ];
  const forwarded = (lines: Headers, view: Partial<RequestView>) =>
    pairsOf(headOf(lines, view)).filter(([name]) => /forwarded|real/i.test(name));

  it("is said anew when the peer is not trusted", () => {
    expect(forwarded(spoofed, { remoteAddress: "9.9.9.9", localPort: 8080 })).toEqual([
      ["x-forwarded-for", "9.9.9.9"],
      ["x-forwarded-proto", "http"],
      ["x-forwarded-host", "x.org"],
      ["x-forwarded-port", "8080"],
    ]);
  });

  it("is added to what a trusted peer says", () => {
    expect(forwarded(spoofed, { remoteAddress: "10.0.0.1", localPort: 8080 })).toEqual([
      ["x-forwarded-for", "6.6.6.6, 10.0.0.1"],
      ["x-forwarded-proto", "https"],
      ["x-forwarded-host", "evil.test"],
      ["x-forwarded-port", "1"],
    ]);
  });

  it("says nothing that is not known", () => {
    expect(forwarded([], {})).toEqual([["x-forwarded-proto", "http"]]);
  });

  it("is not taken from other spellings of the same names", () => {
    const aliases = [
      ...["X_Forwarded_For", "x_forwarded-proto", "X-FORWARDED_HOST", "x_real_ip"],
      ...["X.Forwarded.For", "x!real'ip", "X-Forwarded_Port", "x^forwarded|for"],
    ];
    for (const remoteAddress of ["9.9.9.9", "10.0.0.1"])
      expect(
        passed(
          aliases.map((name) => [name, "6.6.6.6"] as const),
          { remoteAddress },
        ),
      ).toEqual([]);
    expect(passed([["x_other", "1"]])).toEqual([["x_other", "1"]]);
  });
});

describe("configured changes", () => {
  const route: RouteConfig = {
    requestHeaders: {
      set: { "X-User-Id": "7" },
      add: { "X-Tag": "b" },
      remove: ["X-Secret"],
    },
  };

  it("act on what is left of the client's headers", () => {
    expect(
      passed(
        [
          ["x-user-id", "0"],
          ["X-Tag", "a"],
          ["x-secret", "1"],
          ["B", "1"],
        ],
        {},
        route,
      ),
    ).toEqual([
      ["X-Tag", "a,b"],
      ["B", "1"],
      ["x-user-id", "7"],
    ]);
  });

  it("leave no other spelling of a name that they change", () => {
    const lines: Headers = [
      ["X_User_Id", "0"],
      ["x-user_id", "0"],
      ["x_tag", "0"],
      ["X_SECRET", "0"],
      ["X_Other", "1"],
      ["x.user.id", "0"],
      ["X-User*Id", "0"],
    ];
    expect(passed(lines, {}, route)).toEqual([
      ["X_Other", "1"],
      ["x-user-id", "7"],
      ["x-tag", "b"],
    ]);
  });

  it("may be of names with underscores themselves", () => {
    const own: RouteConfig = { requestHeaders: { add: { x_tag: "b" } } };
    expect(passed([["X_Tag", "a"]], {}, own)).toEqual([["X_Tag", "a,b"]]);
  });

  it("are those of the route, then those of the backend that was chosen", () => {
    const gateway = createGateway({
      services: { a: { instances: ["http://a"] } },
      routes: [
        {
          requestHeaders: { set: { "x-a": "route", "x-b": "route" } },
          to: [
            { service: "a", requestHeaders: { set: { "x-a": "backend" } } },
            { service: "a", weight: 0, requestHeaders: { set: { "x-b": "other" } } },
          ],
        },
      ],
    });
    const view: RequestView = { method: "GET", url: "/" };
    const decision = gateway.decide(view) as ForwardDecision;
    expect(buildUpstreamRequest(view, decision).headers.slice(-4)).toEqual([
      "x-b",
      "route",
      "x-a",
      "backend",
    ]);
  });

  it("stay, whatever a client sends", () => {
    const name = fc.constantFrom(
      ...["Connection", "connection", "X-User-Id", "x_user_id", "X-Forwarded-For", "Keep-Alive"],
      ...[
        "X-Forwarded-Proto",
        "Forwarded",
        "Te",
        "Cookie",
        "X-Tag",
        "Host2",
        "Upgrade",
        "X-Secret",
      ],
    );
    const value = fc.oneof(
      fc.constantFrom(
        "close",
        "x-user-id, x-tag",
        "X-Forwarded-For",
        "x-forwarded-proto,host",
        "*",
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 10 }), (lines) => {
        const pairs = pairsOf(headOf(lines, { remoteAddress: "9.9.9.9" }, route));
        const all = (wanted: string) =>
          pairs
            .filter(([given]) => given.toLowerCase().replaceAll("_", "-") === wanted)
            .map(([, given]) => given);
        expect(all("x-user-id")).toEqual(["7"]);
        expect(all("x-forwarded-for")).toEqual(["9.9.9.9"]);
        expect(all("x-forwarded-proto")).toEqual(["http"]);
        expect(all("x-tag").at(-1)).toMatch(/b$/);
        for (const gone of ["x-secret", "connection", "upgrade", "te", "keep-alive", "forwarded"])
          expect(all(gone)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

it("changes neither the view nor the decision", () => {
  const view: RequestView = { method: "GET", url: "/", rawHeaders: Object.freeze(["A", "1"]) };
  const gateway = createGateway([{ to: "http://a", requestHeaders: { set: { b: "2" } } }]);
  const decision = gateway.decide(view) as ForwardDecision;
  const first = buildUpstreamRequest(view, decision);
  expect(buildUpstreamRequest(view, decision)).toEqual(first);
});

describe("a request without an id", () => {
  const ids = (rawHeaders: readonly string[], config: object = { requestId: true }) => {
    const gateway = createGateway(
      {
        services: { a: { instances: ["http://a"] }, b: { instances: ["http://b"] } },
        routes: [{ match: { path: "/*" }, to: "a", mirror: [{ service: "b" }] }],
        ...config,
      },
      { env: testEnv() },
    );
    const view: RequestView = { method: "GET", url: "/", rawHeaders };
    const decision = gateway.decide(view) as ForwardDecision;
    return [decision, ...decision.mirrors].map((to) =>
      pairsOf(buildUpstreamRequest(view, to))
        .filter(([name]) => name.toLowerCase() === "x-request-id")
        .map(([, value]) => value),
    );
  };

  it("gets one where the gateway is asked to, the same for its copies", () => {
    expect(ids([])).toEqual([["id-1"], ["id-1"]]);
  });

  it("keeps the one that it has, and gets none unasked", () => {
    expect(ids(["X-Request-ID", "mine"])).toEqual([["mine"], ["mine"]]);
    expect(ids([], {})).toEqual([[], []]);
  });
});
