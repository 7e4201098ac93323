import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ResponseRewriteConfig } from "../config/rewrite-config.js";
import type { RouteConfig } from "../config/route-config.js";
import type { ForwardDecision } from "../decision.js";
import { createGateway } from "../gateway.js";
import { request } from "../testing/request.js";
import { buildClientResponse } from "./client-response.js";

interface Case extends Pick<RouteConfig, "match" | "rewrite"> {
  /** Base URL of the instance. */
  readonly at?: string;
  readonly line?: string;
}

/** What lines of cookies become for a client that asks `www.shop.com/api/x`, unless the case says more. */
const seen = (
  lines: readonly string[],
  responseRewrite: ResponseRewriteConfig,
  { at, line, ...route }: Case = {},
) => {
  const gateway = createGateway({
    routes: [{ to: at ?? "http://app.internal:8080", ...route, responseRewrite }],
  });
  const view = request(line ?? "GET www.shop.com/api/x");
  const decision = gateway.decide(view) as ForwardDecision;
  const upstream = { status: 200, headers: { "set-cookie": lines } };
  return buildClientResponse(decision, upstream, view).headers.filter((_, i) => i % 2 === 1);
};
const one = (line: string, ...more: [ResponseRewriteConfig, Case?]) => seen([line], ...more)[0];

const ODD = 'a="b; c=\u00e9;Expires=Wed, 21 Oct 2015 07:28:00 GMT ;;HttpOnly; =x; Domainx=1';

describe("the domain of a cookie", () => {
  it.each([
    ["a=1; Domain=app.internal; Path=/", "a=1; Path=/"],
    ["a=1;domain=x", "a=1"],
    ["a=1; DOMAIN ; Secure;Domain=y", "a=1; Secure"],
    ["Domain=1; Domain=app.internal", "Domain=1"],
    [ODD, ODD],
  ])("is dropped: %s", (line, expected) => {
    expect(one(line, { cookieDomain: "drop" })).toBe(expected);
  });

  it.each([
    ["a=1; Domain=app.internal; Path=/", "a=1; Domain=shop.com; Path=/"],
    ["a=1;domain = .Internal ;Secure", "a=1;domain = shop.com ;Secure"],
    ["a=app.internal; Domain=app.internal", "a=app.internal; Domain=shop.com"],
  ])("is replaced where it is the instance's: %s", (line, expected) => {
    expect(one(line, { cookieDomain: { replace: "Shop.com" } })).toBe(expected);
  });

  it("is the instance's where it is that of the host that was sent", () => {
    const sent: Case = { at: "http://10.0.0.9", rewrite: { host: "app.test:81" } };
    const replace = { cookieDomain: { replace: "shop.com" } };
    expect(one("a=1; Domain=app.test", replace, sent)).toBe("a=1; Domain=shop.com");
    expect(one("a=1; Domain=0.0.9", replace, sent)).toBe("a=1; Domain=0.0.9");
  });

  it.each(["shop.com", ".www.shop.com", "elsewhere.com", "nternal", "x.app.internal", ""])(
    "stays where it is the client's or another: %s",
    (domain) => {
      const line = `a=1; Domain=${domain}`;
      expect(one(line, { cookieDomain: { replace: "new.com" } })).toBe(line);
    },
  );
});

describe("the path of a cookie", () => {
  const api: Case = { match: { path: "/api/*" }, rewrite: { path: { replacePrefix: "/" } } };
  const v2: Case = { match: { path: "/api/*" }, rewrite: { path: { replacePrefix: "/v2" } } };
  const base: Case = { at: "http://app.internal/base" };

  it.each<[string, string, Case]>([
    ["a=1; Path=/", "a=1; Path=/api", api],
    ["a=1; path=/x/ ; Secure", "a=1; path=/api/x/ ; Secure", api],
    ["a=1; Path=/v2", "a=1; Path=/api", v2],
    ["a=1; Path=/v2/x", "a=1; Path=/api/x", v2],
    ["a=1; Path=/base", "a=1; Path=/", base],
    ["a=1; Path=/base/x", "a=1; Path=/x", base],
    ["a=1; Path=/base/v2/", "a=1; Path=/api/", { ...base, ...v2 }],
  ])("is undone: %s", (line, expected, more) => {
    expect(one(line, { cookiePath: true }, more)).toBe(expected);
  });

  it.each<[string, Case]>([
    ["a=1; Path=/", v2],
    ["a=1; Path=/v2x", v2],
    ["a=1; Path=/", base],
    ["a=1; Path=", api],
    ["a=1; Path", api],
    ["a=1; Path=x", api],
    ["a=1; Path=/x", { rewrite: { path: { replace: "/x" } } }],
    [ODD, api],
  ])("stays where there is no way back: %s", (line, more) => {
    expect(one(line, { cookiePath: true }, more)).toBe(line);
  });

  it("takes no attribute from the path that a client asks for", () => {
    const open: Case = {
      match: { path: "/:t/*" },
      rewrite: { path: { replacePrefix: "/" } },
      line: "GET www.shop.com/t;Domain=com/x",
    };
    expect(one("a=1; Path=/", { cookiePath: true }, open)).toBe("a=1; Path=/");
  });

  it.each([
    ["a=1; Path=/app", "a=1; Path=/shop"],
    ["a=1; Path=/app/x/y", "a=1; Path=/deep/y"],
    ["a=1; Path=/appx", "a=1; Path=/root/appx"],
    ["a=1; Path=/", "a=1; Path=/root"],
    ["a=1; Path=/gone", "a=1; Path=/"],
    ["a=1; Path=/gone/x", "a=1; Path=/x"],
  ])("is mapped by its longest prefix: %s", (line, expected) => {
    const cookiePath = { "/": "/root", "/app": "/shop/", "/app/x": "/deep", "/gone/": "/" };
    expect(one(line, { cookiePath })).toBe(expected);
  });

  it("stays where no prefix of the map holds", () => {
    expect(one("a=1; Path=/b", { cookiePath: { "/app": "/" } })).toBe("a=1; Path=/b");
  });
});

it("keeps each cookie a line of its own", () => {
  const lines = ["a=1; Domain=app.internal", "b=2", "c=3; Path=/x; Domain=app.internal"];
  expect(seen(lines, { cookieDomain: "drop", cookiePath: { "/x": "/y" } })).toEqual([
    ...["a=1", "b=2", "c=3; Path=/y"],
  ]);
});

it("leaves cookies alone where the route asks for nothing", () => {
  expect(one("a=1; Domain=app.internal", { cookiePath: false })).toBe("a=1; Domain=app.internal");
});

it("for every cookie, all but the values of Domain and Path stays byte for byte", () => {
  const piece = fc.constantFrom(
    ...[
      "a",
      "=",
      ";",
      " ",
      "Domain",
      "Path",
      "path=/v2",
      "; Domain=app.internal",
      "/v2",
      '"',
      ",",
      "\u00ff",
      "\t",
    ],
  );
  const changed = {
    cookieDomain: { replace: "new.com" },
    cookiePath: { "/v2": "/api" },
  };
  const plain = (line: string) =>
    line.replace(/(;[ \t]*(?:Domain|path)[ \t]*=)([^;]*)/gi, (_, before: string) => before);
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const line = pieces.join("");
      const out = one(line, changed) as string;
      expect(plain(out)).toBe(plain(line));
      expect(out.split(";")).toHaveLength(line.split(";").length);
    }),
    { numRuns: 2_000 },
  );
});
