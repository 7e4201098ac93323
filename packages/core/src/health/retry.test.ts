import { describe, expect, it } from "vitest";
import type { RetryRule } from "../decision.js";
import type { FailureCause, FailureOutcome, Outcome, OutcomeStage } from "../outcome.js";
import { listed } from "../testing/env.js";
import { DEFAULT_RETRY, pauseOf, refusalOf, type RetryFacts, type StopReason } from "./retry.js";

const asked: RetryRule = { ...DEFAULT_RETRY, attempts: 2, asked: true, statuses: [503] };
const failure = (stage: OutcomeStage, cause: FailureCause): FailureOutcome => ({
  kind: "failure",
  stage,
  cause,
});
const response = (status: number): Outcome => ({ kind: "response", status, totalMs: 1 });
const refused = failure("connect", "refused");
const reset = failure("head", "reset");
const replayable = { replayable: true };

interface Asked {
  readonly rule?: RetryRule;
  readonly attempt?: number;
  readonly method?: string;
  readonly outcome?: Outcome;
  readonly facts?: RetryFacts;
}
const refusal = ({ rule = asked, attempt = 1, method = "GET", outcome = reset, facts }: Asked) =>
  refusalOf(rule, attempt, method, outcome, facts ?? replayable);

describe("no further attempt", () => {
  it.each<readonly [reason: StopReason, what: string, Asked]>([
    ["cancelled", "the client has left", { outcome: { kind: "cancelled", stage: "head" } }],
    [
      "response-started",
      "a byte has gone to the client",
      { facts: { replayable: true, responseStarted: true } },
    ],
    ["delivered", "the response is whole", { outcome: response(200) }],
    ["delivered", "the status is not among those that retry", { outcome: response(502) }],
    ["delivered", "nobody asked for statuses", { rule: DEFAULT_RETRY, outcome: response(503) }],
    [
      "delivered",
      "the head has a status that does not retry",
      { outcome: { kind: "head", status: 200, headMs: 1 } },
    ],
    ["switched-off", "the rule has no attempts", { rule: { ...asked, attempts: 0 } }],
    ["attempts", "all are used up", { attempt: 3 }],
    [
      "attempts",
      "the one by default is used up",
      { rule: DEFAULT_RETRY, outcome: refused, attempt: 2 },
    ],
    ["not-retriable", "the body broke", { outcome: failure("body", "reset") }],
    ["not-retriable", "the upgrade failed", { outcome: failure("upgrade", "reset") }],
    ["not-retriable", "the response was malformed", { outcome: failure("head", "protocol") }],
    [
      "not-retriable",
      "an attempt ran out of time and nobody asked",
      { rule: DEFAULT_RETRY, outcome: failure("head", "timeout") },
    ],
    ["not-retriable", "a new connection was reset and nobody asked", { rule: DEFAULT_RETRY }],
    ["method", "the method may not be sent twice", { method: "POST" }],
    [
      "method",
      "the status of a POST is one that retries",
      { method: "POST", outcome: response(503) },
    ],
    ["method", "methods are case-sensitive", { method: "get" }],
    ["body", "the body is gone", { facts: { replayable: false } }],
    [
      "body",
      "the body is gone, though the instance saw nothing",
      { outcome: refused, facts: { replayable: false } },
    ],
  ])("because of %s: %s", (reason, _what, asking) => expect(refusal(asking)).toBe(reason));
});

describe("another attempt", () => {
  it.each<readonly [what: string, Asked]>([
    ["a connection failed", { outcome: refused }],
    ["a connection failed, for any method", { outcome: refused, method: "POST" }],
    [
      "a connection failed, without being asked",
      { rule: DEFAULT_RETRY, outcome: refused, method: "PATCH" },
    ],
    [
      "connecting took too long",
      { rule: DEFAULT_RETRY, outcome: failure("connect", "timeout"), method: "POST" },
    ],
    ["a name did not resolve", { rule: DEFAULT_RETRY, outcome: failure("connect", "dns") }],
    ["the connection was reset before the head", { outcome: reset }],
    ["the connection was reset while sending", { outcome: failure("send", "reset") }],
    ["the connection was closed before the head", { outcome: failure("head", "closed") }],
    ["an attempt ran out of time", { outcome: failure("head", "timeout") }],
    ["the status is one that retries", { outcome: response(503) }],
    ["the head has a status that retries", { outcome: { kind: "head", status: 503, headMs: 1 } }],
    ["there are attempts left", { attempt: 2 }],
    [
      "a reused connection was dead, without being asked",
      { rule: DEFAULT_RETRY, facts: { replayable: true, reusedConnection: true } },
    ],
    ["a method of the rule's own", { rule: { ...asked, methods: ["POST"] }, method: "POST" }],
  ])("when %s", (_what, asking) => expect(refusal(asking)).toBeUndefined());

  it.each(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"])("of %s", (method) => {
    expect(refusal({ method })).toBeUndefined();
  });

  it("does not reach an instance with a POST twice", () => {
    for (const rule of [DEFAULT_RETRY, asked])
      for (const stage of ["send", "head", "body"] as const)
        for (const cause of ["reset", "closed", "timeout", "protocol", "truncated"] as const)
          expect(
            refusal({
              rule,
              method: "POST",
              outcome: failure(stage, cause),
              facts: { replayable: true, reusedConnection: true },
            }),
          ).toBeDefined();
  });
});

describe("the pause before it", () => {
  const pause = (attempt: number, draw: number, facts: Partial<RetryFacts> = {}, rule = asked) =>
    pauseOf(rule, attempt, listed(draw), { replayable: true, ...facts });

  it("is uniform below a bound that doubles up to the largest", () => {
    expect([1, 2, 3, 4, 5, 6].map((attempt) => pause(attempt, 0.5))).toEqual([
      12.5, 25, 50, 100, 125, 125,
    ]);
    expect(pause(1, 0)).toBe(0);
    expect(pause(1, 0.999)).toBeLessThan(25);
  });

  it("is at least what the instance asked for", () => {
    expect(pause(1, 0.5, { retryAfterMs: 2_000 })).toBe(2_000);
    expect(pause(4, 0.5, { retryAfterMs: 10 })).toBe(100);
  });

  it("is none, and draws nothing, for the rule that nobody asked for", () => {
    const draw = () => {
      throw new Error("drawn");
    };
    expect(pauseOf(DEFAULT_RETRY, 1, draw, replayable)).toBe(0);
  });
});
