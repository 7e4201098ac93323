import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalPath, isCanonicalTarget, isPlainTarget, type PathOptions } from "./path.js";

/** Any code unit: control characters, bytes and halves of pairs too. */
const anyChar = fc.oneof(fc.nat(0xff), fc.nat(0xffff)).map((code) => String.fromCharCode(code));

const pathOf = (path: string, options?: PathOptions) => {
  const canonical = canonicalPath(path, options);
  return canonical.ok ? canonical.path : `refused: ${canonical.problem}`;
};

const BAD_ESCAPE = "refused: % is not followed by two hexadecimal digits";
const HIDDEN = "refused: an encoded slash or backslash in it would make a dot segment";
const CONTROL = "refused: it holds a control character";

describe("the canonical path", () => {
  it.each([
    ["/", "/", "nothing to do"],
    ["/a/b", "/a/b", "nothing to do"],
    ["/a/", "/a/", "a final slash stays"],
    ["/A/b", "/A/b", "case stays"],
    ["/a/./b", "/a/b", "a dot segment is resolved"],
    ["/a/../b", "/b", "two dots go up"],
    ["/a/b/..", "/a/", "two dots at the end leave a slash"],
    ["/a/.", "/a/", "a dot at the end leaves a slash"],
    ["/..", "/", "nothing lies above the root"],
    ["/../../etc/passwd", "/etc/passwd", "nothing lies above the root"],
    ["/public/%2e%2e/admin", "/admin", "encoded dots are dots"],
    ["/public/%2E%2e/admin", "/admin", "encoded dots are dots in either case"],
    ["/public/.%2e/admin", "/admin", "half-encoded dots are dots"],
    ["/a/%2e/b", "/a/b", "an encoded dot is a dot"],
    ["/a/...", "/a/...", "three dots are a name"],
    ["/a/..b/.c", "/a/..b/.c", "dots inside of names stay"],
    ["//admin", "/admin", "runs of slashes are merged"],
    ["/a////b//", "/a/b/", "runs of slashes are merged"],
    ["/a//../b", "/a/b", "dot segments first, then runs"],
    ["/..//evil.com", "/evil.com", "what is left never looks like a host"],
    ["/%61%64m", "/adm", "escapes of unreserved characters are decoded"],
    ["/%7Euser%2d%5F%2E", "/~user-_.", "escapes of unreserved characters are decoded"],
    ["/a%2fb", "/a%2Fb", "an encoded slash separates nothing, and stands in upper case"],
    ["/a%5cb", "/a%5Cb", "an encoded backslash is data, in upper case"],
    ["/caf%c3%a9", "/caf%C3%A9", "other escapes are kept in upper case"],
    ["/café", "/caf%C3%A9", "what may not stand raw is escaped as UTF-8"],
    ["/a b", "/a%20b", "what may not stand raw is escaped"],
    ['/"<>^`{|}', "/%22%3C%3E%5E%60%7B%7C%7D", "what may not stand raw is escaped"],
    ["/[1]", "/%5B1%5D", "brackets are no path characters"],
    ["/😀", "/%F0%9F%98%80", "pairs of surrogates are one character"],
    ["/\ud83d", "/%EF%BF%BD", "half a pair is the replacement character"],
    ["/%ff%c0%ae", "/%FF%C0%AE", "bytes that are no UTF-8 are data, and no dots"],
    ["/%252e%252e/a", "/%252e%252e/a", "an escape is decoded at most once"],
    ["/%252E%252F", "/%252E%252F", "an escaped escape is data as it stands"],
    ["/..;/a;x=1", "/..;/a;x=1", "a semicolon is an ordinary character"],
    ["/a:b@c!$&'()*+,;=", "/a:b@c!$&'()*+,;=", "characters that may stand raw do"],
    ["/%3a%40%2a", "/%3A%40%2A", "escapes of reserved characters are not decoded"],
    ["/a%2f..b", "/a%2F..b", "dots beside an encoded slash are only refused where they are whole"],
  ])("of %j is %j: %s", (path, canonical) => expect(pathOf(path)).toBe(canonical));

  it.each([
    ["", "refused: a path starts with /"],
    ["a", "refused: a path starts with /"],
    ["*", "refused: a path starts with /"],
    ["/a\0b", CONTROL],
    ["/a\nb", CONTROL],
    ["/a\x1fb", CONTROL],
    ["/a\x7fb", CONTROL],
    ["/%00", "refused: it holds an encoded NUL (%00)"],
    ["/a\\b", "refused: it holds a raw backslash"],
    ["/\\evil.com", "refused: it holds a raw backslash"],
    ["/a#b", "refused: it holds a fragment (#)"],
    ["/%", BAD_ESCAPE],
    ["/%4", BAD_ESCAPE],
    ["/%zz", BAD_ESCAPE],
    ["/%4g", BAD_ESCAPE],
    ["/%u0041", BAD_ESCAPE],
    ["/a/..%2fb", HIDDEN],
    ["/a/..%2F..%2Fb", HIDDEN],
    ["/a/%2e%2e%2fb", HIDDEN],
    ["/a/..%5cb", HIDDEN],
    ["/a/b%2f..", HIDDEN],
    ["/a/b%2f.%5Cc", HIDDEN],
    ["/.%2fa", HIDDEN],
  ])("is refused for %j", (path, refusal) => expect(pathOf(path)).toBe(refusal));

  it("says whether the path holds what the tree must not see", () => {
    const oddOf = (path: string) => canonicalPath(path) as { odd: boolean };
    expect(oddOf("/a/b")).toMatchObject({ odd: false });
    expect(oddOf("/a%20b")).toMatchObject({ odd: true });
    expect(oddOf("/a*b")).toMatchObject({ odd: true });
    expect(oddOf("/%61")).toMatchObject({ odd: false });
  });
});

describe("single steps may be changed", () => {
  it("refuses dot segments instead of resolving them", () => {
    const options = { dotSegments: "reject" } as const;
    for (const path of ["/a/../b", "/a/%2e/b", "/a/..", "/."])
      expect(pathOf(path, options)).toBe("refused: it holds a dot segment");
    expect(pathOf("/a/...", options)).toBe("/a/...");
  });

  it("keeps runs of slashes", () => {
    expect(pathOf("//a//b/", { mergeSlashes: false })).toBe("//a//b/");
    expect(pathOf("/a//../b", { mergeSlashes: false })).toBe("/a/b");
  });

  it("refuses encoded slashes", () => {
    expect(pathOf("/a%2fb", { encodedSlashes: "reject" })).toBe(
      "refused: it holds an encoded slash",
    );
    expect(pathOf("/a%5cb", { encodedSlashes: "reject" })).toBe("/a%5Cb");
  });
});

describe("the path of a target is canonical", () => {
  it.each([
    ...["/", "/a/b", "/a/?x=/../%61//", "/caf%C3%A9", "/a%2Fb", "/a*b", "/?", "*"],
    ...["/caf%c3%a9", "/a%2fb", "/app/[...path]/page.js", "/a|b^c", '/{"a"}'],
    ...["http://h", "http://h?a", "HTTPS://h:8080/a", "http://[::1]:80/a?//"],
  ])("in %j", (target) => expect(isCanonicalTarget(target)).toBe(true));

  it.each([
    ...["//a", "/a//b", "/./a", "/b/../a", "/b/%2e%2e/a", "/%61", "/%7Ea", "/café"],
    ...[
      "",
      "?",
      "a",
      "/a#b",
      "/a\\b",
      "/%00",
      "/%4",
      "http://h//a",
      "http://h/%61",
      "http://h/../a",
    ],
    ...[
      "http://",
      "http:///a",
      "http://u@h/a",
      "http://h;/a",
      "http://h\\a",
      "ftp://h/a",
      "http://h#/a",
    ],
  ])("not in %j", (target) => expect(isCanonicalTarget(target)).toBe(false));

  it("with runs of slashes where they are kept", () => {
    expect(isCanonicalTarget("/a//b", { mergeSlashes: false })).toBe(true);
    expect(isCanonicalTarget("/a//../b", { mergeSlashes: false })).toBe(false);
  });
});

const piece = fc.constantFrom(
  ...["/", "//", ".", "..", "%2e", "%2E%2e", "%2f", "%5C", "%00", "%", "%4", "%25", "%41", "%ff"],
  ...["a", "B", "é", "😀", "\ud800", "*", ";", ":", "?", "#", "\\", "\n", " ", "~", "%c3%a9", "2e"],
);
const anyPath = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join("")}`),
  fc.string({ unit: anyChar }).map((text) => `/${text}`),
  fc.string({ unit: anyChar }),
);
const anyOptions: fc.Arbitrary<PathOptions> = fc.record(
  {
    dotSegments: fc.constantFrom("resolve" as const, "reject" as const),
    mergeSlashes: fc.boolean(),
    encodedSlashes: fc.constantFrom("keep" as const, "reject" as const),
  },
  { requiredKeys: [] },
);

describe("for every text", () => {
  it("a target is canonical when it is what is forwarded, but for how that is spelt", () => {
    const read = (path: string): string =>
      path.replace(/%(?:22|3C|3E|5B|5D|5E|60|7B|7C|7D)/gi, decodeURIComponent);
    const spelt = (path: string): string =>
      read(path).replace(/%../g, (escaped) => escaped.toUpperCase());
    fc.assert(
      fc.property(anyPath, anyOptions, (text, options) => {
        const path = text.replaceAll("?", "");
        const canonical = canonicalPath(path, options);
        const isSame = canonical.ok && spelt(canonical.path) === spelt(path);
        // What is plain is so under all options.
        expect(isCanonicalTarget(`${path}?a`, options)).toBe(path !== "*" && isSame);
      }),
      { numRuns: 300 },
    );
  });

  it("the canonical form of a canonical path is itself, under the same options and the strict ones", () => {
    fc.assert(
      fc.property(anyPath, anyOptions, (path, options) => {
        const once = canonicalPath(path, options);
        if (!once.ok) return;
        expect(canonicalPath(once.path, options)).toEqual(once);
        expect(canonicalPath(once.path, { ...options, dotSegments: "reject" })).toEqual(once);
      }),
      { numRuns: 300 },
    );
  });

  it("a canonical path starts with one slash, holds no run, no dot segment and nothing raw that it may not", () => {
    fc.assert(
      fc.property(anyPath, (path) => {
        const canonical = canonicalPath(path);
        if (!canonical.ok) return;
        expect(canonical.path).toMatch(/^(\/|(\/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+\/?)$/);
        const segments = canonical.path.split(/\/|%2F|%5C/);
        expect(segments).not.toContain(".");
        expect(segments).not.toContain("..");
      }),
      { numRuns: 300 },
    );
  });

  it("an escape that is left is well formed, in upper case, and of no unreserved character", () => {
    fc.assert(
      fc.property(anyPath, (path) => {
        const canonical = canonicalPath(path);
        if (!canonical.ok) return;
        for (const [, digits = ""] of canonical.path.matchAll(/%(.{0,2})/g)) {
          expect(digits).toMatch(/^[0-9A-F]{2}$/);
          expect(String.fromCharCode(Number.parseInt(digits, 16))).not.toMatch(/[A-Za-z0-9._~\0-]/);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("the short cut takes only paths that are canonical already", () => {
    fc.assert(
      fc.property(anyPath, (target) => {
        if (!isPlainTarget(target)) return;
        const [path = "", ...query] = target.split("?");
        expect(canonicalPath(path)).toEqual({ ok: true, path, odd: false });
        expect(query.join("?")).toMatch(/^[$-~]*$/);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["/", true],
    ["/a/b.c/~d/", true],
    ["/a:b;c=1,(d)?e=%20&f=/../#".slice(0, -1), true],
    ["/a?b?c", true],
    ["a", false],
    ["//a", false],
    ["/a//", false],
    ["/.a", false],
    ["/a/.", false],
    ["/a%41", false],
    ["/a*", false],
    ["/a#b", false],
    ["/a?b#c", false],
    ["/a?b c", false],
    ["/a\n", false],
    ["/a?b\n", false],
    ["/\u00e9", false],
  ])("the short cut and %j: %s", (target, isPlain) => expect(isPlainTarget(target)).toBe(isPlain));

  it("the short cut leaves targets of any length to the long way", () => {
    expect(isPlainTarget(`/${"a/".repeat(10_000_000)}`)).toBe(false);
  });
});
