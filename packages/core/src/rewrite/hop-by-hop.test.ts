import { expect, it } from "vitest";
import { isHopByHop, nominatedNames } from "./hop-by-hop.js";

it.each([
  ...["connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization"],
  ...["te", "trailer", "transfer-encoding", "upgrade", "http2-settings"],
])("keeps %s to one connection", (name) => expect(isHopByHop(name)).toBe(true));

it("passes everything else on", () => {
  for (const name of ["host", "content-length", "cookie", "constructor", "__proto__", ""])
    expect(isHopByHop(name)).toBe(false);
});

it("reads the names that a Connection header adds", () => {
  expect(nominatedNames("X-A, close ,\tx-b,,")).toEqual(new Set(["x-a", "close", "x-b"]));
  for (const usual of [undefined, "keep-alive", "close"])
    expect(nominatedNames(usual)).toBeUndefined();
});

it("lets no Connection header take away what gives a message its meaning", () => {
  expect(nominatedNames("Host, content-length, Transfer-Encoding, x-a")).toEqual(new Set(["x-a"]));
});
