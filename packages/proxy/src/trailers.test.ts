import { describe, expect, it } from "vitest";
import { isTrailer, passedTrailers, trailerNames } from "./trailers.js";

describe("a field", () => {
  it.each(["grpc-status", "grpc-message", "x-checksum", "server-timing", "etag", "digest"])(
    "%s may be a trailer",
    (name) => expect(isTrailer(name)).toBe(true),
  );

  it.each([
    ...["Content-Length", "content-type", "transfer-encoding", "Trailer", "Host", "te"],
    ...["authorization", "set-cookie", "Connection", "x-forwarded-for", "X_Forwarded_For", ""],
    ...[":status", "cache-control", "access-control-allow-origin", "proxy-authorization"],
  ])("%j may not", (name) => expect(isTrailer(name)).toBe(false));
});

it("announces those names alone that may be trailers", () => {
  expect(trailerNames("X-Sum, Content-Length,, a b, grpc-status")).toBe("X-Sum, grpc-status");
  expect(trailerNames("host")).toBeUndefined();
  expect(trailerNames(undefined)).toBeUndefined();
});

it("passes the lines of each on, without those that no field can have", () => {
  expect(
    passedTrailers({ "x-a": ["1", "2"], host: "evil", "x-b": "a\r\nb: c", "x-c": "é" }),
  ).toEqual(["x-a", "1", "x-a", "2", "x-c", "é"]);
  expect(passedTrailers({ host: "evil" })).toBeUndefined();
  expect(passedTrailers(undefined)).toBeUndefined();
});
