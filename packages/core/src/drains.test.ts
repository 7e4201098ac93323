import { describe, expect, it } from "vitest";
import type { GatewayConfig } from "./config/config.js";
import type { ServiceConfig } from "./config/service-config.js";
import { createGateway, type Gateway } from "./gateway.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

const configOf = (service: Partial<ServiceConfig> = {}): GatewayConfig => ({
  services: {
    s: {
      instances: ["a", "b"].map((id) => ({ id, url: `http://${id}` })),
      balancer: "round-robin",
      ...service,
    },
  },
  routes: [{ to: "s" }],
});

function started(service: Partial<ServiceConfig> = {}, now = 1_000) {
  const env = testEnv({ now });
  const gateway: Gateway = createGateway(configOf(service), { env });
  const told: string[] = [];
  gateway.onChange(({ kind, instance }) => void told.push(`${kind} ${instance?.id}`));
  const begin = (headers = {}) => {
    const decision = gateway.decide(request("GET /", { headers }));
    if (decision.kind !== "forward") throw new Error(decision.kind);
    gateway.start(decision);
    const end = () => gateway.report(decision, { kind: "response", status: 200, totalMs: 1 });
    return { decision, id: decision.instance.id, end };
  };
  const served = (count: number, id: string) =>
    Array.from({ length: count }, () => begin()).filter((each) => each.id === id).length;
  const control = gateway.service("s");
  const health = () => control.instances().map((instance) => instance.health);
  return { env, gateway, control, told, begin, served, health };
}

/** What a promise has come to by now. */
async function valueOf(promise: Promise<boolean>): Promise<boolean | "pending"> {
  await Promise.resolve();
  return Promise.race([promise, Promise.resolve("pending" as const)]);
}

describe("a clock that says 0 or less", () => {
  it.each([0, -5_000])("lets drains end at once where nothing is under way, at %i", async (now) => {
    const { control, told, health, gateway } = started({}, now);
    expect(await valueOf(control.drain("a"))).toBe(true);
    expect(health()[0]).toBe("draining");
    expect(told).toEqual(["draining a", "drained a"]);
    expect(gateway.tick()).toBe(Number.POSITIVE_INFINITY);
    expect([control.resume("a"), health()[0] === "draining"]).toEqual([true, false]);
  });

  it.each([0, -400, -5_000])("lets sessions have their time, from %i on", async (now) => {
    const { control, env, gateway } = started({}, now);
    const drained = control.drain("a", { deadlineMs: 400 });
    gateway.update(configOf({ slowStartMs: 1 }));
    env.advance(399);
    expect(gateway.tick()).toBe(1);
    expect(await valueOf(drained)).toBe("pending");
    env.advance(1);
    gateway.tick();
    expect(await valueOf(drained)).toBe(true);
  });

  it("lets who is added then begin slowly, in an update too", () => {
    const { control, gateway, served } = started({ slowStartMs: 10_000 }, 0);
    control.add({ id: "c", url: "http://c" });
    expect(served(21, "c")).toBe(1);
    gateway.update(configOf({ slowStartMs: 10_000, instances: ["http://a", "http://d"] }));
    gateway.update(configOf({ slowStartMs: 10_000, instances: ["http://a", "http://e"] }));
    expect(gateway.snapshot().services["s"]?.instances["http://e"]?.joinedMsAgo).not.toBeNull();
  });

  it("lets who is resumed then begin slowly", async () => {
    const { control, served } = started({}, 0);
    await control.drain("a");
    control.resume("a");
    expect(served(11, "a")).toBe(1);
  });

  it("lets who passes its probes then begin slowly, after an ejection too", () => {
    const probe = { unhealthyAfter: 1, healthyAfter: 1 };
    const { control, served, gateway } = started({ probe }, 0);
    control.reportProbe("b", true);
    for (const passed of [true, false, true]) control.reportProbe("a", passed);
    expect(served(11, "a")).toBe(1);
    const passing = { probe: { status: "passing", contrary: 0 } } as const;
    const instances = { a: { ejectedForMs: 500, ...passing }, b: passing };
    gateway.restore({ services: { s: { instances } } });
    control.reportProbe("a", true);
    expect(served(11, "a")).toBe(1);
  });
});

describe("a drain that is asked for once more", () => {
  const pinned = { affinity: { cookie: {} } };
  const pinnedTo = ({ begin }: ReturnType<typeof started>) => {
    const { decision, end } = begin();
    const cookie = decision.setCookies[0]?.split(";")[0];
    return { cookie, end, again: () => begin({ cookie }) };
  };

  it("stays over where it is over, whatever time sessions get now", async () => {
    const all = started(pinned);
    const { control, told } = all;
    const { end, again } = pinnedTo(all);
    end();
    await control.drain("a");
    expect(await valueOf(control.drain("a", { deadlineMs: 60_000 }))).toBe(true);
    expect(again().id).toBe("b");
    expect(told).toEqual(["draining a", "drained a"]);
  });

  it("is over as well where nobody has told it yet", async () => {
    const all = started(pinned);
    const { control, told, env } = all;
    const { end, again } = pinnedTo(all);
    end();
    const first = control.drain("a", { deadlineMs: 500 });
    env.advance(500);
    expect(await valueOf(control.drain("a", { deadlineMs: 60_000 }))).toBe(true);
    expect(await valueOf(first)).toBe(true);
    expect(again().id).toBe("b");
    expect(told).toEqual(["draining a", "drained a"]);
  });

  it("takes the new deadline while it goes on, a later one and an earlier one", async () => {
    const all = started(pinned);
    const { control, told, env, gateway } = all;
    const { end, again } = pinnedTo(all);
    const first = control.drain("a");
    expect(again().id).toBe("b");
    const second = control.drain("a", { deadlineMs: 60_000 });
    const { id, end: endAgain } = again();
    expect(id).toBe("a");
    end();
    endAgain();
    env.advance(59_999);
    expect(gateway.tick()).toBe(1);
    expect([await valueOf(first), await valueOf(second)]).toEqual(["pending", "pending"]);
    const third = control.drain("a", { deadlineMs: 0 });
    expect(await Promise.all([first, second, third])).toEqual([true, true, true]);
    expect(told).toEqual(["draining a", "drained a"]);
  });

  it("waits for a request that had been decided before and has begun since", async () => {
    const { gateway, control } = started();
    const late = gateway.decide(request("GET /"));
    await control.drain("a");
    gateway.start(late);
    const drained = control.drain("a");
    expect(await valueOf(drained)).toBe("pending");
    gateway.report(late, { kind: "response", status: 200, totalMs: 1 });
    expect(await valueOf(drained)).toBe(true);
  });

  it("begins anew behind `resume`", async () => {
    const all = started(pinned);
    const { control } = all;
    const { end, again } = pinnedTo(all);
    end();
    await control.drain("a");
    control.resume("a");
    expect(await valueOf(control.drain("a", { deadlineMs: 60_000 }))).toBe("pending");
    expect(again().id).toBe("a");
  });
});

describe("who waits for a drain", () => {
  it("listens once for a service, and no more when all have ended", () => {
    const { gateway, control } = started();
    let listening = 0;
    const { onChange } = gateway;
    gateway.onChange = (listener) => {
      const stop = onChange.call(gateway, listener);
      listening++;
      return () => {
        listening--;
        stop();
      };
    };
    for (const id of ["a", "b", "a"]) void control.drain(id, { deadlineMs: 500 });
    expect(listening).toBe(1);
    control.resume("a");
    expect(listening).toBe(1);
    control.remove("b");
    expect(listening).toBe(0);
  });

  it("waits for its requests also where the instance is another place meanwhile, or has left", async () => {
    const { gateway, control, begin } = started();
    const { end } = begin();
    const drained = control.drain("a");
    control.add({ id: "a", url: "http://other" });
    expect(await valueOf(drained)).toBe("pending");
    control.remove("a");
    control.add({ id: "a", url: "http://a" });
    expect(await valueOf(control.drain("a"))).toBe(true);
    expect(await valueOf(drained)).toBe("pending");
    gateway.update({ routes: [] });
    gateway.restore({});
    expect(await valueOf(drained)).toBe("pending");
    end();
    expect(await valueOf(drained)).toBe(true);
  });

  it("learns that it is taken back by whoever hears that it begins", async () => {
    const { gateway, control } = started();
    gateway.onChange(({ kind }) => void (kind === "draining" && control.resume("a")));
    expect(await valueOf(control.drain("a"))).toBe(false);
  });

  it("learns that it is drained though a listener resumes it at once", async () => {
    const { gateway, control, begin } = started();
    gateway.onChange(({ kind }) => void (kind === "drained" && control.resume("a")));
    const { end } = begin();
    const drained = control.drain("a");
    end();
    expect(await valueOf(drained)).toBe(true);
  });
});

describe("`returned`", () => {
  const probe = { unhealthyAfter: 1, healthyAfter: 1 };
  const out = { ejectedForMs: 500 };
  const ejectedA = { services: { s: { instances: { a: out } } } };

  it("is told at the end of an ejection that outlasts a drain, once", async () => {
    const { gateway, control, told, env } = started();
    gateway.restore({ services: { s: { instances: { a: { ...out, inFlight: 1 } } } } });
    const drained = control.drain("a");
    control.resume("a");
    expect([await valueOf(drained), ...told]).toEqual([false, "draining a"]);
    for (const ms of [500, 500]) {
      env.advance(ms);
      gateway.tick();
      expect(told).toEqual(["draining a", "returned a"]);
    }
  });

  it.each([true, false])("is told with `resume` after the ejection, once; seen: %s", (isSeen) => {
    const { gateway, control, told, env } = started();
    gateway.restore(ejectedA);
    void control.drain("a");
    env.advance(500);
    if (isSeen) expect(gateway.tick()).toBe(Number.POSITIVE_INFINITY);
    expect(told).toEqual(["draining a", "drained a"]);
    control.resume("a");
    gateway.tick();
    expect(told.slice(2)).toEqual(["returned a"]);
  });

  it("is told when an instance that was resumed passes its probes again, once", () => {
    const { control, told, gateway } = started({ probe });
    for (const passed of [true, false]) control.reportProbe("a", passed);
    void control.drain("a");
    told.length = 0;
    control.resume("a");
    expect(told).toEqual([]);
    for (const passed of [true, false, true]) control.reportProbe("a", passed);
    gateway.tick();
    expect(told).toEqual(["passing a", "returned a", "failing a", "passing a"]);
  });

  it("is told when an ejection is over and the probes pass, whichever comes later", () => {
    const { gateway, control, told, env } = started({ probe, outlier: { endedByProbes: false } });
    const both = { ...out, probe: { status: "failing", contrary: 0 } } as const;
    gateway.restore({ services: { s: { instances: { a: both, b: both } } } });
    control.reportProbe("a", true);
    env.advance(500);
    expect(gateway.tick()).toBe(Number.POSITIVE_INFINITY);
    expect(told).toEqual(["passing a", "returned a"]);
    control.reportProbe("b", true);
    expect(told.slice(2)).toEqual(["passing b", "returned b"]);
  });

  it("is told with the next look where an update takes the probes away", () => {
    const { gateway, control, told } = started({ probe });
    for (const passed of [true, false]) control.reportProbe("a", passed);
    void control.drain("a");
    control.resume("a");
    told.length = 0;
    gateway.update(configOf());
    gateway.tick();
    expect(told).toEqual(["returned a"]);
  });

  it("is told no more of what has left", () => {
    const { gateway, control, told, env } = started();
    gateway.restore(ejectedA);
    void control.drain("a");
    control.resume("a");
    control.remove("a");
    env.advance(500);
    gateway.tick();
    expect(told.filter((event) => event.startsWith("returned"))).toEqual([]);
  });
});
