import { describe, expect, it } from "vitest";
import type { ForwardDecision } from "../decision.js";
import { createGateway } from "../gateway.js";
import type { RequestView } from "../request.js";
import { buildUpstreamRequest } from "./upstream-request.js";

const gateway = createGateway({
  routes: [{ to: "http://10.0.0.9:8080" }],
  trustedProxies: ["10.0.0.0/8", "fd00::/8"],
  forwarded: true,
});

/** Lines of a name that the instance gets. */
const sent = (name: string, rawHeaders: readonly string[], view: Partial<RequestView> = {}) => {
  const asking = { method: "GET", url: "/", rawHeaders, ...view } as RequestView;
  const decision = gateway.decide(asking) as ForwardDecision;
  const { headers } = buildUpstreamRequest(asking, decision);
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === name);
};
const forwarded = (rawHeaders: readonly string[], remoteAddress?: string, view = {}) =>
  sent("forwarded", rawHeaders, { remoteAddress, ...view });

describe("Forwarded, where it is switched on,", () => {
  it("says what X-Forwarded-* says: who asked for which host by which scheme", () => {
    expect(forwarded(["Host", "shop.com"], "9.9.9.9", { protocol: "https" })).toEqual([
      "for=9.9.9.9;host=shop.com;proto=https",
    ]);
  });

  it("is not written where nobody asked for it", () => {
    const plain = createGateway([{ to: "http://a" }]);
    const view = { method: "GET", url: "/", headers: { forwarded: "for=1.1.1.1" } };
    const decision = plain.decide(view) as ForwardDecision;
    expect(buildUpstreamRequest(view, decision).headers).not.toContain("forwarded");
    expect(decision.trail).toBeUndefined();
  });

  it.each([
    ["2001:db8::1", 'for="[2001:db8::1]"'],
    ["fe80::1%eth0", 'for="[fe80::1]"'],
    ["::ffff:9.9.9.9", "for=9.9.9.9"],
    [undefined, "for=unknown"],
    ["/run/app.sock", "for=unknown"],
    ['9"; by=x', "for=unknown"],
  ])("names the peer %s as %s", (address, node) => {
    expect(forwarded([], address)).toEqual([`${node};proto=http`]);
  });

  it("quotes a host that is no token", () => {
    expect(forwarded(["Host", "shop.com:8080"], "9.9.9.9")).toEqual([
      'for=9.9.9.9;host="shop.com:8080";proto=http',
    ]);
    const odd = ["X-Forwarded-Host", 'a"b\\c, d\r\ne'];
    expect(forwarded(odd, "10.0.0.1")).toEqual(['for=10.0.0.1;host="a\\"b\\\\c, d  e";proto=http']);
  });

  it("replaces what a peer says that is not trusted", () => {
    const spoofed = ["Host", "x", "Forwarded", "for=6.6.6.6", "forwarded", "for=7.7.7.7"];
    expect(forwarded(spoofed, "9.9.9.9")).toEqual(["for=9.9.9.9;host=x;proto=http"]);
  });

  it("is added to all that a trusted peer says, in one line", () => {
    const lines = ["Forwarded", "for=6.6.6.6;proto=https", "forwarded", 'for="[fd00::1]"'];
    expect(forwarded(lines, "10.0.0.1")).toEqual([
      'for=6.6.6.6;proto=https,for="[fd00::1]", for=10.0.0.1;proto=https',
    ]);
  });

  it("begins anew where the list of a trusted peer would swallow what is added", () => {
    const open = ["Forwarded", 'for="\\", for=8.8.8.8'];
    expect(forwarded(open, "10.0.0.1")).toEqual(["for=8.8.8.8, for=10.0.0.1;proto=http"]);
  });

  it("is not to be stripped by Connection", () => {
    const lines = ["Connection", "Forwarded, X-Forwarded-For"];
    expect(forwarded(lines, "9.9.9.9")).toEqual(["for=9.9.9.9;proto=http"]);
    expect(sent("x-forwarded-for", lines, { remoteAddress: "9.9.9.9" })).toEqual(["9.9.9.9"]);
  });
});

describe("a client that a trusted peer tells in one of the two fields", () => {
  it("is told in the other one too", () => {
    expect(forwarded(["X-Forwarded-For", "2001:db8::7, 10.0.0.2"], "10.0.0.1")).toEqual([
      'for="[2001:db8::7]", for=10.0.0.1;proto=http',
    ]);
    const lines = ["Forwarded", "for=8.8.8.8;host=shop.com;proto=https"];
    const view = { remoteAddress: "10.0.0.1" };
    expect(sent("x-forwarded-for", lines, view)).toEqual(["8.8.8.8, 10.0.0.1"]);
    expect(sent("x-forwarded-proto", lines, view)).toEqual(["https"]);
    expect(sent("x-forwarded-host", ["Host", "inner", ...lines], view)).toEqual(["shop.com"]);
  });

  it("is told once where both have it", () => {
    const lines = ["X-Forwarded-For", "8.8.8.8", "Forwarded", "for=8.8.8.8"];
    expect(forwarded(lines, "10.0.0.1")).toEqual(["for=8.8.8.8, for=10.0.0.1;proto=http"]);
    expect(sent("x-forwarded-for", lines, { remoteAddress: "10.0.0.1" })).toEqual([
      "8.8.8.8, 10.0.0.1",
    ]);
  });

  it("gets no address from an empty field", () => {
    const lines = ["X-Forwarded-For", "", "Forwarded", "", "X-Forwarded-Host", ""];
    expect(sent("x-forwarded-for", lines, { remoteAddress: "10.0.0.1" })).toEqual(["10.0.0.1"]);
    expect(forwarded(lines, "10.0.0.1")).toEqual(["for=10.0.0.1;proto=http"]);
  });
});
