import { afterEach, expect, it } from "vitest";
import { Deadlines } from "./deadlines.js";
import { ServiceQueues } from "./service-queues.js";

const deadlines = new Deadlines();
const limits = { requests: 1, perInstance: 0, queue: 1_000, queueMs: 60_000 };

afterEach(() => deadlines.close());

/** A queue with waiters by their routes, of which some find a place, and the names of those that got one and that tried. */
function queueOf(names: readonly string[]) {
  const queues = new ServiceQueues(deadlines);
  const open = new Set<string>();
  const got: string[] = [];
  let tries = 0;
  const leave = names.map((name) => {
    const route = name.split(" ")[0] as string;
    const tryAgain = (): boolean => {
      tries++;
      if (open.has(route)) got.push(name);
      return open.has(route);
    };
    return queues.add("s", limits as never, { route, tryAgain, giveUp: () => {} });
  });
  return { queues, open, got, leave, tries: () => tries };
}

it("a waiter without a place holds up those of its own route alone", () => {
  const { queues, open, got } = queueOf(["v1 a", "v1 b", "v2 c", "v1 d", "v2 e"]);
  open.add("v2");
  queues.wake("s");
  expect(got).toEqual(["v2 c", "v2 e"]);
  open.add("v1");
  queues.wake("s");
  expect(got.slice(2)).toEqual(["v1 a", "v1 b", "v1 d"]);
  expect(queues.size).toBe(0);
});

it("who came first has the first place, whatever its route", () => {
  const { queues, open, got } = queueOf(["v1 a", "v2 b", "v1 c", "v3 d", "v2 e"]);
  for (const route of ["v3", "v2", "v1"]) open.add(route);
  queues.wake("s");
  expect(got).toEqual(["v1 a", "v2 b", "v1 c", "v3 d", "v2 e"]);
});

it("one try a route shows that all is full, and no more than 16 do", () => {
  const names = Array.from({ length: 500 }, (_, i) => `r${i % 50} ${i}`);
  const { queues, tries } = queueOf(names);
  queues.wake("s");
  expect(tries()).toBe(16);
  expect(queues.size).toBe(500);
});

it("who leaves is tried no more", () => {
  const { queues, open, got, leave } = queueOf(["v1 a", "v1 b", "v2 c"]);
  leave[0]?.();
  leave[0]?.();
  leave[2]?.();
  expect(queues.size).toBe(1);
  for (const route of ["v1", "v2"]) open.add(route);
  queues.wake("s");
  expect(got).toEqual(["v1 b"]);
});
