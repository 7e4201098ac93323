import { describe, expect, it } from "vitest";
import { listed, testEnv } from "./env.js";

describe("testEnv", () => {
  it("stands still until its clock is moved", () => {
    const env = testEnv();
    expect([env.now(), env.now()]).toEqual([1_000, 1_000]);
    env.advance(30_000);
    expect(env.now()).toBe(31_000);
    expect(testEnv({ now: 5 }).now()).toBe(5);
  });

  it("draws what is listed for a purpose, the last for ever", () => {
    const env = testEnv({ draws: { split: [0.1, 0.2], balance: [0.9] } });
    expect([env.random("split"), env.random("balance"), env.random("split")]).toEqual([
      0.1, 0.9, 0.2,
    ]);
    expect(env.random("split")).toBe(0.2);
  });

  it("draws 0 where nothing is listed", () => {
    const env = testEnv({ draws: { split: [] } });
    expect([env.random("split"), env.random("retry"), env.random("constructor")]).toEqual([
      0, 0, 0,
    ]);
  });

  it("numbers its identifiers", () => {
    const env = testEnv();
    expect([env.randomId(), env.randomId(), testEnv().randomId()]).toEqual([
      "id-1",
      "id-2",
      "id-1",
    ]);
  });

  it.each([1, -0.1, NaN])("refuses %d, which no random source draws", (draw) => {
    expect(() => testEnv({ draws: { split: [0.5, draw] } })).toThrow(
      new RangeError(`a draw must be a number in [0, 1), got ${draw}`),
    );
  });
});

it("lists draws one after the other", () => {
  const draw = listed(0, 0.4);
  expect([draw(), draw(), draw()]).toEqual([0, 0.4, 0.4]);
  expect(listed()()).toBe(0);
});
