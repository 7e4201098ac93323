import { describe, expect, it } from "vitest";
import type { DrawPurpose } from "./env.js";
import type { InstanceConfig, ServiceConfig } from "./config/service-config.js";
import { createGateway, type Gateway } from "./gateway.js";
import type { Outcome } from "./outcome.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

const refused: Outcome = { kind: "failure", stage: "connect", cause: "refused" };

interface Place {
  readonly id: string;
  readonly tier?: number;
  readonly zone?: string;
  readonly weight?: number;
}

/** A gateway whose draws are asked for by purpose, and noted. */
function started(places: readonly Place[], service: Partial<ServiceConfig> = {}, more = {}) {
  const env = testEnv();
  const draws: { [purpose: string]: number } = {};
  const drawn: DrawPurpose[] = [];
  env.random = (purpose) => {
    drawn.push(purpose);
    return draws[purpose] ?? 0;
  };
  const instances = places.map((place): InstanceConfig => ({
    url: `http://${place.id}`,
    ...place,
  }));
  const config = {
    services: { s: { instances, balancer: "random", ...service } as ServiceConfig },
    routes: [{ to: "s", retry: { attempts: 5 } }],
    ...more,
  };
  const gateway: Gateway = createGateway(config, { env });
  const at = (level: number, address?: string) => {
    draws["level"] = level;
    const decision = gateway.decide(
      request("GET /", address === undefined ? {} : { remoteAddress: address }),
    );
    if (decision.kind !== "forward") throw new Error(decision.kind);
    return decision;
  };
  /** How many of an even grid of draws lead to an instance. Deciding leaves no trace. */
  const shareOf = (id: string, count: number, purpose = "balance") => {
    let found = 0;
    for (let index = 0; index < count; index++) {
      draws[purpose] = index / count;
      if (at(draws["level"] ?? 0).instance.id === id) found++;
    }
    return found;
  };
  const eject = (id: string) => {
    gateway.restore({ services: { s: { instances: { [id]: { ejectedForMs: 30_000 } } } } });
  };
  return { env, draws, drawn, gateway, service: gateway.service("s"), at, shareOf, eject };
}

describe("tiers", () => {
  const TIERS = [{ id: "a" }, { id: "b" }, { id: "c", tier: 1 }];

  it("give all to the first as long as that bears it, and draw for a level only where several get some", () => {
    const { at, drawn } = started(TIERS);
    expect([at(0), at(0.999)].map(({ instance }) => instance.id)).toEqual(["a", "a"]);
    expect(drawn).toEqual(["balance", "balance"]);
    const one = started([{ id: "a" }, { id: "b" }]);
    one.at(0);
    expect(one.drawn).toEqual(["balance"]);
  });

  it("hand on what half of the first does not bear: three of ten", () => {
    const { at, eject, shareOf } = started(TIERS);
    eject("a");
    expect(at(0.69).instance.id).toBe("b");
    expect(at(0.71).instance.id).toBe("c");
    expect(shareOf("c", 1_000, "level")).toBe(300);
  });

  it("hand on everything while the first drains, and take it back", () => {
    const { at, service } = started(TIERS);
    void service.drain("a");
    expect(at(0.999).instance.id).toBe("b");
    void service.drain("b");
    expect(at(0).instance.id).toBe("c");
    service.resume("a");
    expect(at(0.999).instance.id).toBe("a");
  });

  it("try all of every tier when nobody is eligible, but not those that drain", () => {
    const { gateway, at, service, shareOf } = started(TIERS);
    const state = { ejectedForMs: 30_000 };
    gateway.restore({ services: { s: { instances: { a: state, b: state, c: state } } } });
    expect(["a", "b", "c"].map((id) => shareOf(id, 300))).toEqual([100, 100, 100]);
    void service.drain("a");
    expect(["a", "b", "c"].map((id) => shareOf(id, 300))).toEqual([0, 150, 150]);
    expect(at(0).kind).toBe("forward");
  });

  it("are told of an instance that changes its tier at run time", () => {
    const { at, service } = started(TIERS);
    service.add({ id: "a", url: "http://a", tier: 2 });
    service.add({ id: "b", url: "http://b", tier: 1 });
    service.add({ id: "d", url: "http://d" });
    expect(at(0.999).instance.id).toBe("d");
  });

  it("keep a key at its instance as long as they stay, without a draw", () => {
    const { gateway, eject, drawn } = started(TIERS, { balancer: "rendezvous" });
    eject("a");
    const owner = (user: number) => {
      const decision = gateway.decide(request("GET /", { remoteAddress: `192.0.2.${user}` }));
      return decision.kind === "forward" ? decision.instance.id : decision.kind;
    };
    const users = Array.from({ length: 250 }, (_, user) => user);
    const owners = users.map(owner);
    expect(users.map(owner)).toEqual(owners);
    expect(drawn).toEqual([]);
    const handedOn = owners.filter((id) => id === "c").length;
    expect(handedOn).toBeGreaterThan(50);
    expect(handedOn).toBeLessThan(100);
  });

  it("are asked one after the other by retries", () => {
    const { gateway, at, draws } = started([
      { id: "c", tier: 2 },
      { id: "b", tier: 1 },
      { id: "a" },
      { id: "d", tier: 3 },
    ]);
    draws["balance"] = 0.99;
    let decision = at(0);
    const asked = [decision.instance.id];
    for (let attempt = 2; attempt <= 5; attempt++) {
      const next = gateway.retry(decision, refused, { replayable: true });
      if (next.kind !== "retry") throw new Error(next.reason);
      decision = next.decision;
      asked.push(decision.instance.id);
    }
    expect(asked).toEqual(["a", "b", "c", "d", "a"]);
  });
});

describe("zones", () => {
  const ZONES = [
    { id: "a", zone: "near" },
    { id: "b", zone: "near" },
    { id: "c", zone: "far" },
    { id: "d", zone: "far" },
  ];
  const near = { zone: "near" };

  it("give all to the gateway's own as long as that bears it", () => {
    const { at } = started(ZONES, {}, near);
    expect([at(0), at(0.999)].map(({ instance }) => instance.id)).toEqual(["a", "a"]);
  });

  it("hand on the share that the own one does not bear: 1 - 1.4 (1/3) / (1/2)", () => {
    const { at, eject, shareOf } = started(ZONES, {}, near);
    eject("a");
    expect(at(0.93).instance.id).toBe("b");
    expect(at(0.94).instance.id).toBe("c");
    expect(shareOf("c", 3_000, "level")).toBe(200);
  });

  it("make no difference to a gateway that has none", () => {
    const { shareOf, drawn } = started(ZONES);
    expect(["a", "b", "c", "d"].map((id) => shareOf(id, 100))).toEqual([25, 25, 25, 25]);
    expect(drawn).not.toContain("level");
  });

  it("hand a retry on to the other ones when all of the own were tried", () => {
    const { gateway, at, draws } = started(
      [...ZONES.slice(0, 1), ...ZONES.slice(2), { id: "e", tier: 1 }],
      {},
      near,
    );
    draws["balance"] = 0.99;
    const next = gateway.retry(at(0), refused, { replayable: true });
    expect(next).toMatchObject({ decision: { instance: { id: "d" } } });
  });
});

describe("slow start", () => {
  it("lets an added instance begin with a tenth, and grow in twenty steps to its whole share", () => {
    const { env, service, shareOf } = started([{ id: "a" }], { slowStartMs: 10_000 });
    service.add({ id: "b", url: "http://b" });
    expect(shareOf("b", 110)).toBe(10);
    env.advance(4_999);
    expect(shareOf("b", 145)).toBe(45);
    env.advance(1);
    expect(shareOf("b", 150)).toBe(50);
    env.advance(5_000);
    expect(shareOf("b", 100)).toBe(50);
  });

  it("is not for those that the gateway begins with, nor where it is off", () => {
    const begun = started([{ id: "a" }, { id: "b" }], { slowStartMs: 10_000 });
    expect(begun.shareOf("b", 100)).toBe(50);
    const { service, shareOf } = started([{ id: "a" }]);
    service.add({ id: "b", url: "http://b" });
    expect(shareOf("b", 100)).toBe(50);
  });

  it("is for those that come with an update and with `set`", () => {
    const { gateway, service, shareOf } = started([{ id: "a" }], { slowStartMs: 10_000 });
    const listed = (...ids: readonly string[]) => ids.map((id) => ({ id, url: `http://${id}` }));
    service.set(listed("a", "b"));
    expect(shareOf("b", 110)).toBe(10);
    gateway.update({
      services: {
        s: { instances: listed("a", "b", "c"), balancer: "random", slowStartMs: 10_000 },
      },
      routes: [{ to: "s" }],
    });
    expect(["a", "b", "c"].map((id) => shareOf(id, 120))).toEqual([100, 10, 10]);
  });

  it("begins with the first probe that passes, where there are probes", () => {
    const { env, service, shareOf } = started([{ id: "a" }], { slowStartMs: 10_000, probe: {} });
    service.reportProbe("a", true);
    service.add({ id: "b", url: "http://b" });
    env.advance(60_000);
    service.reportProbe("b", true);
    expect(shareOf("b", 110)).toBe(10);
    env.advance(10_000);
    expect(shareOf("b", 100)).toBe(50);
  });

  it("is survived by a snapshot", () => {
    const { env, gateway, service, shareOf } = started([{ id: "a" }], { slowStartMs: 10_000 });
    service.add({ id: "b", url: "http://b" });
    env.advance(5_000);
    gateway.restore(gateway.snapshot());
    expect(shareOf("b", 150)).toBe(50);
    expect(shareOf("a", 150)).toBe(100);
  });
});

describe("an instance that returns from an ejection", () => {
  it("comes to its whole share within `returnMs`", () => {
    const { env, eject, shareOf } = started([{ id: "a" }, { id: "b" }], {
      outlier: { returnMs: 2_000 },
    });
    eject("b");
    expect(shareOf("b", 100)).toBe(0);
    env.advance(30_000);
    expect(shareOf("b", 110)).toBe(10);
    env.advance(1_000);
    expect(shareOf("b", 150)).toBe(50);
    env.advance(1_000);
    expect(shareOf("b", 100)).toBe(50);
  });

  it("takes ten seconds where nothing is said, and none with 0", () => {
    const { env, eject, shareOf } = started([{ id: "a" }, { id: "b" }]);
    eject("b");
    env.advance(35_000);
    expect(shareOf("b", 150)).toBe(50);
    const instant = started([{ id: "a" }, { id: "b" }], { outlier: { returnMs: 0 } });
    instant.eject("b");
    instant.env.advance(30_000);
    expect(instant.shareOf("b", 100)).toBe(50);
  });
});

describe("a weight that is set at run time", () => {
  it("holds from the next decision on, beside those of a warm-up", () => {
    const { env, service, shareOf } = started([{ id: "a" }], { slowStartMs: 10_000 });
    service.setWeight("a", 3);
    service.add({ id: "b", url: "http://b", weight: 1 });
    service.setWeight("b", 2);
    env.advance(5_000);
    expect(shareOf("b", 400)).toBe(100);
    env.advance(5_000);
    expect(shareOf("b", 500)).toBe(200);
    expect(service.instances().map(({ weight }) => weight)).toEqual([3, 2]);
  });

  it("stays over an update that says nothing new of the instances, and a restore", () => {
    const config = (balancer: "random" | "round-robin") => ({
      services: {
        s: { instances: ["a", "b"].map((id) => ({ id, url: `http://${id}` })), balancer },
      },
      routes: [{ to: "s" }],
    });
    const { gateway, service, shareOf } = started([{ id: "a" }, { id: "b" }]);
    service.setWeight("a", 3);
    gateway.update(config("random"));
    gateway.restore(gateway.snapshot());
    expect(shareOf("a", 100)).toBe(75);
  });
});
