import { describe, expect, it } from "vitest";
import { answered, ask, checks, decide, json, linesOf, location, services } from "./kit.js";
import type { Asked } from "./kit.js";
import { prefixCases } from "./prefix-cases.js";

const to = (redirect: unknown, match: unknown = {}, more: object = {}) =>
  json({ services, routes: [{ id: "it", match, redirect }], ...more });

describe("the status of a redirect", () => {
  it("is 302 by default", () =>
    expect(decide(to({ host: "b.test" }), "GET a.test/")).toMatchObject({
      kind: "redirect",
      status: 302,
    }));
  for (const status of [301, 302, 303, 307, 308])
    it(`may be ${status}`, () => {
      const expected = { kind: "redirect", status, location: "http://b.test/x" };
      expect(decide(to({ status, host: "b.test" }), "GET a.test/x")).toMatchObject(expected);
    });
  checks(
    "in a configuration",
    [200, 300, 304, 305, 306, 309, 404].map((status) => [
      `cannot be ${status}`,
      to({ status, host: "b.test" }),
      "STATUS",
    ]),
  );
});

/** A request over http or https to a host with or without a port. */
const over = (protocol: "http" | "https", host: string): Asked =>
  ask("GET /p?q=1", { host }, { protocol });

describe("scheme, host and path that are not configured come from the request", () => {
  const cases: readonly (readonly [
    sentence: string,
    redirect: object,
    asked: Asked,
    location: string,
  ])[] = [
    ["all but the host", { host: "b.test" }, "GET a.test/p", "http://b.test/p"],
    [
      "all but the host, over https",
      { host: "b.test" },
      over("https", "a.test"),
      "https://b.test/p?q=1",
    ],
    ["all but the scheme", { scheme: "https" }, "GET a.test/p", "https://a.test/p"],
    ["all but the path", { path: { replace: "/n" } }, "GET a.test/p", "http://a.test/n"],
    ["all but the port", { port: 8443 }, "GET a.test/p", "http://a.test:8443/p"],
    [
      "the host of an absolute target",
      { scheme: "https" },
      "GET http://a.test/p",
      "https://a.test/p",
    ],
    [
      "the host of an absolute target over Host",
      { scheme: "https" },
      ask("GET http://a.test/p", { host: "evil.test" }),
      "https://a.test/p",
    ],
    ["a path with escapes", { host: "b.test" }, "GET a.test/a%20b%2fc", "http://b.test/a%20b%2Fc"],
    ["a path with dots", { host: "b.test" }, "GET a.test/x/../p", "http://b.test/p"],
    ["the root", { host: "b.test" }, "GET a.test/", "http://b.test/"],
    ["a host in brackets", { scheme: "https" }, "GET [::1]:8080/p", "https://[::1]/p"],
    [
      "nothing but the query",
      { scheme: "https", host: "b.test", port: 8443, path: { replace: "/n" } },
      "GET a.test/p?q=1",
      "https://b.test:8443/n?q=1",
    ],
    [
      "the scheme, not what a client says of it",
      { host: "b.test" },
      ask("GET a.test/p", { "x-forwarded-proto": "https", "x-forwarded-host": "evil.test" }),
      "http://b.test/p",
    ],
    [
      "the host, not what a client says of it",
      { scheme: "https" },
      ask("GET a.test/p", { "x-forwarded-host": "evil.test" }),
      "https://a.test/p",
    ],
  ];
  for (const [sentence, redirect, asked, expected] of cases)
    it(sentence, () => expect(location(to(redirect), asked)).toBe(expected));
});

describe("the query of a redirect", () => {
  const cases: readonly (readonly [
    sentence: string,
    redirect: object,
    line: string,
    location: string,
  ])[] = [
    ["is kept", { host: "b.test" }, "GET a.test/p?x=1&y", "http://b.test/p?x=1&y"],
    [
      "is kept when told so",
      { host: "b.test", query: "keep" },
      "GET a.test/p?x",
      "http://b.test/p?x",
    ],
    [
      "is dropped when told so",
      { host: "b.test", query: "drop" },
      "GET a.test/p?x",
      "http://b.test/p",
    ],
    [
      "is kept byte for byte",
      { host: "b.test" },
      "GET a.test/p?a=%2f&b=c+d",
      "http://b.test/p?a=%2f&b=c+d",
    ],
    [
      "is kept behind a new path",
      { path: { replace: "/n" } },
      "GET a.test/p?x=1",
      "http://a.test/n?x=1",
    ],
    [
      "keeps what looks like a host",
      { host: "b.test" },
      "GET a.test/p?u=//evil.com",
      "http://b.test/p?u=//evil.com",
    ],
  ];
  for (const [sentence, redirect, line, expected] of cases)
    it(sentence, () => expect(location(to(redirect), line)).toBe(expected));
});

describe("the path of a redirect", () => {
  for (const [sentence, prefix, replacePrefix, path, expected] of prefixCases)
    it(`replaces the prefix of ${sentence}`, () => {
      const config = to({ path: { replacePrefix } }, { path: { prefix } });
      expect(location(config, `GET a.test${path}`)).toBe(`http://a.test${expected}`);
    });

  it("replaces the whole path", () => {
    const config = to({ path: { replace: "/full" } }, { path: { prefix: "/foo" } });
    expect(location(config, "GET a.test/foo/bar/")).toBe("http://a.test/full");
  });
  it("replaces a prefix and the host together", () => {
    const config = to(
      { host: "b.test", path: { replacePrefix: "/n" } },
      { path: { prefix: "/o" } },
    );
    expect(location(config, "GET a.test/o/lemon?x=1")).toBe("http://b.test/n/lemon?x=1");
  });
  it("replaces the prefix of the alternative that matched", () => {
    const match = [{ path: { prefix: "/one" } }, { path: { prefix: "/two/three" } }];
    const config = to({ path: { replacePrefix: "/n" } }, match);
    expect(location(config, "GET a.test/one/x")).toBe("http://a.test/n/x");
    expect(location(config, "GET a.test/two/three/x")).toBe("http://a.test/n/x");
  });
});

describe("a location does not leave its host because of a client", () => {
  const root = to({ status: 301, path: { replacePrefix: "" } }, { path: { prefix: "/old" } });
  const cases: readonly (readonly [what: string, url: string, location: string])[] = [
    ["two slashes", "/old//evil.com", "http://a.test/evil.com"],
    ["three slashes", "/old///evil.com", "http://a.test/evil.com"],
    ["two slashes in front", "//old/evil.com", "http://a.test/evil.com"],
    ["an escaped slash", "/old/%2fevil.com", "http://a.test/%2Fevil.com"],
    ["two escaped slashes", "/old/%2f%2fevil.com", "http://a.test/%2F%2Fevil.com"],
    ["an escaped backslash", "/old/%5cevil.com", "http://a.test/%5Cevil.com"],
    ["an at sign", "/old/@evil.com", "http://a.test/@evil.com"],
    ["a scheme", "/old/http://evil.com", "http://a.test/http:/evil.com"],
  ];
  for (const [what, url, expected] of cases)
    it(what, () => {
      const headers = { host: "a.test" };
      expect(location(root, { method: "GET", url, headers })).toBe(expected);
    });
  for (const url of ["/old/\\evil.com", "/old\\evil.com", "/old/\r\nset-cookie:a=b", "/old/\tx"])
    it(`refuses ${JSON.stringify(url)}`, () =>
      expect(decide(root, { method: "GET", url, headers: { host: "a.test" } })).toMatchObject({
        kind: "reject",
        status: 400,
      }));
});

describe("a location holds no control characters", () => {
  const config = to({ host: "b.test" });
  for (const query of ["\r\nset-cookie:a=b", " \r\nset-cookie:a=b", "a=\u0000", "é \n", "\ud800\t"])
    it(`of the query ${JSON.stringify(query)}`, () => {
      const headers = { host: "a.test" };
      const decision = decide(config, { method: "GET", url: `/p?${query}`, headers });
      const found = decision.kind === "redirect" ? decision.location : "";
      const controls = [...found].filter((char) => char < " " || char === "\u007f");
      expect(controls).toEqual([]);
    });
  it("and keeps them escaped", () =>
    expect(location(config, "GET a.test/a%0d%0ab?c=%0d%0a")).toMatch(
      /^http:\/\/b\.test\/a%0D%0Ab\?c=%0d%0a$/,
    ));
});

describe("a replaced prefix gives no double slash where runs of slashes are kept", () => {
  const more = { path: { mergeSlashes: false } };
  for (const replacePrefix of ["", "/"])
    it(`with ${JSON.stringify(replacePrefix)} for it`, () => {
      const config = to({ path: { replacePrefix } }, { path: { prefix: "/old" } }, more);
      expect(location(config, "GET a.test/old//evil.com")).not.toMatch(/^http:\/\/a\.test\/\//);
    });
});

describe("the answer of a redirect", () => {
  it("carries the location once", () => {
    const head = answered(to({ host: "b.test" }), "GET a.test/p");
    expect(linesOf(head, "location")).toEqual(["http://b.test/p"]);
  });
});

describe("a backend that redirects", () => {
  const config = json({
    services,
    routes: [
      {
        id: "it",
        match: { path: { prefix: "/old" } },
        to: [
          { service: "web", weight: 1 },
          {
            service: "web",
            weight: 1,
            redirect: { status: 308, host: "b.test", path: { replacePrefix: "/new" } },
          },
        ],
      },
    ],
  });
  it("does so by the route's prefix when it is chosen", () =>
    expect(decide(config, "GET a.test/old/x?y=1", { split: [0.75] })).toMatchObject({
      kind: "redirect",
      route: "it",
      status: 308,
      location: "http://b.test/new/x?y=1",
    }));
  it("does not when another is chosen", () =>
    expect(decide(config, "GET a.test/old/x", { split: [0.25] })).toMatchObject({
      kind: "forward",
    }));
});

const replacing = (match: unknown) => to({ path: { replacePrefix: "/n" } }, match);
const backend = (match: object) => {
  const redirect = { path: { replacePrefix: "/n" } };
  return json({ services, routes: [{ match, to: [{ service: "web", weight: 1, redirect }] }] });
};

checks("replacePrefix of a redirect needs a prefix to stand on", [
  ["a prefix", replacing({ path: { prefix: "/a" } }), undefined],
  ["two prefixes", replacing([{ path: { prefix: "/a" } }, { path: { prefix: "/b" } }]), undefined],
  ["no exact path", replacing({ path: { exact: "/a" } }), "PREFIX"],
  ["no regex", replacing({ path: { regex: "/a.*" } }), "PREFIX"],
  ["no start of the text", replacing({ path: { startsWith: "/a" } }), "PREFIX"],
  ["no pattern that ends in a parameter", replacing({ path: "/a/:x" }), "PREFIX"],
  ["no static pattern", replacing({ path: "/a" }), "PREFIX"],
  [
    "not one alternative without",
    replacing([{ path: { prefix: "/a" } }, { path: { exact: "/b" } }]),
    "PREFIX",
  ],
  ["a prefix for a backend", backend({ path: { prefix: "/a" } }), undefined],
  ["no exact path for a backend", backend({ path: { exact: "/a" } }), "PREFIX"],
]);

checks("a redirect in a configuration", [
  ["has a host without a path", to({ host: "b.test/x" }), "HOST"],
  ["has a real port", to({ port: 0 }), "PORT"],
  ["has one of two schemes", to({ scheme: "ftp" }), "PROTOCOL"],
  ["has a path that begins with a slash", to({ path: { replace: "x" } }), "PATH"],
  [
    "does not stand beside a backend",
    json({ services, routes: [{ to: "web", redirect: { host: "b.test" } }] }),
    "ACTION",
  ],
]);
