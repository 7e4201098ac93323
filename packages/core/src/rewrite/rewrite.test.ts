import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PathCondition } from "../config/match-config.js";
import type { RewriteConfig } from "../config/rewrite-config.js";
import { createGateway } from "../gateway.js";
import { canonicalPath } from "../match/path.js";
import { request } from "../testing/request.js";
import { rewriteQuery } from "./rewrite.js";

/** The request line and host that go to an instance at a base URL. */
const rewritten = (
  rewrite: RewriteConfig,
  line: string,
  path: PathCondition = "/*",
  url = "http://a",
) => {
  const gateway = createGateway([{ path, to: url, rewrite }]);
  const decision = gateway.decide(request(line));
  return decision.kind === "forward" ? decision.request : decision;
};
const pathOf = (...asked: Parameters<typeof rewritten>) =>
  (rewritten(...asked) as { path: string }).path;

it("sends path, query and host on as they came where nothing is rewritten", () => {
  expect(rewritten({}, "GET api.shop.com:81/a/%2f?b=%zz&c")).toEqual({
    method: "GET",
    path: "/a/%2F?b=%zz&c",
    host: "api.shop.com:81",
  });
});

it("puts the path of the base URL before the path, whatever that was made from", () => {
  expect(pathOf({}, "GET /x", "/*", "http://a/base/")).toBe("/base/x");
  expect(pathOf({ path: { replacePrefix: "/" } }, "GET /v1", { prefix: "/v1" }, "http://a/b")).toBe(
    "/b/",
  );
});

it("replaces the host", () => {
  expect(rewritten({ host: "Internal:8080" }, "GET x.org/")).toMatchObject({
    host: "Internal:8080",
  });
});

describe("a path", () => {
  it("is filled into a template in its canonical form, never decoded", () => {
    expect(pathOf({ path: "/v2/:id" }, "GET /v1/a%2f..x?q=1", "/v1/:id")).toBe("/v2/a%2F..x?q=1");
    expect(pathOf({ path: "/v2/:id/*" }, "GET /v1/7/a/b", "/v1/:id/*")).toBe("/v2/7/a/b");
    expect(pathOf({ path: "/v2/*" }, "GET /v1", "/v1/*")).toBe("/v2/");
    expect(pathOf({ path: "/:b/:a/:b" }, "GET /1/2", "/:a/:b")).toBe("/2/1/2");
    expect(pathOf({ path: "/café/:id" }, "GET /7", "/:id")).toBe("/caf%C3%A9/7");
  });

  it("is replaced as a whole", () => {
    expect(pathOf({ path: { replace: "/new" } }, "GET /a/b?c")).toBe("/new?c");
  });

  it("gets a new prefix by whole segments", () => {
    const path = { prefix: "/foo" };
    expect(pathOf({ path: { replacePrefix: "/xyz" } }, "GET /foo/bar", path)).toBe("/xyz/bar");
    expect(pathOf({ path: { replacePrefix: "/xyz/" } }, "GET /foo", path)).toBe("/xyz");
    expect(pathOf({ path: { replacePrefix: "" } }, "GET /foo?a", path)).toBe("/?a");
    expect(pathOf({ path: { replacePrefix: "/u" } }, "GET /t/7/x", "/t/:id/*")).toBe("/u/x");
    expect(pathOf({ path: { replacePrefix: "/u" } }, "GET /x", "/*")).toBe("/u/x");
  });

  it("is changed by a regex and its groups", () => {
    const digits = { path: { regex: "/v([0-9]+)/", with: "/version-$1/" } };
    expect(pathOf(digits, "GET /v12/x/v3/y")).toBe("/version-12/x/version-3/y");
    expect(pathOf(digits, "GET /other")).toBe("/other");
    expect(pathOf({ path: { regex: "/(?<a>[^/]+)", with: "/<$<a>>" } }, "GET /x")).toBe("/%3Cx%3E");
    expect(pathOf({ path: { regex: ".*", with: "" } }, "GET /x")).toBe("/");
    expect(pathOf({ path: { regex: "x", with: "$9$" } }, "GET /x")).toBe("/$9$");
  });

  it("is canonical after a regex too, whatever a client puts around the match", () => {
    expect(pathOf({ path: { regex: "X", with: "" } }, "GET /files/.X./secret")).toBe("/secret");
    expect(pathOf({ path: { regex: "X", with: "" } }, "GET /X/evil.com")).toBe("/evil.com");
    expect(pathOf({ path: { regex: "a", with: "b c?d" } }, "GET /a")).toBe("/b%20c%3Fd");
    expect(pathOf({ path: { regex: "2", with: "" } }, "GET /a%20/b")).toBe("/a%250/b");
    expect(pathOf({ path: { regex: "a", with: "\\" } }, "GET /a")).toBe("/%5C");
  });
});

it("never sends a path that is empty or not canonical, for any rewrite and path", () => {
  const piece = fc.constantFrom("/", "a", "..", ".", "%2F", "%20", "%", "X", "é", "//", "?q", "2");
  const rewrite: fc.Arbitrary<RewriteConfig> = fc.constantFrom<RewriteConfig>(
    { path: { replacePrefix: "" } },
    { path: { replacePrefix: "/" } },
    { path: { replacePrefix: "/x" } },
    { path: { regex: "X|2|%2F", with: "" } },
    { path: { regex: "a", with: "." } },
    { path: { regex: "/", with: "" } },
    { path: { regex: ".*", with: "//evil.com" } },
    { path: "/v/*" },
    { path: "/*" },
  );
  const path = fc.constantFrom<PathCondition>("/*", "/a/*");
  fc.assert(
    fc.property(rewrite, path, fc.array(piece, { maxLength: 8 }), (rewrite, match, pieces) => {
      const sent = rewritten(rewrite, `GET /${pieces.join("")}`, match);
      if (!("path" in sent)) return;
      const [made = ""] = sent.path.split("?");
      expect(canonicalPath(made, { dotSegments: "reject" })).toMatchObject({
        ok: true,
        path: made,
      });
    }),
    { numRuns: 300 },
  );
});

describe("a query", () => {
  const changed = (query: string, changes: Partial<Parameters<typeof rewriteQuery>[0]>) =>
    rewriteQuery({ set: [], add: [], remove: [], ...changes }, query);

  it("keeps byte for byte what no change names", () => {
    expect(changed("?a=%zz&b=1+2&&c", { remove: ["d"] })).toBe("?a=%zz&b=1+2&&c");
  });

  it("is set, added to and removed from by name, however names are spelt", () => {
    expect(changed("?a=1&b=2&a=3", { set: [["a", "9"]] })).toBe("?b=2&a=9");
    expect(changed("?a=1", { add: [["a", "2"]] })).toBe("?a=1&a=2");
    expect(changed("?%61=1&b", { remove: ["a"] })).toBe("?b");
    expect(changed("?first+name=1&b=2", { remove: ["first name"] })).toBe("?b=2");
    expect(changed("?%zz=1&b", { remove: ["%zz"] })).toBe("?b");
  });

  it("escapes what it adds", () => {
    expect(changed("", { set: [["a b", "c&d=é"]] })).toBe("?a%20b=c%26d%3D%C3%A9");
  });

  it("disappears when nothing is left", () => {
    expect(changed("?a=1", { remove: ["a"] })).toBe("");
    expect(changed("?", {})).toBe("");
    expect(changed("", {})).toBe("");
  });
});
