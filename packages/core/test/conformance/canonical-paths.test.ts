import { describe, expect, it } from "vitest";
import { decide, forwarded, holds, leads, reached, routeTo, services } from "./kit.js";

const any = routeTo({});

describe("the path that is forwarded", () => {
  const cases: readonly (readonly [sentence: string, target: string, path: string])[] = [
    ["is a plain path as it came", "/a/b", "/a/b"],
    ["keeps its final slash", "/a/b/", "/a/b/"],
    ["keeps its query byte for byte", "/a?x=%2f&y=a+b&x=2&&z", "/a?x=%2f&y=a+b&x=2&&z"],
    ["keeps dots in the query", "/a?p=/../x", "/a?p=/../x"],
    ["keeps runs of slashes in the query", "/a?u=http://b//c", "/a?u=http://b//c"],
    ["has no single dot", "/a/./b", "/a/b"],
    ["has no double dot", "/a/../b", "/b"],
    ["does not climb above the root", "/../../x", "/x"],
    ["ends in a slash after a final single dot", "/a/.", "/a/"],
    ["ends in a slash after a final double dot", "/a/b/..", "/a/"],
    ["is the root when dots take everything", "/a/..", "/"],
    ["resolves escaped dots", "/a/%2e%2e/b", "/b"],
    ["resolves escaped dots in upper case", "/a/%2E%2E/b", "/b"],
    ["resolves half-escaped dots", "/a/.%2e/b", "/b"],
    ["resolves dots escaped the other half", "/a/%2e./b", "/b"],
    ["resolves a single escaped dot", "/a/%2e/b", "/a/b"],
    ["keeps three dots", "/a/.../b", "/a/.../b"],
    ["keeps dots beside other text", "/a/..b/c..", "/a/..b/c.."],
    ["keeps a semicolon and what is before it", "/a/..;/b", "/a/..;/b"],
    ["merges a run of slashes", "/a//b", "/a/b"],
    ["merges longer runs", "/a///b////c", "/a/b/c"],
    ["merges a run at the front", "//a", "/a"],
    ["merges a run at the end", "/a//", "/a/"],
    ["decodes escapes of unreserved letters", "/%61dm%69n", "/admin"],
    ["decodes escapes of unreserved marks", "/%2D%5f%7e%2ea", "/-_~.a"],
    ["keeps escapes of reserved characters", "/a%3Bb%2C%40", "/a%3Bb%2C%40"],
    ["writes escapes in upper case", "/a%3bb%c3%a9", "/a%3Bb%C3%A9"],
    ["keeps an encoded slash", "/a%2fb", "/a%2Fb"],
    ["keeps an encoded backslash", "/a%5cb", "/a%5Cb"],
    ["decodes once only", "/a/%252e%252e/b", "/a/%252e%252e/b"],
    ["keeps a doubly encoded slash", "/a%252Fb", "/a%252Fb"],
    ["keeps bytes that are no UTF-8", "/%ff%C0%AE", "/%FF%C0%AE"],
    ["keeps an encoded space", "/a%20b", "/a%20b"],
    ["escapes a raw bar", "/a|b", "/a%7Cb"],
    ["escapes raw quotes and angles", '/"<>', "/%22%3C%3E"],
    ["escapes raw braces, a caret and a backquote", "/{^`}", "/%7B%5E%60%7D"],
    ["escapes raw brackets", "/a[1]", "/a%5B1%5D"],
    ["keeps the reserved characters that a segment may hold", "/a!$&'()*+,;=:@", "/a!$&'()*+,;=:@"],
    ["keeps encoded question mark and hash as data", "/a%3fb%23c", "/a%3Fb%23c"],
  ];
  for (const [sentence, url, path] of cases)
    it(sentence, () => expect(forwarded(any, { method: "GET", url }).request.path).toBe(path));
});

describe("a target with two readings is refused", () => {
  const cases: readonly (readonly [what: string, url: string])[] = [
    ["an encoded NUL", "/a%00"],
    ["a raw NUL", "/a\u0000"],
    ["a raw line break", "/a\nb"],
    ["a raw carriage return", "/a\rb"],
    ["a raw tab", "/a\tb"],
    ["a raw DEL", "/a\u007f"],
    ["an escape of no hex digits", "/a%zz"],
    ["an escape of one digit", "/a%4"],
    ["a lone percent", "/a%"],
    ["a percent before a slash", "/a%/b"],
    ["a fragment", "/a#b"],
    ["a fragment that would climb", "/a#/../admin"],
    ["a fragment behind the query", "/a?x=1#b"],
    ["a line break in the query", "/a?x\ny"],
    ["a line break behind a space in the query", "/a?x \ny"],
    ["a NUL behind a letter outside of ASCII and a space", "/a?é \u0000"],
    ["a raw backslash", "/a\\b"],
    ["a raw backslash at the front", "/\\evil.com"],
    ["dots before an encoded slash", "/a/..%2fadmin"],
    ["dots behind an encoded slash", "/a%2f..%2fb"],
    ["dots at the end behind an encoded slash", "/a/b%2f.."],
    ["a single dot before an encoded slash", "/a/.%2Fb"],
    ["dots before an encoded backslash", "/a/..%5cadmin"],
    ["escaped dots before an encoded slash", "/a/%2e%2e%2fadmin"],
    ["no slash at the front", "a/b"],
    ["nothing", ""],
    ["a query alone", "?x=1"],
  ];
  for (const [what, url] of cases)
    it(what, () =>
      expect(decide(any, { method: "GET", url })).toMatchObject({
        kind: "reject",
        status: 400,
        reason: "bad-request",
      }),
    );
});

describe("an encoded slash is no separator", () => {
  holds("an exact path", { path: { exact: "/a%2Fb" } }, [
    ["takes its own escape in any case", "GET /a%2fb", true],
    ["does not take a slash", "GET /a/b", false],
  ]);
  holds("a path of two segments", { path: { exact: "/a/b" } }, [
    ["does not take an escape", "GET /a%2Fb", false],
  ]);
});

describe("configured paths go through the same function", () => {
  holds("an exact path with a letter outside of ASCII", { path: { exact: "/café" } }, [
    ["takes its escapes", "GET /caf%C3%A9", true],
    ["takes its escapes in lower case", "GET /caf%c3%a9", true],
    ["does not take another letter", "GET /cafe", false],
  ]);
  holds("an exact path with escapes", { path: { exact: "/caf%c3%a9" } }, [
    ["takes its escapes in upper case", "GET /caf%C3%A9", true],
  ]);
  holds("a pattern with a letter outside of ASCII", { path: "/café/:id" }, [
    ["takes its escapes", "GET /caf%C3%A9/7", true],
  ]);
  holds("a prefix with a letter outside of ASCII", { path: { prefix: "/café" } }, [
    ["takes its escapes", "GET /caf%C3%A9/7", true],
    ["does not take half a segment", "GET /caf%C3%A9s", false],
  ]);
  holds("a start of the text with a letter outside of ASCII", { path: { startsWith: "/café" } }, [
    ["takes its escapes", "GET /caf%C3%A9s", true],
  ]);
  holds("an exact path with escapes of letters", { path: { exact: "/%61dmin" } }, [
    ["takes the letters", "GET /admin", true],
    ["takes other escapes of them", "GET /adm%69n", true],
  ]);
  holds("an exact path with dots and runs of slashes", { path: { exact: "/a/./x/..//b" } }, [
    ["takes its canonical form", "GET /a/b", true],
  ]);
});

leads(
  "conditions see the canonical path",
  [
    { id: "admin", match: { path: { exact: "/admin" } } },
    { id: "below", match: { path: { prefix: "/admin" } } },
    { id: "digits", match: { path: { regex: "/[0-9]+" } } },
    { id: "odd", match: { path: { startsWith: "/odd-" } } },
  ],
  [
    ["an exact path behind dots", "GET /public/../admin", "admin"],
    ["an exact path behind escaped dots", "GET /public/%2e%2e/admin", "admin"],
    ["an exact path in escapes", "GET /%61%64min", "admin"],
    ["an exact path behind two slashes", "GET //admin", "admin"],
    ["a prefix behind dots", "GET /admin/x/../y", "below"],
    ["a path that climbs out of its prefix", "GET /admin/../x", "none"],
    ["a path that climbs out of its prefix by escapes", "GET /admin/%2E%2e/x", "none"],
    ["a regex behind dots", "GET /a/../12", "digits"],
    ["a regex in escapes", "GET /%31%32", "digits"],
    ["a start of the text in escapes", "GET /%6fdd%2Dx", "odd"],
    ["dots escaped twice", "GET /public/%252e%252e/admin", "none"],
    ["a path parameter in the manner of servers", "GET /admin;x=1", "none"],
  ],
);

describe("the path options", () => {
  const routes = [
    { id: "two", match: { path: { exact: "/a/b" } }, to: "web" },
    { id: "any", to: "web" },
  ];
  const cases: readonly (readonly [
    sentence: string,
    options: object,
    asked: string,
    place: string,
  ])[] = [
    ["resolve dots by default", {}, "GET /a/x/../b", "two"],
    ["resolve dots when told so", { dotSegments: "resolve" }, "GET /a/x/../b", "two"],
    ["refuse dots when told so", { dotSegments: "reject" }, "GET /a/x/../b", "400"],
    ["refuse a single dot when told so", { dotSegments: "reject" }, "GET /a/./b", "400"],
    ["refuse escaped dots when told so", { dotSegments: "reject" }, "GET /a/%2e%2E/b", "400"],
    ["leave other dots when dots are refused", { dotSegments: "reject" }, "GET /a/.b", "any"],
    ["merge slashes by default", {}, "GET /a//b", "two"],
    ["merge slashes when told so", { mergeSlashes: true }, "GET /a//b", "two"],
    ["keep runs of slashes when told so", { mergeSlashes: false }, "GET /a//b", "any"],
    ["still take single slashes then", { mergeSlashes: false }, "GET /a/b", "two"],
    ["keep encoded slashes by default", {}, "GET /a%2Fb", "any"],
    ["keep encoded slashes when told so", { encodedSlashes: "keep" }, "GET /a%2Fb", "any"],
    ["refuse encoded slashes when told so", { encodedSlashes: "reject" }, "GET /a%2fb", "400"],
    ["leave encoded slashes of the query", { encodedSlashes: "reject" }, "GET /a/b?c=%2f", "two"],
    ["change only their own step", { encodedSlashes: "reject" }, "GET /a/x/..//b", "two"],
  ];
  for (const [sentence, path, asked, place] of cases)
    it(sentence, () => expect(reached({ services, routes, path }, asked)).toBe(place));

  it("forward runs of slashes that they keep", () => {
    const config = { services, routes, path: { mergeSlashes: false } };
    expect(forwarded(config, "GET /a//b").request.path).toBe("/a//b");
  });
});
