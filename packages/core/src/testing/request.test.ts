import { describe, expect, it } from "vitest";
import { headerOf } from "../request.js";
import { request } from "./request.js";

describe("request", () => {
  it.each([
    ["GET /users/7", { method: "GET", url: "/users/7", headers: {} }],
    [
      "GET api.shop.com/users/7",
      { method: "GET", url: "/users/7", headers: { host: "api.shop.com" } },
    ],
    ["GET a:81/x?y=z", { method: "GET", url: "/x?y=z", headers: { host: "a:81" } }],
    ["GET [::1]/x", { method: "GET", url: "/x", headers: { host: "[::1]" } }],
    ["GET http://a/b", { method: "GET", url: "http://a/b", headers: {} }],
    ["OPTIONS *", { method: "OPTIONS", url: "*", headers: {} }],
    ["GET //evil.com", { method: "GET", url: "//evil.com", headers: {} }],
    ["GET a/b?to=http://c/d", { method: "GET", url: "/b?to=http://c/d", headers: { host: "a" } }],
    ["GET /b?to=http://c/d", { method: "GET", url: "/b?to=http://c/d", headers: {} }],
    ["GET /a b\r\n", { method: "GET", url: "/a b\r\n", headers: {} }],
    ["purge /", { method: "purge", url: "/", headers: {} }],
  ])("reads %j", (line, view) => expect(request(line)).toEqual(view));

  it("takes headers in any case, and what else a view may have", () => {
    const facts = { tenant: "acme" };
    expect(
      request("GET a/", {
        ...{ headers: { "X-Beta": "1", Accept: ["a", "b"] }, protocol: "https" },
        ...{ remoteAddress: "::1", localPort: 443, facts },
      }),
    ).toEqual({
      ...{
        method: "GET",
        url: "/",
        protocol: "https",
        remoteAddress: "::1",
        localPort: 443,
        facts,
      },
      headers: { host: "a", "x-beta": "1", accept: ["a", "b"] },
    });
  });

  it("lets a Host among the headers win over that of the line", () => {
    expect(request("GET a/", { headers: { Host: "b" } })).toMatchObject({ headers: { host: "b" } });
  });

  it("takes a header of any name", () => {
    const headers = JSON.parse('{"__proto__":"1","constructor":"2"}') as { constructor: string };
    const view = request("GET /", { headers: headers as unknown as { [name: string]: string } });
    expect([headerOf(view, "__proto__"), headerOf(view, "constructor")]).toEqual(["1", "2"]);
  });

  it.each(["", "GET", "GET users", "/users", "GET  /users"])("refuses %j", (line) => {
    expect(() => request(line)).toThrow(
      new RangeError(
        `expected a method, a space and a target such as "GET /users/7", got ${JSON.stringify(line)}`,
      ),
    );
  });
});
