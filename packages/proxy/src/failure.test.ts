import { describe, expect, it } from "vitest";
import { failureOf, stageOf, statusOf, type Failure } from "./failure.js";

const STATUSES: readonly [Failure["side"], string, number][] = [
  ...[
    "refused",
    "unreachable",
    "dns",
    "tls",
    "reset",
    "closed",
    "protocol",
    "truncated",
    "overflow",
  ].map((cause): [Failure["side"], string, number] => ["instance", cause, 502]),
  ["instance", "timeout", 504],
  ["client", "left", 499],
  ["client", "malformed", 400],
  ["client", "silent", 408],
  ["client", "too-large", 413],
  ["gateway", "overloaded", 503],
  ["gateway", "no-instance", 503],
  ["gateway", "closing", 503],
  ["gateway", "timeout", 504],
  ["gateway", "policy", 500],
  ["gateway", "error", 500],
];

it.each(STATUSES)("a failure of the %s by %s is a %i", (side, cause, status) => {
  expect(statusOf({ side, stage: "head", cause } as Failure)).toBe(status);
});

describe("an error of a socket or of undici", () => {
  it.each([
    ["ECONNREFUSED", { side: "instance", cause: "refused" }],
    ["ENOENT", { side: "instance", cause: "refused" }],
    ["ENOTFOUND", { side: "instance", cause: "dns" }],
    ["EHOSTUNREACH", { side: "instance", cause: "unreachable" }],
    ["UND_ERR_CONNECT_TIMEOUT", { side: "instance", cause: "timeout" }],
    ["ECONNRESET", { side: "instance", cause: "reset" }],
    ["UND_ERR_SOCKET", { side: "instance", cause: "closed" }],
    ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", { side: "instance", cause: "protocol" }],
    ["UND_ERR_DESTROYED", { side: "gateway", cause: "closing" }],
    ["UND_ERR_HEADERS_OVERFLOW", { side: "instance", cause: "overflow" }],
    ["SELF_SIGNED_CERT_IN_CHAIN", { side: "instance", cause: "tls" }],
    ["HPE_INVALID_CONSTANT", { side: "instance", cause: "protocol" }],
    ["UND_ERR_REQ_CONTENT_LENGTH_MISMATCH", { side: "client", cause: "malformed" }],
    ["UND_ERR_INVALID_ARG", { side: "gateway", cause: "error" }],
    ["EMFILE", { side: "gateway", cause: "overloaded" }],
    ["ENOBUFS", { side: "gateway", cause: "overloaded" }],
    ["__proto__", { side: "instance", cause: "protocol" }],
  ])("%s is %j", (code, expected) => {
    const error = Object.assign(new Error("x"), { code });
    expect(failureOf(error, "send")).toMatchObject({ ...expected, stage: "send" });
  });

  it("of a length that was not kept is a cut in the body, and nonsense before", () => {
    const error = Object.assign(new Error("x"), { code: "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" });
    expect(failureOf(error, "body")).toMatchObject({ side: "instance", cause: "truncated" });
  });

  it("without a code is one of the protocol", () => {
    expect(failureOf(new Error("x"), "head")).toEqual({
      side: "instance",
      stage: "head",
      cause: "protocol",
    });
  });
});

it.each([
  [{ isStarted: false, isSent: false, hasHead: false }, "connect"],
  [{ isStarted: true, isSent: false, hasHead: false }, "send"],
  [{ isStarted: true, isSent: true, hasHead: false }, "head"],
  [{ isStarted: true, isSent: false, hasHead: true }, "body"],
])("an attempt with %j is at %s", (progress, stage) => {
  expect(stageOf(progress)).toBe(stage);
});
