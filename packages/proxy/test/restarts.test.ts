import { describe, expect, it } from "vitest";
import { rollingRestart, stalled, suddenDeath, wasSentTo } from "./restarts/restarts.js";

// Processes of their own on real sockets; `pnpm --filter @signalbox/proxy restarts` does the same with ten times the load.
const small = { instances: 3, perSecond: 500, between: 150 };

describe("clients notice nothing", () => {
  it("when all instances are drained and restarted, one after the other, whatever the method", async () => {
    const { load, failures, inFlight } = await rollingRestart(small);
    expect(failures).toEqual([]);
    expect(load.broken).toEqual([]);
    expect(load.byStatus.get(200)).toBe(load.sent);
    expect(load.byInstance.size).toBe(3);
    expect(inFlight).toBe(0);
  }, 60_000);

  it("of the death of an instance, where requests may be repeated", async () => {
    const { load, failures, ejections, inFlight } = await suddenDeath(small, "GET");
    expect(failures).toEqual([]);
    expect(load.byStatus.get(200)).toBe(load.sent);
    expect([ejections, inFlight]).toEqual([1, 0]);
  }, 60_000);

  it("of an instance that stands still, which is out within five times its attempt timeout", async () => {
    const { load, failures, notes, inFlight } = await stalled(small, 400);
    expect(failures).toEqual([]);
    expect(load.byStatus.get(200)).toBe(load.sent);
    expect(Number(notes[0])).toBeLessThan(5 * 400);
    expect(inFlight).toBe(0);
  }, 60_000);
});

it("loses by the death of an instance only what had been sent to it, and must not be repeated", async () => {
  const { load, failures, notes, inFlight } = await suddenDeath(small, "POST");
  expect(failures.filter((failure) => !wasSentTo(notes[0] ?? "", failure))).toEqual([]);
  expect(failures.filter(({ attempts }) => attempts > 1)).toEqual([]);
  expect(load.broken).toEqual([]);
  expect(inFlight).toBe(0);
}, 60_000);
