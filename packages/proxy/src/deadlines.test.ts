import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Deadline, Deadlines } from "./deadlines.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const told: string[] = [];
const named = (name: string, then = (): void => {}): Deadline =>
  new Deadline({
    onDeadline: () => {
      told.push(`${name} ${performance.now()}`);
      then();
    },
  });
const tellings = (): string[] => told.splice(0);

it("tells each when its time is up, and no sooner", () => {
  const deadlines = new Deadlines();
  const start = performance.now();
  deadlines.set(named("a"), 100);
  vi.advanceTimersByTime(30);
  deadlines.set(named("b"), 100);
  deadlines.set(named("c"), 20);
  vi.advanceTimersByTime(19);
  expect(tellings()).toEqual([]);
  vi.advanceTimersByTime(200);
  expect(tellings()).toEqual([`c ${start + 50}`, `a ${start + 100}`, `b ${start + 130}`]);
  expect(deadlines.size).toBe(0);
});

it("says nothing of one that was cleared, and moves one that is set again", () => {
  const deadlines = new Deadlines();
  const start = performance.now();
  const [a, b, c] = [named("a"), named("b"), named("c")];
  for (const deadline of [a, b, c]) deadlines.set(deadline, 10);
  deadlines.clear(b);
  deadlines.clear(b);
  vi.advanceTimersByTime(5);
  deadlines.set(a, 10);
  vi.advanceTimersByTime(50);
  expect(tellings()).toEqual([`c ${start + 10}`, `a ${start + 15}`]);
});

it("keeps the order where a time began before that of others", () => {
  const deadlines = new Deadlines();
  const start = performance.now();
  vi.advanceTimersByTime(40);
  deadlines.set(named("late"), 50);
  deadlines.set(named("early"), 50, start);
  deadlines.set(named("between"), 50, start + 20);
  vi.advanceTimersByTime(100);
  expect(tellings()).toEqual([
    `early ${start + 50}`,
    `between ${start + 70}`,
    `late ${start + 90}`,
  ]);
});

it("tells of one whose time had passed before it was set", () => {
  const deadlines = new Deadlines();
  vi.advanceTimersByTime(100);
  deadlines.set(named("past"), 10, performance.now() - 50);
  vi.advanceTimersByTime(1);
  expect(tellings()).toHaveLength(1);
});

it("lets one be set again, and others cleared, while it is told", () => {
  const deadlines = new Deadlines();
  const other = named("other");
  const again = named("again", () => {
    deadlines.clear(other);
    if (told.length < 3) deadlines.set(again, 10);
  });
  deadlines.set(again, 10);
  deadlines.set(other, 10);
  vi.advanceTimersByTime(100);
  expect(tellings().map((line) => line.split(" ")[0])).toEqual(["again", "again", "again"]);
  expect(deadlines.size).toBe(0);
});

it("has one timer for each length, however many there are", () => {
  const deadlines = new Deadlines();
  const many = Array.from({ length: 1_000 }, () => named("x"));
  for (const deadline of many) deadlines.set(deadline, 60_000);
  expect(vi.getTimerCount()).toBe(1);
  for (const deadline of many) deadlines.clear(deadline);
  deadlines.set(named("y"), 60_000);
  expect(vi.getTimerCount()).toBe(1);
  deadlines.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(100_000);
  expect(tellings()).toEqual([]);
});
