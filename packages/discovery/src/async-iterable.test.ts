import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { discovered } from "../test/scripted-source.js";
import { until } from "../test/until.js";

type List = readonly string[];

describe("an async iterable", () => {
  it("gives a list with each value, and keeps the last when it ends", async () => {
    async function* lists(): AsyncGenerator<List> {
      yield ["http://a"];
      yield ["http://b"];
    }
    const { discovery, service, timers, errors } = discovered({ source: lists(), coalesceMs: 0 });
    await until(() => discovery.state().status === "ended");
    timers.advance(1e9);
    expect(service.lists).toEqual([["http://a"], ["http://b"]]);
    expect(errors).toEqual([]);
    await discovery.close();
    expect(discovery.state().status).toBe("closed");
  });

  it("keeps a last list that still waits when it ends", async () => {
    async function* lists(): AsyncGenerator<List> {
      yield ["http://a"];
      yield ["http://b"];
    }
    const { discovery, service, timers } = discovered({ source: lists() });
    await until(() => discovery.state().status === "ended");
    timers.advance(100);
    expect(service.lists).toEqual([["http://a"], ["http://b"]]);
    expect(discovery.state().status).toBe("ended");
  });

  it("that fails is asked for a new iterator", async () => {
    let iterators = 0;
    const source = {
      async *[Symbol.asyncIterator](): AsyncGenerator<List> {
        iterators += 1;
        yield [`http://${iterators}`];
        throw new Error("lost");
      },
    };
    const { discovery, service, timers, errors } = discovered({ source, coalesceMs: 0 });
    await until(() => errors.length === 1);
    timers.advance(1500);
    await until(() => errors.length === 2);
    expect(service.lists).toEqual([["http://1"], ["http://2"]]);
    expect(errors[0]?.message).toBe("the source failed: lost");
    await discovery.close();
  });

  it("that cannot begin anew has ended, and that is told", async () => {
    async function* lists(): AsyncGenerator<List> {
      yield ["http://a"];
      throw new Error("lost");
    }
    const { discovery, service, timers, errors } = discovered({ source: lists() });
    await until(() => errors.length === 1);
    timers.advance(1500);
    await until(() => discovery.state().status === "ended");
    expect(errors[1]?.message).toBe("the source ended without a list, and is not started again");
    expect(service.lists).toEqual([["http://a"]]);
    expect(timers.delays()).toEqual([]);
  });

  it("that gives nothing rejects ready", async () => {
    async function* lists(): AsyncGenerator<List> {}
    const { discovery } = discovered({ source: lists() });
    await expect(discovery.ready).rejects.toMatchObject({ kind: "failed" });
  });

  it("is ended by closing, with what it does at its end", async () => {
    let isEnded = false;
    const more = Promise.withResolvers<void>();
    async function* lists(): AsyncGenerator<List> {
      try {
        yield ["http://a"];
        await more.promise;
        yield ["http://late"];
      } finally {
        await setImmediate();
        isEnded = true;
      }
    }
    const { discovery, service } = discovered({ source: lists(), coalesceMs: 0 });
    await discovery.ready;
    const closed = discovery.close();
    more.resolve();
    await closed;
    expect(isEnded).toBe(true);
    expect(service.lists).toEqual([["http://a"]]);
  });

  it("that fails while it is closed, or has nothing to end it, is no matter", async () => {
    for (const end of [undefined, () => Promise.reject(new Error("lost"))]) {
      const waiting = Promise.withResolvers<IteratorResult<List>>();
      const iterator = { next: () => waiting.promise, ...(end && { return: end }) };
      const source = { [Symbol.asyncIterator]: () => iterator };
      const { discovery, timers } = discovered({ source });
      const closed = discovery.close();
      waiting.reject(new Error("aborted"));
      await closed;
      expect(timers.delays()).toEqual([]);
    }
  });
});
