import { describe, expect, it } from "vitest";
import { oneService } from "./rig.js";
import { exchange, get, securityRig, statusesIn } from "./security-kit.js";

const { wire, gatewayTo } = securityRig();

const LINES = ["Host: a.test", "Connection: close"];

/** What the instance is asked for, or the status of a refusal before which nothing was sent. */
async function asked(target: string, config: object = {}): Promise<string | number> {
  const instance = await wire();
  const { port } = await gatewayTo({ ...oneService([instance.url]), ...config });
  const [status] = statusesIn(await exchange(port, get(target, ...LINES)));
  if (status !== 200) {
    expect(instance.connections()).toBe(0);
    return status as number;
  }
  return instance.head()[0]?.split(" ")[1] as string;
}

describe("the path that reaches the instance is the one that was matched", () => {
  it.each([
    ["dots", "/public/../admin", "/admin"],
    ["dots above the root", "/../../etc/passwd", "/etc/passwd"],
    ["escaped dots", "/public/%2e%2e/admin", "/admin"],
    ["half-escaped dots", "/public/.%2E/admin", "/admin"],
    ["dots that are escaped twice", "/a/%252e%252e%252fb", "/a/%252e%252e%252fb"],
    ["an escaped slash alone", "/a%2fb", "/a%2Fb"],
    ["an escaped backslash alone", "/a%5cb", "/a%5Cb"],
    ["escaped line breaks", "/a%0d%0aX-A:%201", "/a%0D%0AX-A:%201"],
    ["a semicolon", "/admin;x=1", "/admin;x=1"],
    ["dots before a semicolon", "/..;/admin", "/..;/admin"],
    ["two slashes at the front", "//admin", "/admin"],
    ["two slashes inside", "/a//b", "/a/b"],
    ["an overlong escape of a dot", "/%c0%ae%c0%ae/b", "/%C0%AE%C0%AE/b"],
    ["capitals", "/Admin", "/Admin"],
    ["a final dot", "/admin.", "/admin."],
    ["a final slash", "/admin/", "/admin/"],
    ["a final escaped space", "/admin%20", "/admin%20"],
  ])("with %s: %s", async (_, target, path) => {
    expect(await asked(target)).toBe(path);
  });
});

describe("a target with two readings is a 400, and nothing is sent", () => {
  it.each([
    ["dots before an escaped slash", "/public/..%2fadmin"],
    ["escaped dots before an escaped slash", "/public/%2e%2e%2fadmin"],
    ["dots before an escaped backslash", "/public/..%5cadmin"],
    ["an escaped NUL", "/a%00.html"],
    ["a raw backslash", "/public\\..\\admin"],
    ["a raw backslash at the front", "/\\evil.test"],
    ["an escape of no digits", "/a%zz"],
    ["a lone percent sign", "/a%"],
    ["an escape of UTF-16", "/a%u002e"],
    ["a fragment", "/a#/../admin"],
    ["a fragment behind a query", "/a?b#c"],
    ["a user in an absolute target", "http://u:p@a.test/"],
    ["raw UTF-8", "/caf\xc3\xa9"],
    ["another scheme", "ftp://a.test/"],
    ["no slash at the front", "admin"],
    ["a star", "*"],
  ])("%s: %s", async (_, target) => {
    expect(await asked(target)).toBe(400);
  });
});

describe("the query reaches the instance byte for byte", () => {
  it.each([
    ["repeated names, brackets and an escaped ampersand", "?a=1&a=2&__proto__[x]=1&b=%26"],
    [
      "names that others make objects of",
      "?__proto__=1&constructor[prototype][x]=1&a[999999999]=1",
    ],
    ["escapes in either case", "?a=%2f%2F%2e%zz%"],
    ["dots and slashes", "?u=//evil.test/../x"],
    ["a second question mark", "?a?b"],
    ["nothing", "?"],
    ["empty parts", "?&&a&=&"],
    ["plus signs and raw marks", '?a=b+c&d="<>|\\^`{}'],
    ["escaped line breaks", "?a=%0d%0aX-A:%201"],
  ])("with %s", async (_, query) => {
    expect(await asked(`/a${query}`)).toBe(`/a${query}`);
  });

  it("with a thousand parameters, on a route that looks at them", async () => {
    const query = `?${Array.from({ length: 1_000 }, (_, i) => `p${i}=${i}`).join("&")}`;
    const route = { match: { path: "/*", query: { p999: "999" } } };
    const instance = await wire();
    const { port } = await gatewayTo(oneService([instance.url], route));
    expect(statusesIn(await exchange(port, get(`/a${query}`, ...LINES)))).toEqual([200]);
    expect(instance.head()[0]).toBe(`GET /a${query} HTTP/1.1`);
  });
});

describe("a route that protects a place is not walked around", () => {
  /** Where a request ends: at the gateway's own refusal, at the instance, or nowhere. */
  const end = async (target: string): Promise<number | string> => {
    const instance = await wire();
    const { port } = await gatewayTo([
      { path: "/admin/*", respond: { status: 403 } },
      { path: "/*", to: instance.url },
    ]);
    const [status] = statusesIn(await exchange(port, get(target, ...LINES)));
    return status === 200 ? (instance.head()[0] as string) : (status as number);
  };

  it.each([
    "/admin",
    "/admin/",
    "/admin/x",
    "//admin/x",
    "/./admin",
    "/public/../admin",
    "/public/%2e%2e/admin/x",
    "/%61dmin",
    "/%61%64%6d%69%6e/x",
    "/admin/../admin",
    "/admin//x",
    "/a/b/../../admin",
    "http://a.test/admin",
    "http://a.test//admin/x",
    "/admin?x=1",
    "/admin/%2e",
  ])("%s is refused by it", async (target) => {
    expect(await end(target)).toBe(403);
  });

  it.each(["/public/..%2fadmin", "/public/%2e%2e%5cadmin", "/\\admin", "/admin#x", "/admin%00"])(
    "%s is refused by all",
    async (target) => {
      expect(await end(target)).toBe(400);
    },
  );

  it.each([
    ["/Admin", "GET /Admin HTTP/1.1"],
    ["/admin.", "GET /admin. HTTP/1.1"],
    ["/admin;x", "GET /admin;x HTTP/1.1"],
    ["/%2561dmin", "GET /%2561dmin HTTP/1.1"],
    ["/admin%2fx", "GET /admin%2Fx HTTP/1.1"],
  ])("%s is another place, and arrives as that", async (target, line) => {
    expect(await end(target)).toBe(line);
  });

  it("and an escaped slash is a 400 where that is asked for", async () => {
    const path = { encodedSlashes: "reject" };
    expect(await asked("/admin%2fx", { path })).toBe(400);
    expect(await asked("/admin/x?a=%2f", { path })).toBe("/admin/x?a=%2f");
  });

  it("and runs of slashes that are kept are kept for both, the match and the instance", async () => {
    expect(await asked("/a//b", { path: { mergeSlashes: false } })).toBe("/a//b");
  });
});
