import { describe, expect, it } from "vitest";
import type { RequestView } from "../request.js";
import { compileAddresses } from "./address.js";
import { parseRequest, type ParseOptions } from "./target.js";

const parse = (view: Partial<RequestView>, options: ParseOptions = {}) =>
  parseRequest({ method: "GET", url: "/", ...view } as RequestView, options);
const host = (name: string) => ({ headers: { host: name } });

describe("the method", () => {
  it.each(["GET", "M-SEARCH", "purge", "X'!"])("may be any token: %s", (method) => {
    expect(parse({ method })).toMatchObject({ kind: "parsed" });
  });

  it.each(["", "G T", "GET /", "G\r\nT", "GET\n", "G\u00cbT", "(GET)"])(
    "is refused: %j",
    (method) => {
      expect(parse({ method })).toEqual({
        ...{ kind: "bad", status: 400, problem: "the method is no token" },
      });
    },
  );
});

describe("a field that may stand once", () => {
  it.each([
    ["Authorization", "authorization"],
    ["Content-Type", "CONTENT-TYPE"],
    ["Content-Length", "content-length"],
  ])("is refused where it stands twice, also with one value: %s", (name, again) => {
    const refused = { kind: "bad", status: 400 };
    expect(parse({ rawHeaders: [name, "5", "A", "1", again, "5"] })).toEqual({
      ...refused,
      problem: `there are two ${again.toLowerCase()} headers`,
    });
    const pseudo = [":authority", "a", name, "5", name, "6"];
    expect(parse({ rawHeaders: pseudo })).toMatchObject(refused);
    const record = { [again.toLowerCase()]: ["5", "6"] };
    expect(parse({ headers: record })).toMatchObject(refused);
    expect(parse({ headers: { [again.toLowerCase()]: ["5"] } })).toMatchObject({ kind: "parsed" });
  });

  it("may stand beside others like it", () => {
    const names = [
      "Authorization",
      "Content-Type",
      "Content-Length",
      "Authorizatiom",
      "Content-Tyqe",
    ];
    const rawHeaders = [...names, "Cache-Control", "cache-control"].flatMap((name) => [name, "1"]);
    expect(parse({ rawHeaders })).toMatchObject({ kind: "parsed" });
  });
});

describe("the target", () => {
  it.each([
    ["/a/b?c=d", "/a/b", "?c=d"],
    ["/a?", "/a", "?"],
    ["/a?b?c", "/a", "?b?c"],
    ["/a/../b?x=%2e%2e/", "/b", "?x=%2e%2e/"],
    ["/%61?a=1&a=2&__proto__[x]=1&b=%26", "/a", "?a=1&a=2&__proto__[x]=1&b=%26"],
    ["//evil.com/x", "/evil.com/x", ""],
    ["http://h/a?b", "/a", "?b"],
    ["HTTPS://h", "/", ""],
    ["http://h?b", "/", "?b"],
    ["/a?b c", "/a", "?b%20c"],
    ["/a?x=é😀", "/a", "?x=é%F0%9F%98%80"],
  ])("%j is the path %j and the query %j", (url, path, query) => {
    expect(parse({ url })).toMatchObject({ kind: "parsed", path, query });
  });

  it.each([
    ["", "the target is neither a path nor an http URL"],
    ["a/b", "the target is neither a path nor an http URL"],
    ["ftp://h/", "the target is neither a path nor an http URL"],
    ["h:80", "the target is neither a path nor an http URL"],
    ["http://", "the target names no host"],
    ["http:///a", "the target names no host"],
    ["http://u:p@h/", "the host is malformed"],
    ["http://h\\@evil/", "the path is malformed: it holds a raw backslash"],
    ["http://h#x", "the path is malformed: it holds a fragment (#)"],
    ["/a#b", "the path is malformed: it holds a fragment (#)"],
    ["/a?b#c", "the target holds a fragment (#)"],
    ["/a?b\r\nc", "the query holds a control character"],
    ["/a?b\x7f", "the query holds a control character"],
    [
      "/a/..%2fb",
      "the path is malformed: an encoded slash or backslash in it would make a dot segment",
    ],
    ["/%00", "the path is malformed: it holds an encoded NUL (%00)"],
    ["*", "only OPTIONS may ask for *"],
  ])("%j is a 400", (url, problem) => {
    expect(parse({ url })).toEqual({ kind: "bad", status: 400, problem });
  });

  it("takes * of OPTIONS", () => {
    expect(parse({ method: "OPTIONS", url: "*", ...host("a") })).toMatchObject({
      path: "*",
      host: "a",
    });
  });

  it("refuses CONNECT", () => {
    expect(parse({ method: "CONNECT", url: "h:443" })).toEqual({
      kind: "bad",
      status: 405,
      problem: "CONNECT is not served",
    });
  });

  it("follows the options of the path", () => {
    const path = { mergeSlashes: false, dotSegments: "reject" } as const;
    expect(parse({ url: "//a" }, { path })).toMatchObject({ path: "//a" });
    expect(parse({ url: "/a/./b" }, { path })).toMatchObject({ status: 400 });
  });
});

describe("the host", () => {
  it("is that of an absolute target before that of the header", () => {
    expect(parse({ url: "http://Good.test:81/x", ...host("evil.test") })).toMatchObject({
      host: "good.test",
      port: 81,
      authority: "Good.test:81",
    });
  });

  it("is :authority where there is one", () => {
    const rawHeaders = [":authority", "a.test", "Accept", "*/*"];
    expect(parse({ rawHeaders })).toMatchObject({ host: "a.test", authority: "a.test" });
    expect(parse({ headers: { ":authority": "a.test" } })).toMatchObject({ host: "a.test" });
    expect(parse({ rawHeaders: [":authority", "a", "host", "a"] })).toMatchObject({ host: "a" });
  });

  it("is matched in lower case without port and final dot, and forwarded as it came", () => {
    expect(parse(host("API.Shop.com.:8080"))).toMatchObject({
      host: "api.shop.com",
      port: 8080,
      authority: "API.Shop.com.:8080",
    });
  });

  it("may be missing", () => expect(parse({})).toMatchObject({ host: "", authority: "" }));

  it.each([
    ["two Host headers", { rawHeaders: ["Host", "a", "hOST", "a"] }, "there are two Host headers"],
    ["two in a record", { headers: { host: ["a", "b"] } }, "there are two Host headers"],
    [
      "two :authority",
      { rawHeaders: [":authority", "a", ":authority", "b"] },
      "there are two Host headers",
    ],
    [
      ":authority that differs from Host",
      { rawHeaders: [":authority", "a", "host", "b"] },
      ":authority and Host differ",
    ],
    ["userinfo", host("u@h"), "the host is malformed"],
    ["a list", host("a, b"), "the host is malformed"],
    ["a space", host("a b"), "the host is malformed"],
  ])("with %s is a 400", (_what, view, problem) => {
    expect(parse(view as Partial<RequestView>)).toEqual({ kind: "bad", status: 400, problem });
  });

  // RFC 9112 section 3.2: any request with more than one Host field is refused, whatever its target.
  it("is refused when it stands twice beside an absolute target", () => {
    const rawHeaders = ["Host", "a", "Host", "b"];
    expect(parse({ url: "http://a/x", rawHeaders })).toMatchObject({ kind: "bad", status: 400 });
  });
});

describe("the client", () => {
  const trustedProxies = compileAddresses(["10.0.0.0/8", "fd00::/8"]);
  const from = (remoteAddress: string | undefined, forwarded?: string | readonly string[]) =>
    parse(
      {
        ...(remoteAddress === undefined ? {} : { remoteAddress }),
        headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
      },
      { trustedProxies },
    ) as { clientAddress: string; peerTrusted: boolean; peerAddress: string };

  it.each([
    ["is the peer when nobody is trusted with more", "9.9.9.9", "6.6.6.6", "9.9.9.9"],
    [
      "is the right-most entry that is not trusted",
      "10.0.0.1",
      "6.6.6.6, 7.7.7.7, 10.0.0.2",
      "7.7.7.7",
    ],
    ["is the left-most entry when all are trusted", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
    ["is the peer when there is no entry", "10.0.0.1", undefined, "10.0.0.1"],
    [
      "is the last trusted one before an entry that is no address",
      "10.0.0.1",
      "6.6.6.6, unknown, 10.0.0.2",
      "10.0.0.2",
    ],
    ["is the peer when the last entry is no address", "10.0.0.1", "6.6.6.6, _hidden", "10.0.0.1"],
    ["is the peer when the header is empty", "10.0.0.1", "", "10.0.0.1"],
    ["is read without a port", "10.0.0.1", "7.7.7.7:1234", "7.7.7.7"],
    ["is read without brackets and port", "10.0.0.1", "[2001:db8::7]:99", "2001:db8::7"],
    [
      "is an IPv4 address when that was mapped into IPv6",
      "::ffff:10.0.0.1",
      "::ffff:7.7.7.7",
      "7.7.7.7",
    ],
    ["is behind a trusted IPv6 peer", "fd00::1", "7.7.7.7", "7.7.7.7"],
  ])("%s", (_what, peer, forwarded, address) => {
    expect(from(peer, forwarded).clientAddress).toBe(address);
  });

  it.each([
    [0, "10.0.0.1", false],
    [1, "10.0.0.2", true],
    [2, "7.7.7.7", true],
    [9, "6.6.6.6", true],
  ])("is behind %i addresses where a framework says how many are trusted", (hops, address, is) => {
    const headers = { "x-forwarded-for": "6.6.6.6, 7.7.7.7, 10.0.0.2" };
    expect(
      parse({ remoteAddress: "10.0.0.1", headers, trustedHops: hops }, { trustedProxies }),
    ).toMatchObject({ clientAddress: address, peerTrusted: is });
  });

  it("reads several lines as one list", () => {
    expect(from("10.0.0.1", ["6.6.6.6", "7.7.7.7, 10.0.0.2"]).clientAddress).toBe("7.7.7.7");
  });

  it("walks at most fifty hops", () => {
    const hops = Array.from({ length: 200 }, () => "10.0.0.2");
    expect(from("10.0.0.1", ["7.7.7.7", ...hops].join(",")).clientAddress).toBe("10.0.0.2");
  });

  it("is unknown when the peer is", () => {
    expect(from(undefined, "6.6.6.6")).toMatchObject({ clientAddress: "", peerTrusted: false });
  });

  it("tells the peer apart from the client", () => {
    expect(from("::ffff:10.0.0.1", "7.7.7.7")).toMatchObject({
      peerAddress: "10.0.0.1",
      peerTrusted: true,
    });
  });

  it("may set the protocol only through a trusted peer", () => {
    const protocol = (remoteAddress: string, value: string) =>
      parse(
        { remoteAddress, protocol: "http", headers: { "x-forwarded-proto": value } },
        { trustedProxies },
      );
    expect(protocol("9.9.9.9", "https")).toMatchObject({ protocol: "http" });
    expect(protocol("10.0.0.1", "HTTPS")).toMatchObject({ protocol: "https" });
    expect(protocol("10.0.0.1", "gopher")).toMatchObject({ protocol: "http" });
  });
});
