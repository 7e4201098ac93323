import { describe, expect, it } from "vitest";
import { checks, decide, forwarded, json, linesOf, routeTo, sent, services } from "./kit.js";
import { prefixCases } from "./prefix-cases.js";

const rewriting = (rewrite: unknown, match: unknown = {}) => routeTo({ match, rewrite });
const pathOf = (config: ReturnType<typeof json>, line: string) =>
  forwarded(config, line).request.path;

describe("a rewritten path", () => {
  for (const [sentence, prefix, replacePrefix, path, expected] of prefixCases)
    it(`replaces the prefix of ${sentence}`, () => {
      const config = rewriting({ path: { replacePrefix } }, { path: { prefix } });
      expect(pathOf(config, `GET ${path}`)).toBe(expected);
    });

  const cases: readonly (readonly [
    sentence: string,
    path: unknown,
    match: unknown,
    line: string,
    expected: string,
  ])[] = [
    ["replaces the whole path", { replace: "/n" }, { path: { prefix: "/a" } }, "GET /a/b/", "/n"],
    [
      "replaces a longer prefix",
      { replacePrefix: "/one" },
      { path: { prefix: "/prefix/one" } },
      "GET /prefix/one/two",
      "/one/two",
    ],
    [
      "strips a prefix",
      { replacePrefix: "/" },
      { path: { prefix: "/strip-prefix" } },
      "GET /strip-prefix/three",
      "/three",
    ],
    ["inserts a parameter", "/v2/:id", { path: "/users/:id" }, "GET /users/7", "/v2/7"],
    ["inserts parameters in another order", "/:b/:a", { path: "/:a/:b" }, "GET /1/2", "/2/1"],
    ["inserts a parameter in the middle", "/v2/:id/x", { path: "/u/:id" }, "GET /u/7", "/v2/7/x"],
    [
      "inserts what a final /* took",
      "/v2/*",
      { path: "/api/*" },
      "GET /api/users/7",
      "/v2/users/7",
    ],
    ["inserts a raw segment", "/v2/:id", { path: "/u/:id" }, "GET /u/a%2fb", "/v2/a%2Fb"],
    [
      "inserts escapes as they are",
      "/v2/:id",
      { path: "/u/:id" },
      "GET /u/a%20b%3fc",
      "/v2/a%20b%3Fc",
    ],
    [
      "inserts nothing that looks like a parameter",
      "/v2/:id",
      { path: "/u/:id" },
      "GET /u/:id",
      "/v2/:id",
    ],
    [
      "inserts nothing that looks like a replacement",
      "/v2/:id",
      { path: "/u/:id" },
      "GET /u/$&$1",
      "/v2/$&$1",
    ],
    ["replaces what a regex takes", { regex: "/old", with: "/new" }, {}, "GET /old", "/new"],
    [
      "is left when a regex takes nothing",
      { regex: "/old", with: "/new" },
      {},
      "GET /other",
      "/other",
    ],
  ];
  for (const [sentence, path, match, line, expected] of cases)
    it(sentence, () => expect(pathOf(rewriting({ path }, match), line)).toBe(expected));

  it("keeps its query", () =>
    expect(pathOf(rewriting({ path: { replace: "/n" } }), "GET /a?x=%2f&y")).toBe("/n?x=%2f&y"));
  it("keeps the query behind a template", () =>
    expect(pathOf(rewriting({ path: "/v2/:id" }, { path: "/u/:id" }), "GET /u/7?id=8")).toBe(
      "/v2/7?id=8",
    ));
  it("leaves the method", () =>
    expect(forwarded(rewriting({ path: { replace: "/n" } }), "PUT /a").request.method).toBe("PUT"));
  it("leaves the host", () =>
    expect(forwarded(rewriting({ path: { replace: "/n" } }), "GET a.test/a").request.host).toBe(
      "a.test",
    ));
});

describe("the path of an instance's URL", () => {
  for (const [url, line, expected] of [
    ["http://web/base", "GET /p?x=1", "/base/p?x=1"],
    ["http://web/base/", "GET /p", "/base/p"],
    ["http://web/", "GET /p", "/p"],
    ["http://web/base", "GET /", "/base/"],
  ] as const)
    it(`goes before that of the request: ${url} and ${line}`, () =>
      expect(pathOf(json({ routes: [{ to: url }] }), line)).toBe(expected));
  it("goes before a rewritten one", () => {
    const config = json({
      routes: [{ to: "http://web/base", rewrite: { path: { replace: "/n" } } }],
    });
    expect(pathOf(config, "GET /p")).toBe("/base/n");
  });
});

describe("a rewritten host", () => {
  const config = rewriting({ host: "one.example.org" });
  it("replaces the host", () =>
    expect(forwarded(config, "GET a.test/p").request.host).toBe("one.example.org"));
  it("replaces host and port", () =>
    expect(forwarded(config, "GET a.test:8080/p").request.host).toBe("one.example.org"));
  it("leaves path and query", () =>
    expect(forwarded(config, "GET a.test/p?x=1").request.path).toBe("/p?x=1"));
  it("is the only Host line that is sent", () =>
    expect(linesOf(sent(config, "GET a.test/p"), "host")).toEqual(["one.example.org"]));
  it("stands in for one that the request does not name", () =>
    expect(linesOf(sent(config, "GET /p"), "host")).toEqual(["one.example.org"]));
  it("goes with a rewritten path", () => {
    const both = rewriting(
      { host: "b.test", path: { replacePrefix: "/n" } },
      { path: { prefix: "/o" } },
    );
    expect(forwarded(both, "GET a.test/o/x").request).toMatchObject({
      host: "b.test",
      path: "/n/x",
    });
  });
});

describe("a rewritten query", () => {
  type Pairs = readonly (readonly [name: string, value: string])[];
  const cases: readonly (readonly [sentence: string, query: object, line: string, pairs: Pairs])[] =
    [
      ["sets a parameter", { set: { a: "2" } }, "GET /p?a=1", [["a", "2"]]],
      ["sets one that is not there", { set: { a: "2" } }, "GET /p", [["a", "2"]]],
      ["sets one in place of several", { set: { a: "2" } }, "GET /p?a=1&a=3", [["a", "2"]]],
      ["adds a parameter", { add: { a: "2" } }, "GET /p", [["a", "2"]]],
      [
        "adds behind those of its name",
        { add: { a: "2" } },
        "GET /p?a=1",
        [
          ["a", "1"],
          ["a", "2"],
        ],
      ],
      ["removes a parameter", { remove: ["a"] }, "GET /p?a=1&b=2", [["b", "2"]]],
      ["removes every one of a name", { remove: ["a"] }, "GET /p?a=1&b=2&a=3", [["b", "2"]]],
      ["removes the last one", { remove: ["a"] }, "GET /p?a=1", []],
      [
        "removes nothing else",
        { remove: ["a"] },
        "GET /p?aa=1&A=2",
        [
          ["aa", "1"],
          ["A", "2"],
        ],
      ],
      ["writes a value that needs escapes", { set: { a: "x&y=z" } }, "GET /p", [["a", "x&y=z"]]],
    ];
  for (const [sentence, query, line, pairs] of cases)
    it(sentence, () => {
      const [path, search = ""] = pathOf(rewriting({ query }), line).split("?");
      expect(path).toBe("/p");
      expect([...new URLSearchParams(search)]).toEqual(pairs);
    });

  it("keeps other parameters byte for byte", () =>
    expect(pathOf(rewriting({ query: { remove: ["a"] } }), "GET /p?b=%2f&a=1&c=d+e%20f")).toBe(
      "/p?b=%2f&c=d+e%20f",
    ));
  it("leaves a query without the name as it is", () =>
    expect(pathOf(rewriting({ query: { remove: ["a"] } }), "GET /p?b=%2f&c")).toBe("/p?b=%2f&c"));
});

checks("a rewrite in a configuration", [
  [
    "may replace a prefix",
    rewriting({ path: { replacePrefix: "/n" } }, { path: { prefix: "/a" } }),
    undefined,
  ],
  [
    "has a prefix to replace, no exact path",
    rewriting({ path: { replacePrefix: "/n" } }, { path: { exact: "/a" } }),
    "PREFIX",
  ],
  [
    "has a prefix to replace, no regex",
    rewriting({ path: { replacePrefix: "/n" } }, { path: { regex: "/a" } }),
    "PREFIX",
  ],
  [
    "has a prefix to replace, no start of the text",
    rewriting({ path: { replacePrefix: "/n" } }, { path: { startsWith: "/a" } }),
    "PREFIX",
  ],
  [
    "has a prefix to replace, no parameter",
    rewriting({ path: { replacePrefix: "/n" } }, { path: "/a/:x" }),
    "PREFIX",
  ],
  ["may name a parameter of the match", rewriting({ path: "/n/:x" }, { path: "/a/:x" }), undefined],
  ["names no other parameter", rewriting({ path: "/n/:y" }, { path: "/a/:x" }), "UNKNOWN_PARAM"],
  ["begins with a slash", rewriting({ path: { replace: "n" } }), "PATH"],
  ["has a regex that compiles", rewriting({ path: { regex: "(", with: "/n" } }), "REGEX"],
  [
    "changes a parameter once",
    rewriting({ query: { set: { a: "1" }, remove: ["a"] } }),
    "QUERY_TWICE",
  ],
  [
    "may change two parameters",
    rewriting({ query: { set: { a: "1" }, remove: ["b"] } }),
    undefined,
  ],
  ["has a host without a path", rewriting({ host: "b.test/x" }), "HOST"],
  [
    "does not stand beside a redirect",
    json({ services, routes: [{ rewrite: { host: "b.test" }, redirect: { host: "c.test" } }] }),
    "NO_EFFECT",
  ],
]);

describe("a rewrite that a client would bend", () => {
  const strip = rewriting({ path: { replacePrefix: "" } }, { path: { prefix: "/old" } });
  const cases: readonly (readonly [what: string, url: string, path: string])[] = [
    ["two slashes", "/old//evil.com/x", "/evil.com/x"],
    ["many slashes", "/old/////x", "/x"],
    ["two slashes at the end", "/old//", "/"],
    ["an escaped slash", "/old/%2fevil.com", "/%2Fevil.com"],
    ["dots below", "/old/x/../../old/y", "/y"],
    ["a single dot", "/old/.", "/"],
  ];
  for (const [what, url, path] of cases)
    it(`${what} give ${path}`, () =>
      expect(forwarded(strip, { method: "GET", url }).request.path).toBe(path));
  it("two slashes give no double slash where runs of slashes are kept", () => {
    const config = { ...(strip as object), path: { mergeSlashes: false } };
    expect(forwarded(json(config), "GET /old//evil.com").request.path).not.toMatch(/^\/\//);
  });
  for (const url of ["/files-../secret", "/files-/evil.com", "/files-%2e%2e/x", "/files-..%2fx"])
    it(`${url} under a regex gives no path of two readings`, () => {
      const config = rewriting({ path: { regex: "/files-", with: "/" } });
      const { path } = forwarded(config, { method: "GET", url }).request;
      expect(path).toMatch(/^\/(?!\/)/);
      expect(path.split(/\/|%2F|%5C/)).not.toContain("..");
    });
  it("does not hold for a path that climbs out", () =>
    expect(decide(strip, { method: "GET", url: "/old/../admin" })).toMatchObject({ kind: "none" }));
});
