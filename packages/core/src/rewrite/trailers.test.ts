import { describe, expect, it } from "vitest";
import type { ForwardDecision } from "../decision.js";
import { createGateway } from "../gateway.js";
import type { RequestView } from "../request.js";
import { acceptsTrailers } from "./trailers.js";
import { buildUpstreamRequest } from "./upstream-request.js";

const asking = (httpVersion: string | undefined, ...rawHeaders: string[]): RequestView => ({
  method: "GET",
  url: "/",
  httpVersion,
  rawHeaders,
});

describe("a client takes trailers", () => {
  it.each([
    ["that lists them on HTTP/2", "2.0", ["te", "trailers"]],
    ["that lists them among others", "2.0", ["TE", "gzip;q=0.5, Trailers"]],
    ["that lists them in another line", "2.0", ["TE", "gzip", "te", "trailers"]],
    ["whose Connection names TE on HTTP/1", "1.1", ["TE", "trailers", "Connection", "close, te"]],
    ["of which no version is known", undefined, ["TE", "trailers"]],
  ])("%s", (_, version, lines) => {
    expect(acceptsTrailers(asking(version, ...lines))).toBe(true);
  });

  it.each([
    ["that says nothing", "2.0", []],
    ["that lists something like them", "2.0", ["TE", "trailers2, x-trailers, trailers;q=0"]],
    [
      "whose Connection does not name TE on HTTP/1",
      "1.1",
      ["TE", "trailers", "Connection", "x-te"],
    ],
    ["that sends no Connection on HTTP/1", "1.0", ["TE", "trailers"]],
  ])("but not one %s", (_, version, lines) => {
    expect(acceptsTrailers(asking(version, ...lines))).toBe(false);
  });
});

describe("the instance is told of trailers", () => {
  const gateway = createGateway([{ to: "http://a" }]);
  const told = (view: RequestView, trailers?: boolean) => {
    const decision = gateway.decide(view) as ForwardDecision;
    const options = trailers === undefined ? {} : { trailers };
    const { headers } = buildUpstreamRequest(view, decision, options);
    return headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === "te");
  };
  const willing = asking("2.0", "TE", "gzip, trailers");

  it("once, and of nothing else that TE lists, where the connection can carry them", () => {
    expect(told(willing, true)).toEqual(["trailers"]);
  });

  it("not where it cannot, or nobody said so", () => {
    expect([told(willing, false), told(willing)]).toEqual([[], []]);
  });

  it("not where the client takes none", () => {
    expect(told(asking("2.0", "TE", "gzip"), true)).toEqual([]);
  });
});
