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
    expect(control.resume("a")).toBe(true);
    expect(health()[0]).not.toBe("draining");
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
