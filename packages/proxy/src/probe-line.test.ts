import { expect, it } from "vitest";
import { ProbeLine } from "./probe-line.js";

function line(most: number) {
  const started: string[] = [];
  const probes = new ProbeLine(most);
  const named = (name: string, onStart?: () => void) => ({
    start: () => {
      started.push(name);
      onStart?.();
    },
  });
  return { probes, started, named };
}

it("lets so many start, and the others in the order in which they came", () => {
  const { probes, started, named } = line(2);
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => named(name)) as [
    never,
    never,
    never,
    never,
  ];
  for (const one of [a, b, c, d]) probes.enter(one);
  expect(started).toEqual(["a", "b"]);
  probes.leave(b);
  expect(started).toEqual(["a", "b", "c"]);
  probes.leave(a);
  expect(started).toEqual(["a", "b", "c", "d"]);
  probes.enter(a);
  expect(started).toHaveLength(4);
});

it("passes over one that gave the wait up, and gives no place back twice", () => {
  const { probes, started, named } = line(1);
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => named(name)) as [
    never,
    never,
    never,
    never,
  ];
  for (const one of [a, b, c, d]) probes.enter(one);
  probes.leave(b);
  expect(started).toEqual(["a"]);
  probes.leave(a);
  probes.leave(a);
  expect(started).toEqual(["a", "c"]);
});

it("goes on with the next when one leaves as it starts, however many do", () => {
  const { probes, started, named } = line(1);
  const first = named("first");
  probes.enter(first);
  for (let i = 0; i < 20_000; i++) {
    const one = named("short", () => probes.leave(one));
    probes.enter(one);
  }
  probes.enter(named("last"));
  probes.leave(first);
  expect(started).toHaveLength(20_002);
  expect(started.at(-1)).toBe("last");
});

it("starts nothing when it is closed", () => {
  const { probes, started, named } = line(1);
  const first = named("first");
  probes.enter(first);
  probes.enter(named("second"));
  probes.close();
  probes.leave(first);
  expect(started).toEqual(["first"]);
});
