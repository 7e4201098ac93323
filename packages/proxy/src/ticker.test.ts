import type { Gateway } from "@signalbox/core";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Ticker } from "./ticker.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

function ticked(...answers: readonly number[]) {
  const asked: number[] = [];
  let listener: () => void = () => {};
  let isHeard = true;
  const gateway = {
    tick: () => {
      asked.push(Date.now());
      return answers[asked.length - 1] ?? Number.POSITIVE_INFINITY;
    },
    onChange: (listen: () => void) => {
      listener = listen;
      return () => void (isHeard = false);
    },
  } as unknown as Gateway;
  const ticker = new Ticker(gateway);
  return { ticker, asked, change: () => listener(), isHeard: () => isHeard };
}

const turn = () => Promise.resolve();

it("asks at its start, and again when the next thing is due", async () => {
  const { asked } = ticked(500, 20);
  await turn();
  expect(asked).toHaveLength(1);
  vi.advanceTimersByTime(499);
  expect(asked).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(asked).toHaveLength(2);
  vi.advanceTimersByTime(20);
  expect(asked).toHaveLength(3);
  expect(vi.getTimerCount()).toBe(0);
});

it("asks once behind many changes", async () => {
  const { asked, change } = ticked(900, 100);
  await turn();
  change();
  change();
  await turn();
  expect(asked).toHaveLength(2);
  expect(vi.getTimerCount()).toBe(1);
});

it("leaves a clock that stands still some time, and one that is far away to a timer that can count so far", async () => {
  const { asked } = ticked(0, 1e12);
  await turn();
  vi.advanceTimersByTime(9);
  expect(asked).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(asked).toHaveLength(2);
  vi.advanceTimersByTime(2_147_483_646);
  expect(asked).toHaveLength(2);
  vi.advanceTimersByTime(1);
  expect(asked).toHaveLength(3);
});

it("leaves nothing behind when it is stopped, not even a question that was to be asked", async () => {
  const { ticker, asked, change, isHeard } = ticked(500);
  await turn();
  change();
  ticker.stop();
  await turn();
  expect(asked).toHaveLength(1);
  expect(isHeard()).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});
