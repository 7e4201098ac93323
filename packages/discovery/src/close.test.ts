import { describe, expect, it } from "vitest";
import { discovered, ScriptedSource } from "../test/scripted-source.js";
import { FakeTimers } from "../test/fake-timers.js";
import { discover } from "./discover.js";
import type { WatchInstances } from "./source.js";

describe("closing", () => {
  it("stops the source once, leaves no timer, and keeps the list", async () => {
    const { discovery, source, service, timers } = discovered({ maxStaleMs: 9000 });
    source.run.found(["http://a"]);
    source.run.found(["http://b"]);
    source.run.failed(new Error("no route"));
    expect(timers.delays()).toEqual([100, 1500, 9000]);
    const closed = discovery.close();
    expect(discovery.close()).toBe(closed);
    await closed;
    expect(timers.delays()).toEqual([]);
    expect(source.run.stops).toBe(1);
    expect(discovery.state()).toMatchObject({ status: "closed", instances: ["http://a"] });
    source.run.found(["http://late"]);
    source.run.failed(new Error("late"));
    timers.advance(1e9);
    expect(service.lists).toEqual([["http://a"]]);
    expect(timers.delays()).toEqual([]);
    expect(source.runs).toHaveLength(1);
  });

  it("before the first list rejects ready", async () => {
    const { discovery, errors } = discovered();
    await discovery.close();
    await expect(discovery.ready).rejects.toMatchObject({
      ...{ kind: "closed", message: "closed before the first list" },
    });
    expect(errors).toEqual([]);
  });

  it("while the source starts stops it all the same", async () => {
    let stops = 0;
    const timers = new FakeTimers();
    const source: WatchInstances = (found) => {
      found(["http://a"]);
      return () => {
        stops += 1;
      };
    };
    const isClosing: Promise<void>[] = [];
    const runs = new ScriptedSource();
    const set = (): void => void isClosing.push(discovery.close());
    const discovery = discover(
      { set },
      (found, failed) =>
        runs.runs.length === 0 ? runs.watch(found, failed) : source(found, failed),
      { timers, onError: () => {} },
    );
    runs.run.failed(new Error("no route"));
    timers.advance(2000);
    expect(isClosing).toHaveLength(1);
    await isClosing[0];
    expect(stops).toBe(1);
    expect(discovery.state().status).toBe("closed");
    expect(timers.delays()).toEqual([]);
  });

  it("from what hears of an error leaves no timer", async () => {
    const source = new ScriptedSource();
    const timers = new FakeTimers();
    const discovery = discover({ set: () => {} }, source.watch, {
      ...{ timers, maxStaleMs: 1000, onError: () => void discovery.close() },
    });
    source.run.found(["http://a"]);
    source.run.failed(new Error("no route"));
    await discovery.close();
    expect(timers.delays()).toEqual([]);
    expect(source.run.stops).toBe(1);
  });

  it("from a service that refuses a list leaves no timer, and tells nothing", async () => {
    const source = new ScriptedSource();
    const timers = new FakeTimers();
    const errors: unknown[] = [];
    const set = ([first]: readonly unknown[]): void => {
      if (first === "http://a") return;
      void discovery.close();
      throw new Error("no");
    };
    const discovery = discover({ set }, source.watch, {
      ...{ timers, maxStaleMs: 1000, coalesceMs: 0, onError: (error) => errors.push(error) },
    });
    source.run.found(["http://a"]);
    source.run.found(["http://b"]);
    await discovery.close();
    expect([timers.delays(), errors]).toEqual([[], []]);
  });

  it("waits for a source that takes its time", async () => {
    const stopping = Promise.withResolvers<void>();
    const { discovery } = discovered({ source: () => () => stopping.promise });
    let isClosed = false;
    const closed = discovery.close().then(() => (isClosed = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isClosed).toBe(false);
    stopping.resolve();
    await closed;
  });

  it("waits for one that never ends no longer than a second", async () => {
    const { discovery, timers } = discovered({ source: () => () => new Promise(() => {}) });
    const closed = discovery.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(timers.delays()).toEqual([1000]);
    timers.advance(1000);
    await closed;
  });

  it("tells of a source that fails to stop, and succeeds", async () => {
    for (const stop of [
      () => Promise.reject(new Error("stuck")),
      () => {
        throw new Error("stuck");
      },
    ]) {
      const { discovery, errors } = discovered({ source: () => stop });
      await discovery.close();
      expect(errors.map(({ message }) => message)).toEqual(["the source did not stop: stuck"]);
    }
  });
});
