import { describe, expect, it } from "vitest";
import type { FailureOutcome, Outcome } from "../outcome.js";
import { gradeOf, latencyOf } from "./grade.js";

const head = (status: number): Outcome => ({ kind: "head", status, headMs: 7 });
const response = (status: number): Outcome => ({ kind: "response", status, totalMs: 9 });
const failure = (stage: FailureOutcome["stage"]): Outcome => ({
  kind: "failure",
  stage,
  cause: "reset",
});

describe("the grade of an outcome", () => {
  it("tells a connect failure from a failure behind the connection", () => {
    expect(gradeOf(failure("connect"))).toBe("connect-failure");
    for (const stage of ["send", "head", "body", "upgrade"] as const)
      expect(gradeOf(failure(stage))).toBe("gateway-failure");
  });

  it("tells statuses by what they say about the instance, in a head and in a response", () => {
    for (const of of [head, response]) {
      for (const status of [502, 503, 504]) expect(gradeOf(of(status))).toBe("gateway-failure");
      for (const status of [500, 507, 599]) expect(gradeOf(of(status))).toBe("server-error");
      for (const status of [101, 200, 304]) expect(gradeOf(of(status))).toBe("answer");
    }
  });

  it("counts no fault of the client", () => {
    for (const status of [400, 401, 404, 408, 413, 429, 499, 501, 505])
      expect(gradeOf(response(status))).toBe("answer");
    for (const stage of ["connect", "send", "head", "body"] as const)
      expect(gradeOf({ kind: "cancelled", stage })).toBe("nothing");
  });
});

describe("the latency of an outcome", () => {
  it("is the time until the head, or until the end where the head was not told", () => {
    expect(latencyOf(head(200))).toBe(7);
    expect(latencyOf(response(304))).toBe(9);
  });

  it("is unknown for errors, failures and conversations", () => {
    for (const status of [400, 408, 500, 503]) {
      expect(latencyOf(head(status))).toBeUndefined();
      expect(latencyOf(response(status))).toBeUndefined();
    }
    expect(latencyOf(response(101))).toBeUndefined();
    expect(latencyOf(head(101))).toBe(7);
    expect(latencyOf(failure("head"))).toBeUndefined();
    expect(latencyOf({ kind: "cancelled", stage: "body" })).toBeUndefined();
  });
});
