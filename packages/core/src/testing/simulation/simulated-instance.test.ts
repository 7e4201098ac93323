import { describe, expect, it } from "vitest";
import type { Fault, InstanceModel } from "./scenario.js";
import { SimulatedInstance } from "./simulated-instance.js";
import { VirtualClock } from "./virtual-clock.js";

/** An instance on a clock of its own. */
class Bench {
  readonly clock = new VirtualClock();
  readonly instance: SimulatedInstance;
  /** What became of requests, in the order in which it was told. */
  readonly told: string[] = [];

  constructor(
    model: Partial<InstanceModel> = {},
    faults: readonly Omit<Fault, "instance">[] = [],
    random: () => number = () => 0.5,
  ) {
    const at = faults.map((fault) => ({ ...fault, instance: "i" }));
    this.instance = new SimulatedInstance({ serviceMs: 10, ...model }, this.clock, random, at);
  }

  /** Sends a request, which tells by its name what becomes of it, when, and after how much work. */
  send(name: string, atMs = 0): void {
    const tell = (what: string, workedMs: number): void =>
      void this.told.push(`${name}: ${what} at ${this.clock.now}, ${workedMs} ms of work`);
    this.clock.at(atMs, () =>
      this.instance.serve({
        onResponse: (status, workedMs) => tell(String(status), workedMs),
        onFailure: (stage, cause, workedMs) => tell(`${stage} ${cause}`, workedMs),
      }),
    );
  }

  /** Lets everything happen. */
  run(): readonly string[] {
    this.clock.run();
    return this.told;
  }
}

it("works on as many requests at once as it can, and on the others in the order in which they came", () => {
  const busy = new Bench({ capacity: 2 });
  for (const name of ["a", "b", "c", "d", "e"]) busy.send(name);
  expect(busy.run()).toEqual([
    "a: 200 at 10, 10 ms of work",
    "b: 200 at 10, 10 ms of work",
    "c: 200 at 20, 10 ms of work",
    "d: 200 at 20, 10 ms of work",
    "e: 200 at 30, 10 ms of work",
  ]);
  expect(busy.instance).toMatchObject({ requests: 5, busyMs: 50, maxInFlight: 5, inFlight: 0 });
});

it("answers 503 where its queue is full", () => {
  const busy = new Bench({ capacity: 1, queue: 1 });
  for (const name of ["a", "b", "c"]) busy.send(name);
  expect(busy.run()).toEqual([
    "c: 503 at 1, 0 ms of work",
    "a: 200 at 10, 10 ms of work",
    "b: 200 at 20, 10 ms of work",
  ]);
});

it("answers 500 to a share of the requests", () => {
  const draws = [0.1, 0.3];
  const erring = new Bench({ errorRatio: 0.2 }, [], () => draws.shift() ?? 0);
  erring.send("a");
  erring.send("b");
  expect(erring.run()).toEqual(["a: 500 at 10, 10 ms of work", "b: 200 at 10, 10 ms of work"]);
});

describe("down", () => {
  it("resets what it works on and what waits, refuses what comes, and serves again when it is back", () => {
    const dying = new Bench({ capacity: 1 });
    dying.send("worked on");
    dying.send("waiting");
    dying.clock.at(4, () => dying.instance.kill());
    dying.send("later", 5);
    dying.clock.at(20, () => dying.instance.start());
    dying.send("after", 30);
    expect(dying.run()).toEqual([
      "worked on: head reset at 4, 4 ms of work",
      "waiting: head reset at 4, 0 ms of work",
      "later: connect refused at 5.2, 0 ms of work",
      "after: 200 at 40, 10 ms of work",
    ]);
    expect(dying.instance).toMatchObject({ requests: 4, busyMs: 14, inFlight: 0 });
  });

  it("is back when the last thing that keeps it down is over", () => {
    const dying = new Bench();
    dying.clock.at(0, () => dying.instance.kill());
    dying.clock.at(10, () => dying.instance.kill());
    dying.clock.at(20, () => dying.instance.start());
    dying.send("a", 25);
    dying.clock.at(30, () => dying.instance.start());
    dying.send("b", 40);
    expect(dying.run()).toEqual([
      "a: connect refused at 25.2, 0 ms of work",
      "b: 200 at 50, 10 ms of work",
    ]);
  });

  it("begins with all its workers free", () => {
    const dying = new Bench({ capacity: 1 });
    dying.send("a");
    dying.clock.at(4, () => dying.instance.kill());
    dying.clock.at(5, () => dying.instance.start());
    dying.send("b", 6);
    dying.send("c", 6);
    expect(dying.run().slice(1)).toEqual([
      "b: 200 at 16, 10 ms of work",
      "c: 200 at 26, 10 ms of work",
    ]);
  });
});

describe("stalled", () => {
  it("takes requests and goes on with all when it is over", () => {
    const stalled = new Bench({ capacity: 2 }, [{ kind: "stalled", fromMs: 4, toMs: 100 }]);
    stalled.send("under way");
    stalled.send("begun in it", 50);
    stalled.send("waiting", 51);
    expect(stalled.run()).toEqual([
      "under way: 200 at 106, 10 ms of work",
      "begun in it: 200 at 110, 10 ms of work",
      "waiting: 200 at 116, 10 ms of work",
    ]);
    expect(stalled.instance.busyMs).toBe(30);
  });

  it("stalls what it works on also where that begins before and would end after it", () => {
    const stalled = new Bench({}, [{ kind: "stalled", fromMs: 4, toMs: 6 }]);
    stalled.send("a");
    expect(stalled.run()).toEqual(["a: 200 at 12, 10 ms of work"]);
  });

  it("does not even answer that it is full", () => {
    const stalled = new Bench({ capacity: 1, queue: 0 }, [
      { kind: "stalled", fromMs: 0, toMs: 100 },
    ]);
    stalled.send("a");
    stalled.send("b");
    expect(stalled.run()).toEqual(["b: 503 at 101, 0 ms of work", "a: 200 at 110, 10 ms of work"]);
  });

  it("never answers when it never ends, until it is killed", () => {
    const stalled = new Bench({}, [{ kind: "stalled", fromMs: 4 }]);
    stalled.send("a");
    stalled.clock.at(1_000, () => stalled.instance.kill());
    expect(stalled.run()).toEqual(["a: head reset at 1000, 4 ms of work"]);
  });
});

it("takes longer for what it begins while it is slow", () => {
  const slow = new Bench({}, [{ kind: "slow", factor: 20, fromMs: 100, toMs: 200 }]);
  slow.send("before", 99);
  slow.send("in it", 100);
  slow.send("behind it", 200);
  expect(slow.run()).toEqual([
    "before: 200 at 109, 10 ms of work",
    "behind it: 200 at 210, 10 ms of work",
    "in it: 200 at 300, 200 ms of work",
  ]);
});

it("fails a share of what comes, without work", () => {
  // For each request whether it fails, and then whether its answer is an error.
  const draws = [0.5, 0.9, 0.3];
  const faults = [{ kind: "failing", ratio: 0.4, fromMs: 0, toMs: 50 }] as const;
  const failing = new Bench({}, faults, () => draws.shift() ?? 0);
  failing.send("a");
  failing.send("b", 20);
  failing.send("behind it", 50);
  expect(failing.run()).toEqual([
    "a: 200 at 10, 10 ms of work",
    "b: 503 at 21, 0 ms of work",
    "behind it: 200 at 60, 10 ms of work",
  ]);
});

it("is slow when it has just begun, and comes down to its usual time", () => {
  const cold = new Bench({ coldStart: { factor: 5, durationMs: 1_000 } });
  cold.send("there from the start");
  cold.clock.at(100, () => cold.instance.start());
  cold.send("at once", 100);
  cold.send("half way", 600);
  cold.send("warm", 1_100);
  expect(cold.run()).toEqual([
    "there from the start: 200 at 10, 10 ms of work",
    "at once: 200 at 150, 50 ms of work",
    "half way: 200 at 630, 30 ms of work",
    "warm: 200 at 1110, 10 ms of work",
  ]);
});

it.each([
  { what: "well", faults: [], answer: { isWell: true, afterMs: 1 } },
  {
    what: "slow",
    faults: [{ kind: "slow", fromMs: 0 }],
    answer: { isWell: true, afterMs: 1 },
  },
  {
    what: "stalled",
    faults: [{ kind: "stalled", fromMs: 0, toMs: 400 }],
    answer: { isWell: true, afterMs: 401 },
  },
  {
    what: "stalled for ever",
    faults: [{ kind: "stalled", fromMs: 0 }],
    answer: { isWell: true, afterMs: Number.POSITIVE_INFINITY },
  },
  {
    what: "failing",
    faults: [{ kind: "failing", fromMs: 0 }],
    answer: { isWell: false, afterMs: 1 },
  },
  {
    what: "failing at times, but not now",
    faults: [{ kind: "failing", ratio: 0.4, fromMs: 0 }],
    answer: { isWell: true, afterMs: 1 },
  },
] as const)("answers probes when it is $what", ({ faults, answer }) => {
  expect(new Bench({}, faults).instance.probe(() => 0.5)).toEqual(answer);
});

it("refuses probes when it is down", () => {
  const dead = new Bench();
  dead.instance.kill();
  expect(dead.instance.probe(() => 0.5)).toEqual({ isWell: false, afterMs: 0.2 });
});
