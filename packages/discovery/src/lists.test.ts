import { GatewayConfigError } from "@signalbox/core";
import { describe, expect, it } from "vitest";
import { FakeTimers } from "../test/fake-timers.js";
import { configWith, products } from "../test/products.js";
import { discovered, ScriptedSource } from "../test/scripted-source.js";
import { discover } from "./discover.js";
import type { DiscoveryError } from "./discovery-error.js";

describe("a list that the service refuses", () => {
  it("is told and left out as a whole", async () => {
    const gateway = products();
    const service = gateway.service("products");
    const source = new ScriptedSource();
    const timers = new FakeTimers();
    const errors: DiscoveryError[] = [];
    const onError = (error: DiscoveryError) => errors.push(error);
    const discovery = discover(service, source.watch, { timers, onError });
    source.run.found(["http://a", { url: "http://b", weight: -1 }]);
    await expect(discovery.ready).rejects.toMatchObject({ kind: "refused" });
    expect(service.instances().map(({ url }) => url)).toEqual(["http://seed"]);
    expect(errors[0]?.cause).toBeInstanceOf(GatewayConfigError);
    expect(errors[0]?.message).toMatch(/^products: the list was refused: 1 problem/);
    source.run.found(["http://a"]);
    expect(service.instances().map(({ url }) => url)).toEqual(["http://a"]);
    expect(discovery.state()).toMatchObject({ status: "current", error: undefined });
    expect(source.runs).toHaveLength(1);
  });

  it("is none when it is no list", () => {
    const { source, service, errors } = discovered();
    source.run.found("http://a" as unknown as string[]);
    expect(service.lists).toEqual([]);
    expect(errors[0]).toMatchObject({ kind: "refused" });
    expect(errors[0]?.message).toBe("expected a list of instances, got string");
  });
});

describe("many lists", () => {
  it("are one, the newest, when they come close together", () => {
    const { source, service, timers } = discovered({ coalesceMs: 50 });
    source.run.found(["http://a"]);
    for (const host of ["b", "c", "d"]) {
      source.run.found([`http://${host}`]);
      timers.advance(10);
    }
    expect(service.lists).toEqual([["http://a"]]);
    timers.advance(20);
    expect(service.lists).toEqual([["http://a"], ["http://d"]]);
    source.run.found(["http://e"]);
    timers.advance(50);
    expect(service.lists.at(-1)).toEqual(["http://e"]);
    expect(timers.delays()).toEqual([]);
  });

  it("are applied one by one when none is to wait", () => {
    const { source, service } = discovered({ coalesceMs: 0 });
    for (const host of ["a", "b", "c"]) source.run.found([`http://${host}`]);
    expect(service.lists).toEqual([["http://a"], ["http://b"], ["http://c"]]);
  });

  it("that are the same change nothing at the gateway", () => {
    const gateway = products();
    const source = new ScriptedSource();
    discover(gateway.service("products"), source.watch, { coalesceMs: 0 });
    const list = () => ["http://a", { url: "http://b", weight: 2 }];
    source.run.found(list());
    const changes: unknown[] = [];
    gateway.onChange((change) => changes.push(change));
    const before = gateway.snapshot();
    source.run.found(list());
    source.run.found(list().toReversed());
    expect(changes).toEqual([]);
    expect(gateway.snapshot()).toEqual(before);
  });

  it("bring the instances back after an update that put others there", () => {
    const gateway = products();
    const source = new ScriptedSource();
    discover(gateway.service("products"), source.watch, { coalesceMs: 0 });
    source.run.found(["http://a"]);
    gateway.update(configWith("http://other"));
    source.run.found(["http://a"]);
    const urls = gateway.service("products").instances();
    expect(urls.map(({ url }) => url)).toEqual(["http://a"]);
  });
});
