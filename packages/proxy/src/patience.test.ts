import { expect, it } from "vitest";
import { patienceOf } from "./patience.js";

it.each([
  ["nothing limits it", { requestMs: 0, attemptMs: 0, idleMs: 0 }, 5, 0],
  ["the attempt is the shortest", { requestMs: 90, attemptMs: 20, idleMs: 60 }, 5, 20],
  ["the head is due before all else", { requestMs: 0, attemptMs: 20, headMs: 7, idleMs: 60 }, 5, 7],
  ["silence is the shortest", { requestMs: 0, attemptMs: 0, idleMs: 60 }, 500, 60],
  [
    "earlier attempts took of the request's time",
    { requestMs: 90, attemptMs: 20, idleMs: 60 },
    80,
    10,
  ],
  ["they took all of it", { requestMs: 90, attemptMs: 0, idleMs: 60 }, 95, 1],
])("%s", (_, timeouts, elapsedMs, expected) => {
  expect(patienceOf({ headMs: 0, ...timeouts }, elapsedMs)).toBe(expected);
});
