import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newSessionMemory, recall, remember, withBounds } from "./memory.js";

const memoryOf = (capacity = 3, ttlMs = 1_000) => newSessionMemory({ capacity, ttlMs });

describe("the memory of sessions", () => {
  it("knows the instance of a session", () => {
    const memory = memoryOf();
    remember(memory, "s1", "a", 1_000);
    remember(memory, "s2", "b", 1_000);
    expect(recall(memory, "s1", 1_000)).toBe("a");
    expect(recall(memory, "s2", 1_000)).toBe("b");
    expect(recall(memory, "s3", 1_000)).toBeUndefined();
  });

  it("holds the latest instance of a session", () => {
    const memory = memoryOf();
    remember(memory, "s1", "a", 1_000);
    remember(memory, "s1", "b", 1_001);
    expect(recall(memory, "s1", 1_001)).toBe("b");
  });

  it("forgets a session that was idle for longer than its time", () => {
    const memory = memoryOf();
    remember(memory, "s1", "a", 1_000);
    expect(recall(memory, "s1", 2_000)).toBe("a");
    expect(recall(memory, "s1", 2_000.1)).toBeUndefined();
  });

  it("counts the time from the latest request", () => {
    const memory = memoryOf();
    remember(memory, "s1", "a", 1_000);
    remember(memory, "s1", "a", 1_900);
    expect(recall(memory, "s1", 2_900)).toBe("a");
    expect(recall(memory, "s1", 2_901)).toBeUndefined();
  });

  it("forgets the one that was idle for the longest when it is full", () => {
    const memory = memoryOf(2);
    remember(memory, "s1", "a", 1_000);
    remember(memory, "s2", "a", 1_001);
    remember(memory, "s1", "a", 1_002);
    remember(memory, "s3", "a", 1_003);
    expect(["s1", "s2", "s3"].map((key) => recall(memory, key, 1_003))).toEqual([
      "a",
      undefined,
      "a",
    ]);
  });

  it("changes nothing when it is asked", () => {
    const memory = memoryOf(2);
    remember(memory, "s1", "a", 1_000);
    remember(memory, "s2", "a", 1_001);
    for (const now of [1_500, 5_000, 1_500]) recall(memory, "s1", now);
    expect(recall(memory, "s1", 1_500)).toBe("a");
    remember(memory, "s3", "a", 1_600);
    expect(recall(memory, "s1", 1_600)).toBeUndefined();
    expect(recall(memory, "s2", 1_600)).toBe("a");
  });

  it.each(["__proto__", "constructor", "\u0000", "é", "\ud800"])("takes %j for a key", (key) => {
    const memory = memoryOf();
    expect(recall(memory, key, 1_000)).toBeUndefined();
    remember(memory, key, "a", 1_000);
    expect(recall(memory, key, 1_000)).toBe("a");
  });
});

describe("a memory of other bounds", () => {
  const full = () => {
    const memory = memoryOf();
    remember(memory, "s1", "a", 1_000);
    remember(memory, "s2", "b", 1_400);
    remember(memory, "s3", "c", 1_800);
    return memory;
  };

  it("is the same one where they are the same", () => {
    const memory = full();
    expect(withBounds(memory, { capacity: 3, ttlMs: 1_000 }, 1_900)).toBe(memory);
  });

  it("keeps the latest where it holds fewer", () => {
    const memory = withBounds(full(), { capacity: 2, ttlMs: 1_000 }, 1_900);
    expect(["s1", "s2", "s3"].map((key) => recall(memory, key, 1_900))).toEqual([
      undefined,
      "b",
      "c",
    ]);
  });

  it("counts the new time from the same requests", () => {
    const longer = withBounds(full(), { capacity: 3, ttlMs: 5_000 }, 1_900);
    expect(recall(longer, "s1", 6_000)).toBe("a");
    expect(recall(longer, "s1", 6_001)).toBeUndefined();
    const shorter = withBounds(full(), { capacity: 3, ttlMs: 200 }, 1_900);
    expect(["s1", "s2", "s3"].map((key) => recall(shorter, key, 1_900))).toEqual([
      undefined,
      undefined,
      "c",
    ]);
  });

  it("takes over no session whose time has passed", () => {
    const memory = withBounds(full(), { capacity: 3, ttlMs: 9_000 }, 2_500);
    expect(recall(memory, "s1", 2_500)).toBeUndefined();
    expect(recall(memory, "s3", 2_500)).toBe("c");
  });
});

it("answers as a plain list of all that happened would, for every sequence, and never holds more than it may", () => {
  const step = fc.record({ key: fc.constantFrom("s1", "s2", "s3", "s4"), passed: fc.nat(700) });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 30 }),
      fc.integer({ min: 1, max: 3 }),
      (steps, most) => {
        const memory = memoryOf(most);
        const seen = new Map<string, number>();
        let now = 1_000;
        for (const { key, passed } of steps) {
          now += passed;
          const isKept =
            [...seen.keys()].slice(-most).includes(key) && now - (seen.get(key) as number) <= 1_000;
          expect(recall(memory, key, now)).toBe(isKept ? `of ${key}` : undefined);
          seen.delete(key);
          seen.set(key, now);
          remember(memory, key, `of ${key}`, now);
          expect(memory.sessions.size).toBeLessThanOrEqual(most);
        }
      },
    ),
    { seed: 551, numRuns: 300 },
  );
});
