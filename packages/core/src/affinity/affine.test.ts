import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InstanceState, PoolState } from "../state.js";
import { affine, type AffineInput } from "./affine.js";
import { compileAffinity } from "./affinity-rule.js";

const all = {} as PoolState;
const v1 = {} as PoolState;
const v2 = {} as PoolState;

const instance = (changes: Partial<InstanceState> = {}) =>
  ({ id: "a", pools: [all, v1], drainUntil: 0, hasLeft: false, ...changes }) as InstanceState;

const cookie = compileAffinity("products", { cookie: {} });
const header = compileAffinity("products", { header: "x-session" });

const choice = (changes: Partial<AffineInput> = {}) =>
  affine({
    rule: cookie,
    pin: "pin",
    pinned: instance(),
    isCurrent: true,
    pool: v1,
    isHealthy: true,
    mayTryAll: false,
    tried: [],
    now: 1_000,
    ...changes,
  });

const holds = { kind: "pinned", renews: false };

describe("a pin", () => {
  it("holds while its instance may get traffic", () => {
    expect(choice()).toEqual(holds);
    expect(choice({ pool: all })).toEqual(holds);
    expect(choice({ rule: header })).toEqual(holds);
  });

  it("is made where the client brings none", () => {
    expect(choice({ pin: undefined, pinned: undefined })).toEqual({
      kind: "re-pin",
      because: "absent",
    });
  });

  it("is made anew where it stands for nobody", () => {
    const unknown = { kind: "re-pin", because: "unknown" };
    expect(choice({ pinned: undefined })).toEqual(unknown);
    expect(choice({ pinned: instance({ hasLeft: true, pools: [] }) })).toEqual(unknown);
    expect(choice({ rule: header, pinned: undefined })).toEqual(unknown);
  });

  it("is made anew where the backend does not allow its instance", () => {
    expect(choice({ pool: v2 })).toEqual({ kind: "re-pin", because: "outside" });
  });

  it("is made anew where its instance is ejected", () => {
    expect(choice({ isHealthy: false })).toEqual({ kind: "re-pin", because: "not-eligible" });
  });

  it("holds at an ejected instance while all are tried", () => {
    expect(choice({ isHealthy: false, mayTryAll: true })).toEqual(holds);
  });

  it("is made anew where an attempt of the same request failed", () => {
    expect(choice({ tried: ["b", "a"] })).toEqual({ kind: "re-pin", because: "tried" });
    expect(choice({ tried: ["b"] })).toEqual(holds);
  });

  it("is none where there is nothing to know the client by", () => {
    expect(choice({ rule: header, pin: undefined, pinned: undefined })).toEqual({ kind: "none" });
  });
});

describe("a pin to an instance that drains", () => {
  const pinned = instance({ drainUntil: 5_000 });

  it("holds until the deadline", () => {
    expect(choice({ pinned, now: 4_999 })).toEqual(holds);
    expect(choice({ pinned, now: 5_000 })).toEqual({ kind: "re-pin", because: "draining" });
  });

  it("holds for ever without one", () => {
    const forEver = instance({ drainUntil: Number.POSITIVE_INFINITY });
    expect(choice({ pinned: forEver, now: 1e12 })).toEqual(holds);
  });

  it("holds only while the instance is healthy, even where all are tried", () => {
    expect(choice({ pinned, isHealthy: false, mayTryAll: true })).toEqual({
      kind: "re-pin",
      because: "not-eligible",
    });
    expect(choice({ pinned, now: 9_000, mayTryAll: true })).toEqual({
      kind: "re-pin",
      because: "draining",
    });
  });
});

describe("a cookie whose pin holds", () => {
  it("is not set anew, with a time to live or without", () => {
    const timed = compileAffinity("products", { cookie: { ttlS: 60 } });
    expect(choice({ rule: timed })).toEqual(holds);
  });

  it("is set anew where its time shall begin again", () => {
    const sliding = compileAffinity("products", { cookie: { ttlS: 60, sliding: true } });
    expect(choice({ rule: sliding })).toEqual({ kind: "pinned", renews: true });
  });

  it("is set anew where it was made with an older secret", () => {
    expect(choice({ isCurrent: false })).toEqual({ kind: "pinned", renews: true });
  });
});

it("never leads outside of the pool, to one that left, one that was tried or one past its deadline, for every input", () => {
  const inputs = fc.record({
    rule: fc.constantFrom(cookie, header),
    pin: fc.constantFrom("pin", undefined),
    isPinned: fc.boolean(),
    isCurrent: fc.boolean(),
    pool: fc.constantFrom(all, v1, v2),
    isHealthy: fc.boolean(),
    mayTryAll: fc.boolean(),
    tried: fc.constantFrom<readonly string[]>([], ["a"], ["b"]),
    now: fc.constantFrom(999, 1_000, 1_001),
    drainUntil: fc.constantFrom(0, 1_000, Number.POSITIVE_INFINITY),
    hasLeft: fc.boolean(),
  });
  fc.assert(
    fc.property(inputs, ({ isPinned, drainUntil, hasLeft, ...rest }) => {
      const pinned = isPinned ? instance({ drainUntil, hasLeft }) : undefined;
      const mayTake =
        rest.pin !== undefined &&
        pinned?.hasLeft === false &&
        rest.pool !== v2 &&
        !rest.tried.includes("a") &&
        (drainUntil === 0
          ? rest.isHealthy || rest.mayTryAll
          : rest.isHealthy && rest.now < drainUntil);
      expect(affine({ ...rest, pinned }).kind === "pinned").toBe(mayTake);
    }),
    { seed: 561, numRuns: 1_000 },
  );
});
