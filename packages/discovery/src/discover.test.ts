import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { products } from "../test/products.js";
import { discovered, RecordingList, ScriptedSource } from "../test/scripted-source.js";
import { FakeTimers } from "../test/fake-timers.js";
import { discover } from "./discover.js";
import { DiscoveryError } from "./discovery-error.js";
import type { DiscoverySource, WatchInstances } from "./source.js";
import { staticSource } from "./static-source.js";

describe("a first list", () => {
  it("is applied at once, and is what ready gives", async () => {
    const { discovery, source, service, timers } = discovered();
    expect(discovery.state()).toEqual({
      ...{ status: "starting", instances: undefined, error: undefined, ageMs: undefined },
    });
    source.run.found(["http://a"]);
    expect(service.lists).toEqual([["http://a"]]);
    expect(await discovery.ready).toEqual(["http://a"]);
    timers.advance(70);
    expect(discovery.state()).toEqual({
      ...{ status: "current", instances: ["http://a"], error: undefined, ageMs: 70 },
    });
    source.run.found(["http://a"]);
    timers.advance(130);
    expect(discovery.state().ageMs).toBe(30);
  });

  it("that does not come rejects ready with what went wrong first, and the source is tried again", async () => {
    const { discovery, source, service, timers } = discovered();
    source.run.failed(new Error("no route"));
    source.run.failed(new Error("still none"));
    await expect(discovery.ready).rejects.toThrow("the source failed: no route");
    timers.advance(1500);
    source.run.found(["http://a"]);
    expect(service.lists).toEqual([["http://a"]]);
  });

  it("may fail to come without anybody looking", async () => {
    const { source, discovery } = discovered();
    source.run.failed(new Error("no route"));
    await discovery.close();
  });

  it("of a static source stays", async () => {
    const { service, timers, discovery } = discovered({ source: staticSource(["http://a"]) });
    timers.advance(1e9);
    expect(service.lists).toEqual([["http://a"]]);
    expect(discovery.state().status).toBe("current");
  });
});

describe("a source that fails", () => {
  it("leaves the list as it is, and says what went wrong", () => {
    const { discovery, source, service, errors } = discovered();
    source.run.found(["http://a"]);
    const cause = new Error("no route");
    source.run.failed(cause);
    expect(service.lists).toEqual([["http://a"]]);
    expect(discovery.state()).toMatchObject({ status: "failing", instances: ["http://a"] });
    expect(errors).toEqual([discovery.state().error]);
    expect(errors[0]).toMatchObject({ kind: "failed", cause });
    expect(errors[0]?.message).toBe("the source failed: no route");
  });

  it("is stopped and started again after pauses that grow to their bound and begin anew", () => {
    const { source, timers } = discovered({ backoff: { baseMs: 100, maxMs: 500 } });
    const pauses: number[] = [];
    for (let count = 0; count < 4; count += 1) {
      source.run.failed(new Error("no route"));
      const [pause = 0] = timers.delays();
      pauses.push(pause);
      timers.advance(pause - 1);
      expect(source.runs).toHaveLength(count + 1);
      timers.advance(1);
      expect(source.runs.map(({ stops }) => stops)).toEqual([...Array(count + 1).fill(1), 0]);
    }
    expect(pauses).toEqual([150, 250, 300, 300]);
    source.run.found(["http://a"]);
    source.run.failed(new Error("no route"));
    expect(timers.delays()).toEqual([150]);
  });

  it("is not started again when it finds a list by itself", () => {
    const { source, timers, service, discovery } = discovered();
    source.run.failed(new Error("no route"));
    source.run.failed(new Error("no route"));
    expect(timers.delays()).toEqual([1500]);
    source.run.found(["http://a"]);
    expect(timers.delays()).toEqual([]);
    expect(source.runs).toHaveLength(1);
    expect(service.lists).toEqual([["http://a"]]);
    expect(discovery.state()).toMatchObject({ status: "current", error: undefined });
  });

  it("says nothing more once it was started again", () => {
    const { source, timers, service } = discovered();
    source.run.failed(new Error("no route"));
    timers.advance(1500);
    source.runs[0]?.found(["http://old"]);
    source.runs[0]?.failed(new Error("old"));
    expect(service.lists).toEqual([]);
    expect(timers.delays()).toEqual([]);
  });

  it.each<[string, DiscoverySource, string]>([
    [
      "throws",
      () => {
        throw new Error("no client");
      },
      "the source failed: no client",
    ],
    [
      "gives nothing to stop it with",
      (() => 7) as unknown as WatchInstances,
      "the source failed: a source must return a function that stops it, got number",
    ],
    [
      "is none",
      {} as unknown as DiscoverySource,
      "the source failed: source[Symbol.asyncIterator] is not a function",
    ],
  ])("at once because it %s is tried again too", (_, source, message) => {
    const { errors, timers } = discovered({ source });
    timers.advance(1500);
    expect(errors.map((error) => error.message)).toEqual([message, message]);
  });

  it("is named by its service in messages", async () => {
    const errors: DiscoveryError[] = [];
    const source: WatchInstances = (_, failed) => {
      failed("no text");
      return () => {};
    };
    const service = products().service("products");
    const discovery = discover(service, source, { onError: (error) => errors.push(error) });
    await discovery.close();
    expect(errors.map(({ message }) => message)).toEqual(["products: the source failed: no text"]);
  });

  it("may have a listener that fails", async () => {
    const { source, service, discovery } = discovered({
      onError: () => {
        throw new Error("no log");
      },
    });
    source.run.failed(new Error("no route"));
    source.run.found(["http://a"]);
    expect(service.lists).toEqual([["http://a"]]);
    await discovery.close();
  });

  it("may have a listener, or a source, whose promise breaks", async () => {
    const breaks: unknown = () => Promise.reject(new Error("no route"));
    const { discovery, timers } = discovered({
      source: breaks as DiscoverySource,
      onError: breaks as () => void,
    });
    timers.advance(1500);
    // A promise that nobody handles would fail this run.
    await setImmediate();
    expect(discovery.state().status).toBe("failing");
    await discovery.close();
  });

  it("is a warning of the process where nobody listens", async () => {
    const warning = once(process, "warning");
    const source = new ScriptedSource();
    const discovery = discover(new RecordingList(), source.watch);
    source.run.failed(new Error("no route"));
    expect((await warning)[0]).toBe(discovery.state().error);
    await discovery.close();
  });
});

describe("an empty list", () => {
  it("does not take a working one away, and is told once in a row", () => {
    const { source, service, errors, discovery, timers } = discovered();
    source.run.found(["http://a"]);
    source.run.found([]);
    source.run.found([]);
    timers.advance(1000);
    expect(service.lists).toEqual([["http://a"]]);
    expect(errors.map(({ kind, message }) => [kind, message])).toEqual([
      ["empty", 'the source gave an empty list, which onEmpty: "keep" does not apply'],
    ]);
    expect(discovery.state()).toMatchObject({ status: "failing", instances: ["http://a"] });
    source.run.found(["http://a"]);
    timers.advance(100);
    source.run.found([]);
    expect(errors).toHaveLength(2);
    expect(source.runs).toHaveLength(1);
  });

  it("is applied where it means that there are no instances", async () => {
    const { source, service, discovery, timers } = discovered({ onEmpty: "apply" });
    source.run.found([]);
    expect(await discovery.ready).toEqual([]);
    source.run.found(["http://a"]);
    source.run.found([]);
    timers.advance(100);
    expect(service.lists).toEqual([[], ["http://a"], []]);
  });
});

describe("a list that nothing confirms", () => {
  it("is taken away when its time is over, counted from the first failure", () => {
    const { source, service, timers, errors, discovery } = discovered({
      ...{ maxStaleMs: 1000, backoff: { baseMs: 400, maxMs: 400 } },
    });
    source.run.found(["http://a"]);
    timers.advance(5000);
    source.run.failed(new Error("no route"));
    timers.advance(600);
    source.run.failed(new Error("no route"));
    timers.advance(399);
    expect(service.lists).toEqual([["http://a"]]);
    timers.advance(1);
    expect(service.lists).toEqual([["http://a"], []]);
    expect(errors.map(({ kind }) => kind)).toEqual(["failed", "failed", "stale"]);
    expect(errors[2]?.message).toBe("no good list for 1000 ms: the service is emptied");
    expect(discovery.state()).toMatchObject({ status: "failing", instances: [], ageMs: 6000 });
    source.run.found(["http://b"]);
    expect(service.lists.at(-1)).toEqual(["http://b"]);
  });

  it("stays when a good one comes in time", () => {
    const { source, service, timers } = discovered({ maxStaleMs: 1000 });
    source.run.found(["http://a"]);
    source.run.found([]);
    timers.advance(950);
    source.run.found(["http://b"]);
    timers.advance(5000);
    source.run.found([]);
    timers.advance(500);
    source.run.found(["http://c"]);
    timers.advance(5000);
    expect(service.lists).toEqual([["http://a"], ["http://b"], ["http://c"]]);
  });

  it("is not that of the configuration", () => {
    const { source, service, timers } = discovered({ maxStaleMs: 1000 });
    source.run.failed(new Error("no route"));
    timers.advance(1400);
    expect(service.lists).toEqual([]);
  });

  it("may be one that the service will not be without", () => {
    const source = new ScriptedSource();
    const timers = new FakeTimers();
    const errors: DiscoveryError[] = [];
    const set = (instances: readonly unknown[]): void => {
      if (instances.length === 0) throw new Error("never empty");
    };
    const onError = (error: DiscoveryError) => errors.push(error);
    const discovery = discover({ set }, source.watch, { timers, onError, maxStaleMs: 10 });
    source.run.found(["http://a"]);
    source.run.found([]);
    timers.advance(10);
    expect(errors.map(({ kind }) => kind)).toEqual(["empty", "refused", "stale"]);
    expect(discovery.state().instances).toEqual(["http://a"]);
  });
});

it("refuses options out of their bounds", () => {
  const refused = (options: object, message: string) =>
    expect(() => discovered(options)).toThrow(new RangeError(message));
  refused({ coalesceMs: -1 }, "coalesceMs: expected a number from 0 to 2147483647, got -1");
  refused({ maxStaleMs: 0 }, "maxStaleMs: expected a number from 1 to 2147483647, got 0");
  refused(
    { backoff: { maxMs: 1e12 } },
    "backoff.maxMs: expected a number from 1000 to 2147483647, got 1000000000000",
  );
});
