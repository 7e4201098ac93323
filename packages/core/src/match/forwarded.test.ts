import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileAddresses, plainAddress } from "./address.js";
import { forwardedClient } from "./forwarded.js";
import { parseRequest } from "./target.js";

const trusted = compileAddresses(["10.0.0.0/8", "fd00::/8"]);
const clientIn = (...lines: string[]) =>
  forwardedClient(
    "10.0.0.1",
    { method: "GET", url: "/", rawHeaders: lines.flatMap((line) => ["Forwarded", line]) },
    trusted,
  );
const addressIn = (...lines: string[]) => clientIn(...lines)?.address;

describe("the client behind trusted proxies", () => {
  it.each([
    ["for=9.9.9.9", "9.9.9.9"],
    ["For=9.9.9.9;proto=http", "9.9.9.9"],
    ['for="9.9.9.9:4711"', "9.9.9.9"],
    ['for="9.9.9.9:_port.1"', "9.9.9.9"],
    ['for="[2001:db8::7]:4711"', "2001:db8::7"],
    ['for="[2001:DB8::7]"', "2001:db8::7"],
    ["for=6.6.6.6, for=9.9.9.9", "9.9.9.9"],
    ["for=6.6.6.6, for=9.9.9.9, for=10.0.0.2", "9.9.9.9"],
    ['for=9.9.9.9,for="[fd00::1]:1", ,', "9.9.9.9"],
    ["for=10.0.0.3, for=10.0.0.2", "10.0.0.3"],
    ['by=_x ; for=9.9.9.9; host="a,b;c\\"d";', "9.9.9.9"],
  ])("of %s is %s", (line, address) => {
    expect(addressIn(line)).toBe(address);
  });

  it("is told by all lines as one list", () => {
    expect(addressIn("for=6.6.6.6", "for=9.9.9.9", "for=10.0.0.2")).toBe("9.9.9.9");
  });

  it.each([
    ..."unknown _hidden junk 9.9.9 9.9.9.9:1 2001:db8::1 [::1]"
      .split(" ")
      .map((node) => `for=${node}`),
    ...['for="2001:db8::1"', 'for="[9.9.9.9]"', 'for="9.9.9.9:123456"', 'for="9.9.9.9', "for"],
    ...["for=1.1.1.1;for=2.2.2.2", "proto=https", "for = 9.9.9.9", "for=9.9.9.9 x", ""],
  ])("is not told by %s, so the walk ends at who sent it", (element) => {
    expect(addressIn(element)).toBe("10.0.0.1");
    expect(addressIn(`for=6.6.6.6, ${element || "for="}, for=10.0.0.2`)).toBe("10.0.0.2");
  });

  it("is not hidden by a quote that somebody left open further left", () => {
    for (const junk of ['"', 'for="', 'for="a\\', 'for="\\"', 'a="b", c="'])
      expect(addressIn(`${junk}, for=9.9.9.9;host="a\\"b\\\\", for=10.0.0.2`)).toBe("9.9.9.9");
  });

  it("is looked for over 50 hops at most", () => {
    const hops = (count: number) => Array.from({ length: count }, () => "for=10.0.0.2").join(",");
    expect(addressIn(`for=9.9.9.9,${hops(49)}`)).toBe("9.9.9.9");
    expect(addressIn(`for=9.9.9.9,${hops(50)}`)).toBe("10.0.0.2");
  });

  it("is looked for in a field of any length", () => {
    for (const part of ['"', "\\", '\\"', ",", ";", "a=b;", 'a="'])
      expect(addressIn(`${part.repeat(100_000)}x, for=9.9.9.9`)).toBe("9.9.9.9");
  });
});

describe("host and scheme", () => {
  it("are those that the trusted proxy nearest to the client tells", () => {
    expect(
      clientIn(
        "for=6.6.6.6;proto=http;host=evil, for=9.9.9.9;proto=HTTPS;host=a.com, for=10.0.0.2;proto=http",
      ),
    ).toEqual({ address: "9.9.9.9", protocol: "https", host: "a.com" });
  });

  it("are told by the next one where that one says nothing of them", () => {
    expect(clientIn('for=9.9.9.9, for=10.0.0.2;proto=https;host="a.com:81"')).toEqual({
      ...{ address: "9.9.9.9", protocol: "https", host: "a.com:81" },
    });
  });

  it("are told beside an address that is unknown", () => {
    expect(clientIn("for=unknown;proto=https")).toEqual({
      ...{ address: "10.0.0.1", protocol: "https", host: "" },
    });
  });

  it("are left out of account where they are none", () => {
    expect(clientIn('for=9.9.9.9;proto=ws;host="a b"')).toMatchObject({
      ...{ protocol: undefined, host: "" },
    });
  });
});

it("is undefined without the field", () => {
  expect(clientIn()).toBeUndefined();
});

describe("a request", () => {
  const parse = (headers: Record<string, string>, remoteAddress = "10.0.0.1", forwarded = true) =>
    parseRequest(
      { method: "GET", url: "/", headers, remoteAddress },
      { trustedProxies: trusted, forwarded },
    );
  const told = { forwarded: "for=9.9.9.9;proto=https;host=a.com" };

  it("comes from the client that Forwarded of a trusted peer names", () => {
    expect(parse(told)).toMatchObject({
      ...{ clientAddress: "9.9.9.9", protocol: "https", forwardedHost: "a.com" },
    });
  });

  it("comes from the client that X-Forwarded-For names, where there are both", () => {
    expect(parse({ ...told, "x-forwarded-for": "8.8.8.8" })).toMatchObject({
      ...{ clientAddress: "8.8.8.8", protocol: "http", forwardedHost: "" },
    });
    expect(parse({ ...told, "x-forwarded-proto": "http" })).toMatchObject({ protocol: "http" });
  });

  it.each([
    [1, "9.9.9.9"],
    [2, "8.8.8.8"],
  ])("comes from behind as many as a framework trusts: %i", (trustedHops, address) => {
    const headers = { forwarded: "for=8.8.8.8, for=9.9.9.9" };
    const view = { method: "GET", url: "/", headers, remoteAddress: "10.0.0.1", trustedHops };
    expect(parseRequest(view, { forwarded: true })).toMatchObject({ clientAddress: address });
  });

  it("comes from its peer, where that is not trusted or Forwarded is not believed", () => {
    expect(parse(told, "7.7.7.7")).toMatchObject({ clientAddress: "7.7.7.7", protocol: "http" });
    expect(parse(told, "10.0.0.1", false)).toMatchObject({
      ...{ clientAddress: "10.0.0.1", protocol: "http", forwardedHost: "" },
    });
  });
});

it("for every text, an address that is none never comes out, and nothing is thrown", () => {
  const piece = fc.constantFrom(
    ...[
      "for=",
      "For=",
      "9.9.9.9",
      "10.0.0.2",
      '"',
      "\\",
      ",",
      ";",
      "=",
      " ",
      "[fd00::1]",
      "[",
      "]",
      ":",
      "1",
    ],
    ...["host=", "proto=", "https", "unknown", "_x", "\t", "\u00e9", "\r"],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const { address = "" } = clientIn(pieces.join("")) ?? {};
      expect(plainAddress(address)).toBe(address);
    }),
    { numRuns: 2_000 },
  );
});
