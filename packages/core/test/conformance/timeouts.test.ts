import { describe, expect, it } from "vitest";
import { checks, forwarded, json, services } from "./kit.js";

const route = (fields: object, more: object = {}) =>
  json({ services, routes: [{ id: "it", to: "web", ...fields }], ...more });

describe("the limits of a decision", () => {
  const cases: readonly (readonly [
    sentence: string,
    timeouts: object | undefined,
    defaults: object | undefined,
    expected: object,
  ])[] = [
    [
      "are off but for idle by default",
      undefined,
      undefined,
      { requestMs: 0, attemptMs: 0, idleMs: 60_000 },
    ],
    [
      "are the route's",
      { requestMs: 500, attemptMs: 100, idleMs: 50 },
      undefined,
      { requestMs: 500, attemptMs: 100, idleMs: 50 },
    ],
    [
      "may be one alone",
      { requestMs: 500 },
      undefined,
      { requestMs: 500, attemptMs: 0, idleMs: 60_000 },
    ],
    [
      "may be equal",
      { requestMs: 500, attemptMs: 500 },
      undefined,
      { requestMs: 500, attemptMs: 500 },
    ],
    [
      "are switched off by 0",
      { requestMs: 0, attemptMs: 0, idleMs: 0 },
      undefined,
      { requestMs: 0, attemptMs: 0, idleMs: 0 },
    ],
    [
      "may limit an attempt where the request is off",
      { requestMs: 0, attemptMs: 9_000 },
      undefined,
      { requestMs: 0, attemptMs: 9_000 },
    ],
    ["come from the defaults", undefined, { requestMs: 500 }, { requestMs: 500 }],
    ["of the route come first", { requestMs: 300 }, { requestMs: 500 }, { requestMs: 300 }],
    [
      "of the defaults are switched off by 0",
      { requestMs: 0 },
      { requestMs: 500 },
      { requestMs: 0 },
    ],
  ];
  for (const [sentence, timeouts, defaults, expected] of cases)
    it(sentence, () => {
      const config = route(
        timeouts === undefined ? {} : { timeouts },
        defaults === undefined ? {} : { defaults: { timeouts: defaults } },
      );
      expect(forwarded(config, "GET /").timeouts).toMatchObject(expected);
    });
});

describe("a limit of 0 as text", () => {
  for (const name of ["requestMs", "attemptMs", "idleMs"])
    it(`switches ${name} off`, () =>
      expect(forwarded(route({ timeouts: { [name]: "0" } }), "GET /").timeouts).toMatchObject({
        [name]: 0,
      }));
  it("switches one of the defaults off", () => {
    const defaults = { timeouts: { requestMs: 500 } };
    const config = route({ timeouts: { requestMs: "0" } }, { defaults });
    expect(forwarded(config, "GET /").timeouts.requestMs).toBe(0);
  });
  it("leaves attempts free", () =>
    expect(
      forwarded(route({ timeouts: { requestMs: "0", attemptMs: 5 } }), "GET /").timeouts,
    ).toMatchObject({ requestMs: 0, attemptMs: 5 }));
});

checks("timeouts in a configuration", [
  [
    "have attempts within the request",
    route({ timeouts: { requestMs: 100, attemptMs: 101 } }),
    "ATTEMPT_TIME",
  ],
  [
    "have attempts within the default request",
    route({ timeouts: { attemptMs: 101 } }, { defaults: { timeouts: { requestMs: 100 } } }),
    "ATTEMPT_TIME",
  ],
  ["may have equal limits", route({ timeouts: { requestMs: 100, attemptMs: 100 } }), undefined],
  [
    "may have attempts without a limit",
    route({ timeouts: { requestMs: 100, attemptMs: 0 } }),
    undefined,
  ],
  [
    "may have requests without a limit",
    route({ timeouts: { requestMs: 0, attemptMs: 100 } }),
    undefined,
  ],
  ["are not negative", route({ timeouts: { requestMs: -1 } }), "TIME"],
  ["have no unit", route({ timeouts: { requestMs: "5s" } }), "TIME"],
]);
