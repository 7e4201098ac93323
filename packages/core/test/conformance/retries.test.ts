import { describe, expect, it } from "vitest";
import {
  buildClientResponse,
  buildUpstreamRequest,
  createGateway,
  type FailureOutcome,
  type ForwardDecision,
  type Outcome,
  type RequestView,
  type RetryFacts,
} from "../../src/index.js";
import { testEnv } from "../../src/testing/index.js";
import { ask, checks, json, linesOf, viewOf, type Draws } from "./kit.js";

const services = {
  web: { instances: ["http://one", "http://two", "http://three"], balancer: "round-robin" },
  single: { instances: ["http://one"] },
  shop: {
    instances: [
      { url: "http://v1", version: "v1" },
      { url: "http://v2", version: "v2" },
      { url: "http://v2b", version: "v2" },
    ],
  },
};
const route = (fields: object, more: object = {}) =>
  json({ services, routes: [{ id: "it", to: "web", ...fields }], ...more });

const failure = (stage: FailureOutcome["stage"], cause: FailureOutcome["cause"]): Outcome => ({
  kind: "failure",
  stage,
  cause,
});
const refused = failure("connect", "refused");
const reset = failure("head", "reset");
const late = failure("head", "timeout");
const status = (code: number): Outcome => ({ kind: "response", status: code, totalMs: 1 });

interface Played {
  readonly retry?: unknown;
  readonly to?: unknown;
  readonly line?: string;
  readonly outcome?: Outcome;
  readonly facts?: RetryFacts;
  readonly draws?: Draws;
  readonly view?: RequestView;
  readonly [field: string]: unknown;
}

/** Plays a request that always comes to the same outcome: every attempt, every pause, and why it ended. */
function play({ view, line = "GET /", outcome = refused, facts, draws = {}, ...fields }: Played) {
  const gateway = createGateway(route(fields), { env: testEnv({ draws }) });
  const first = gateway.decide(viewOf(view ?? line));
  if (first.kind !== "forward") throw new Error(`not forwarded: ${first.kind}`);
  const attempts: ForwardDecision[] = [first];
  const pauses: number[] = [];
  for (let decision: ForwardDecision = first; attempts.length < 20;) {
    gateway.start(decision);
    gateway.report(decision, outcome);
    const next = gateway.retry(decision, outcome, facts ?? { replayable: true });
    if (next.kind === "stop") return { attempts, pauses, reason: next.reason };
    decision = next.decision;
    attempts.push(decision);
    pauses.push(next.delayMs);
  }
  throw new Error("no end of attempts");
}

describe("the number of attempts", () => {
  for (const attempts of [1, 2, 3])
    it(`is ${attempts} more after the first, at most`, () => {
      const played = play({ retry: { attempts } });
      expect(played.attempts.map((decision) => decision.attempt)).toEqual(
        Array.from({ length: attempts + 1 }, (_, i) => i + 1),
      );
      expect(played.reason).toBe("attempts");
    });
  it("is one when retries are switched off", () =>
    expect(play({ retry: { attempts: 0 } }).attempts).toHaveLength(1));
});

describe("what is tried again", () => {
  const rule = { attempts: 1 };
  const listed = { attempts: 1, statuses: [500, 503] };
  const cases: readonly (readonly [sentence: string, played: Played, again: boolean])[] = [
    ["a failed connection under a rule without statuses", { retry: rule }, true],
    ["a reset under a rule without statuses", { retry: rule, outcome: reset }, true],
    [
      "an attempt that took too long under a rule without statuses",
      { retry: rule, outcome: late },
      true,
    ],
    ["a status under a rule without statuses is not", { retry: rule, outcome: status(503) }, false],
    ["a listed status", { retry: listed, outcome: status(503) }, true],
    ["another listed status", { retry: listed, outcome: status(500) }, true],
    ["a status that is not listed is not", { retry: listed, outcome: status(502) }, false],
    ["a success is not", { retry: listed, outcome: status(200) }, false],
    ["a failed connection under a rule with statuses", { retry: listed }, true],
    ["a reset under a rule with statuses", { retry: listed, outcome: reset }, true],
    ["a failed connection without a rule, once", {}, true],
    ["a status without a rule is not", { outcome: status(503) }, false],
    ["a reset on a fresh connection without a rule is not", { outcome: reset }, false],
    [
      "a client that left is not",
      { retry: rule, outcome: { kind: "cancelled", stage: "head" } },
      false,
    ],
    ["a failed connection of a POST", { retry: rule, line: "POST /" }, true],
    ["a failed connection of a POST without a rule", { line: "POST /" }, true],
    ["a reset of a POST is not", { retry: rule, line: "POST /", outcome: reset }, false],
    [
      "a listed status of a POST is not",
      { retry: listed, line: "POST /", outcome: status(503) },
      false,
    ],
    ["a reset of a PUT", { retry: rule, line: "PUT /", outcome: reset }, true],
    ["a reset of a DELETE", { retry: rule, line: "DELETE /", outcome: reset }, true],
    [
      "a body that cannot be sent again is not",
      { retry: rule, outcome: reset, facts: { replayable: false } },
      false,
    ],
    [
      "a response that has begun is not",
      {
        retry: rule,
        outcome: failure("body", "truncated"),
        facts: { replayable: true, responseStarted: true },
      },
      false,
    ],
    [
      "nothing when no time is left",
      { retry: rule, facts: { replayable: true, remainingMs: 0 } },
      false,
    ],
  ];
  for (const [sentence, played, again] of cases)
    it(sentence, () => expect(play(played).attempts).toHaveLength(again ? 2 : 1));
});

describe("the instance of a retry", () => {
  const urls = (played: Played) => play(played).attempts.map(({ instance }) => instance.url);
  it("is another one each time while there is another", () =>
    expect(new Set(urls({ retry: { attempts: 2 } }))).toEqual(
      new Set(["http://one", "http://two", "http://three"]),
    ));
  it("is one that was tried when there is no other", () => {
    const all = urls({ retry: { attempts: 3 } });
    expect(all).toHaveLength(4);
    expect(new Set(all).size).toBe(3);
  });
  it("is the same when there is one", () =>
    expect(urls({ retry: { attempts: 2 }, to: "single" })).toEqual(Array(3).fill("http://one")));
  it("is told with those before it", () => {
    const { attempts } = play({ retry: { attempts: 2 } });
    const ids = attempts.map(({ instance }) => instance.id);
    expect(attempts.map(({ tried }) => tried)).toEqual([[], ids.slice(0, 1), ids.slice(0, 2)]);
  });
});

describe("the version of a retry", () => {
  const to = { service: "shop", split: { v1: 50, v2: 50 } };
  const played = () => play({ retry: { attempts: 3 }, to, draws: { split: [0.75, 0.25] } });
  it("is that of the first attempt", () =>
    expect(played().attempts.map(({ version }) => version)).toEqual(["v2", "v2", "v2", "v2"]));
  it("is read at the same point", () =>
    expect(played().attempts.map(({ point }) => point)).toEqual([0.75, 0.75, 0.75, 0.75]));
  it("is kept where it has one instance", () => {
    const { attempts } = play({ retry: { attempts: 1 }, to, draws: { split: [0.25, 0.75] } });
    expect(attempts.map(({ instance }) => instance.url)).toEqual(["http://v1", "http://v1"]);
  });
});

describe("the heads of a retry", () => {
  const view = ask("GET a.test/a/b?x=1", { "x-a": "0" });
  const attempts = () =>
    play({
      view,
      retry: { attempts: 1 },
      match: { path: { prefix: "/a" } },
      rewrite: { host: "b.test", path: { replacePrefix: "/n" } },
      requestHeaders: { add: { "x-a": "1" } },
      responseHeaders: { set: { "x-b": "1" } },
    }).attempts;
  it("are those of the first attempt, to the instance", () => {
    const [first, second] = attempts().map((decision) => buildUpstreamRequest(view, decision));
    expect(second).toEqual(first);
    expect(second?.path).toBe("/n/b?x=1");
  });
  it("are those of the first attempt, to the client", () => {
    const upstream = { status: 200, headers: { "x-b": "0" } };
    const [first, second] = attempts().map((one) => buildClientResponse(one, upstream, view));
    expect(second).toEqual(first);
    expect(linesOf(second?.headers ?? [], "x-b")).toEqual(["1"]);
  });
});

describe("the pause before a retry", () => {
  const cases: readonly (readonly [
    sentence: string,
    retry: object,
    draw: number,
    pauses: readonly number[],
  ])[] = [
    ["doubles its bound from 25 to 250", { attempts: 6 }, 0.2, [5, 10, 20, 40, 50, 50]],
    ["is 0 at the lowest draw", { attempts: 2 }, 0, [0, 0]],
    [
      "doubles from its own base",
      { attempts: 3, backoff: { baseMs: 100, maxMs: 1_000 } },
      0.5,
      [50, 100, 200],
    ],
    [
      "stops at its own bound",
      { attempts: 3, backoff: { baseMs: 100, maxMs: 150 } },
      0.5,
      [50, 75, 75],
    ],
    [
      "keeps the other default beside a base",
      { attempts: 3, backoff: { baseMs: 200 } },
      0.5,
      [100, 125, 125],
    ],
  ];
  for (const [sentence, retry, draw, pauses] of cases)
    it(sentence, () => {
      const played = play({ retry, draws: { retry: [draw] } });
      expect(played.pauses.map((pause) => Math.round(pause * 100) / 100)).toEqual(pauses);
    });
  it("stays below its bound", () => {
    const [pause] = play({ retry: { attempts: 1 }, draws: { retry: [0.999] } }).pauses;
    expect(pause).toBeLessThan(25);
    expect(pause).toBeGreaterThan(24);
  });
});

describe("Retry-After of the instance", () => {
  const retry = { attempts: 1, statuses: [503] };
  const pauseOf = (facts: RetryFacts) => play({ retry, outcome: status(503), facts }).pauses[0];
  it("is honoured when it fits", () =>
    expect(
      pauseOf({ replayable: true, retryAfterMs: 500, remainingMs: 1_000 }),
    ).toBeGreaterThanOrEqual(500));
  it("is honoured where there is no limit", () =>
    expect(pauseOf({ replayable: true, retryAfterMs: 500 })).toBeGreaterThanOrEqual(500));
  it("never leads past what is left", () =>
    expect(
      pauseOf({ replayable: true, retryAfterMs: 1_500, remainingMs: 1_000 }) ?? 0,
    ).toBeLessThan(1_000));
});

checks("a retry in a configuration", [
  [
    "may have everything",
    route({
      retry: { attempts: 2, statuses: [503], methods: ["GET"], backoff: { baseMs: 1, maxMs: 2 } },
    }),
    undefined,
  ],
  ["has a whole number of attempts", route({ retry: { attempts: 1.5 } }), "RETRY"],
  ["has no negative attempts", route({ retry: { attempts: -1 } }), "RETRY"],
  ["has real statuses", route({ retry: { attempts: 1, statuses: [42] } }), "STATUS"],
  [
    "does not stand beside a redirect",
    json({ services, routes: [{ redirect: { host: "b.test" }, retry: { attempts: 1 } }] }),
    "NO_EFFECT",
  ],
]);
