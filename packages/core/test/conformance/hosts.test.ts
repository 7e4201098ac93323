import { describe, expect, it } from "vitest";
import { ask, checks, decide, forwarded, holds, leads, lines, routeTo, sent } from "./kit.js";

holds("an exact host", { host: "api.shop.com" }, [
  ["takes itself", "GET api.shop.com/", true],
  ["ignores case", "GET API.Shop.COM/", true],
  ["ignores the port", "GET api.shop.com:8080/", true],
  ["ignores a well-known port", "GET api.shop.com:80/", true],
  ["ignores a final dot", "GET api.shop.com./", true],
  ["ignores a final dot and a port", "GET api.shop.com.:8080/", true],
  ["does not take its parent", "GET shop.com/", false],
  ["does not take what is below", "GET x.api.shop.com/", false],
  ["does not take a longer name", "GET myapi.shop.com/", false],
  ["does not take a name that goes on", "GET api.shop.com.evil.test/", false],
  ["does not take a request without a host", "GET /", false],
  ["takes the target's host over Host", ask("GET http://api.shop.com/", { host: "a.test" }), true],
  ["takes the target's host without Host", "GET http://api.shop.com/", true],
  ["takes the target's host in upper case", "GET HTTP://API.SHOP.COM:81/", true],
  [
    "does not take Host under another target",
    ask("GET http://a.test/", { host: "api.shop.com" }),
    false,
  ],
  ["takes a target without a path", "GET http://api.shop.com", true],
  ["takes a target with a query and no path", "GET http://api.shop.com?x=1", true],
  [
    "does not read X-Forwarded-Host",
    ask("GET a.test/", { "x-forwarded-host": "api.shop.com" }),
    false,
  ],
]);

holds("a wildcard host", { host: "*.shop.com" }, [
  ["takes one label", "GET api.shop.com/", true],
  ["takes several labels", "GET a.b.c.shop.com/", true],
  ["ignores case and port", "GET API.Shop.com:8443/", true],
  ["ignores a final dot", "GET api.shop.com./", true],
  ["never takes its own name", "GET shop.com/", false],
  ["never takes its own name with a port", "GET shop.com:80/", false],
  ["never takes its own name with a final dot", "GET shop.com./", false],
  ["does not take half a label", "GET myshop.com/", false],
  ["does not take a name that goes on", "GET api.shop.com.evil.test/", false],
  ["does not take a request without a host", "GET /", false],
]);

holds("several hosts", { host: ["shop.com", "*.shop.com"] }, [
  ["take the first", "GET shop.com/", true],
  ["take the second", "GET www.shop.com/", true],
  ["do not take another", "GET shop.org/", false],
]);

holds("an address as host", { host: "127.0.0.1" }, [
  ["takes itself with a port", "GET 127.0.0.1:3000/", true],
  ["does not take another", "GET 127.0.0.2:3000/", false],
]);

leads(
  "hosts of several routes",
  [
    { id: "v1", match: { host: "bar.com" } },
    { id: "v2", match: { host: "foo.bar.com" } },
    { id: "v3", match: { host: ["*.bar.com", "*.foo.com"] } },
  ],
  [
    ["the exact name", "GET bar.com/", "v1"],
    ["the exact name below", "GET foo.bar.com/", "v2"],
    ["a name that only the wildcard takes", "GET baz.bar.com/", "v3"],
    ["another such name", "GET boo.bar.com/", "v3"],
    ["several labels", "GET multiple.prefixes.bar.com/", "v3"],
    ["several labels of the second wildcard", "GET multiple.prefixes.foo.com/", "v3"],
    ["the bare name of a wildcard", "GET foo.com/", "none"],
    ["a name of nobody", "GET no.matching.host/", "none"],
    ["labels before an exact name", "GET x.foo.bar.com/", "v3"],
  ],
);

leads(
  "exact and wildcard hosts that overlap",
  [
    { id: "none", match: {} },
    { id: "short", match: { host: "*.com" } },
    { id: "long", match: { host: "*.specific.com" } },
    { id: "longest", match: { host: "*.very.specific.com" } },
    { id: "exact", match: { host: "very.specific.com" } },
  ],
  [
    ["the exact one wins", "GET very.specific.com/", "exact"],
    ["then the longest wildcard", "GET a.very.specific.com/", "longest"],
    ["then a shorter wildcard", "GET non.specific.com/", "long"],
    ["then one that is shorter still", "GET specific.com/", "short"],
    ["then none", "GET a.test/", "none"],
    ["none for a request that names no host", "GET /", "none"],
  ],
);

leads(
  "a host whose routes do not hold",
  [
    { id: "exact", match: { host: "a.shop.com", path: { exact: "/x" } } },
    { id: "wildcard", match: { host: "*.shop.com", path: { prefix: "/y" } } },
    { id: "header", match: { host: "*.shop.com", headers: { "x-a": "1" } } },
    { id: "short", match: { host: "*.com", path: { prefix: "/v" } } },
    { id: "rest", match: { path: { prefix: "/z" } } },
  ],
  [
    ["the exact host's own path", "GET a.shop.com/x", "exact"],
    ["falls to the wildcard", "GET a.shop.com/y", "wildcard"],
    ["falls to the wildcard by a header", ask("GET a.shop.com/q", { "x-a": "1" }), "header"],
    ["falls to a shorter wildcard", "GET a.shop.com/v/1", "short"],
    ["falls to no host", "GET a.shop.com/z", "rest"],
    ["falls to nothing", "GET a.shop.com/w", "none"],
    ["does not rise", "GET b.shop.com/x", "none"],
  ],
);

describe("a malformed host is refused", () => {
  const cases: readonly (readonly [what: string, host: string])[] = [
    ["a space", "a b"],
    ["a slash", "a.test/b"],
    ["a backslash", "a.test\\b"],
    ["userinfo", "user@a.test"],
    ["userinfo with a password", "user:pass@a.test"],
    ["a comma", "a.test, b.test"],
    ["letters in the port", "a.test:80evil"],
    ["a query", "a.test?x"],
    ["a fragment", "a.test#x"],
    ["an open bracket", "[::1"],
    ["a control character", "a.test\u0001"],
    ["a line break", "a.test\nb"],
    ["a NUL", "a.test\u0000"],
    ["angles", "<a.test>"],
    ["a port alone", ":80"],
    ["two ports", "a.test:80:80"],
    ["a letter outside of ASCII", "caf\u00e9.test"],
    ["a letter that becomes ASCII in lower case", "\u212aaiser.test"],
  ];
  for (const [what, host] of cases) {
    const refusal = { kind: "reject", status: 400, reason: "bad-request" };
    it(`${what}, in a record`, () =>
      expect(decide(routeTo({}), { method: "GET", url: "/", headers: { host } })).toMatchObject(
        refusal,
      ));
    it(`${what}, in raw headers`, () =>
      expect(decide(routeTo({}), lines("GET", "/", "Host", host))).toMatchObject(refusal));
  }

  const views = [
    ["two Host lines", lines("GET", "/", "Host", "a.test", "host", "b.test")],
    ["two Host lines that agree", lines("GET", "/", "Host", "a.test", "Host", "a.test")],
    ["two hosts in a record", { method: "GET", url: "/", headers: { host: ["a.test", "b.test"] } }],
    ["userinfo in the target", lines("GET", "http://user@a.test/", "Host", "a.test")],
    ["a backslash in the target's host", lines("GET", "http://a.test\\@b.test/", "Host", "a.test")],
    ["two ports in the target", lines("GET", "http://a.test:80:81/", "Host", "a.test")],
    ["a fragment behind the target's host", lines("GET", "http://a.test#x", "Host", "a.test")],
    ["a target without a host", lines("GET", "http:///a", "Host", "a.test")],
    ["two Host lines under a target", lines("GET", "http://a.test/", "Host", "a", "Host", "b")],
  ] as const;
  for (const [what, view] of views)
    it(what, () =>
      expect(decide(routeTo({}), view)).toMatchObject({ kind: "reject", status: 400 }),
    );
});

describe("a host in one of its lawful forms is served", () => {
  for (const host of ["EXAMPLE.test:8080", "example.test.", "[::1]:80", "[::1]", "10.0.0.1", "a-b"])
    it(host, () =>
      expect(decide(routeTo({}), ask("GET /", { host }))).toMatchObject({ kind: "forward" }),
    );
});

holds("an authority as of HTTP/2", { host: "api.shop.com" }, [
  ["is the host", ask("GET /", { ":authority": "api.shop.com" }), true],
  ["ignores case and port", ask("GET /", { ":authority": "API.shop.com:8443" }), true],
  ["is compared as a host is", ask("GET /", { ":authority": "shop.com" }), false],
]);

describe("the host that is forwarded", () => {
  const cases: readonly (readonly [sentence: string, line: string, host: string])[] = [
    ["is the one that came", "GET api.shop.com/", "api.shop.com"],
    ["keeps its port", "GET api.shop.com:8080/", "api.shop.com:8080"],
    ["keeps a well-known port", "GET api.shop.com:80/", "api.shop.com:80"],
    ["keeps its brackets", "GET [::1]:8080/", "[::1]:8080"],
    ["is that of the target", "GET http://good.test/x", "good.test"],
    ["is that of the target with its port", "GET http://good.test:81/x", "good.test:81"],
  ];
  for (const [sentence, line, host] of cases) {
    it(sentence, () => expect(forwarded(routeTo({}), line).request.host).toBe(host));
  }

  it("is in the head that is sent", () =>
    expect(sent(routeTo({}), "GET api.shop.com:8080/").slice(0, 2)).toEqual([
      "host",
      "api.shop.com:8080",
    ]));
  it("keeps nothing of a Host that the target overrules", () => {
    const view = ask("GET http://good.test/x", { host: "evil.test" });
    expect(forwarded(routeTo({}), view).request).toMatchObject({ host: "good.test", path: "/x" });
    expect(sent(routeTo({}), view).join(" ")).not.toContain("evil.test");
  });
});

const host = (value: unknown) => routeTo({ match: { host: value } });

checks("a host in a configuration", [
  ["may be exact", host("api.shop.com"), undefined],
  ["may be a wildcard", host("*.shop.com"), undefined],
  ["has no port", host("api.shop.com:80"), "HOST"],
  ["has no scheme", host("http://api.shop.com"), "HOST"],
  ["has no path", host("api.shop.com/a"), "HOST"],
  ["has no star in the middle", host("api.*.com"), "HOST"],
  ["has no star for a part of a label", host("*api.shop.com"), "HOST"],
  ["is not an empty list", host([]), "EMPTY"],
]);
