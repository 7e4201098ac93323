import { expect, it, vi } from "vitest";
import type { compileConfig } from "./config/compile.js";
import type { Plan } from "./config/plan.js";
import type { InstanceConfig } from "./config/service-config.js";
import { createGateway, type Gateway } from "./gateway.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

const COUNT = 10_000;
const looked = vi.hoisted(() => ({ times: 0 }));

// Whatever is read of compiled routes, and of what is made of a list of them, is counted.
const counted = <T extends object>(of: T): T =>
  new Proxy(of, {
    get: (target, key) => {
      looked.times++;
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        const made: unknown = Reflect.apply(value, target, args);
        return Array.isArray(made) ? counted(made) : made;
      };
    },
  });

vi.mock("./config/compile.js", async (original) => {
  const compile = (await original<{ compileConfig: typeof compileConfig }>()).compileConfig;
  return {
    compileConfig: (...args: Parameters<typeof compile>): Plan => {
      const { checked, ...plan } = compile(...args);
      return {
        ...plan,
        checked: checked && counted({ ...checked }),
        table: counted(plan.table),
        actions: counted([...plan.actions]),
        targets: counted([...plan.targets]),
        places: counted([...plan.places]),
      };
    },
  };
});

const versionOf = (index: number): string => `v${index % 3}`;
const instances: InstanceConfig[] = Array.from({ length: COUNT }, (_, index) => ({
  ...{ id: `i${index}`, url: `http://i${index}`, version: versionOf(index) },
}));

it("of 10,000 instances that 10,000 routes lead to one comes and goes without a look at the routes", () => {
  const gateway: Gateway = createGateway(
    {
      services: { s: { instances, balancer: "round-robin" } },
      routes: Array.from({ length: COUNT }, (_, index) => ({
        match: { path: `/${index}` },
        to: { service: "s", version: versionOf(index) },
      })),
    },
    { env: testEnv() },
  );
  const looksOf = (act: () => unknown): number => {
    looked.times = 0;
    act();
    return looked.times;
  };
  const control = gateway.service("s");
  const fresh = { id: "new", url: "http://new", version: "v1" };
  const decide = (): unknown => gateway.decide(request("GET /4444"));
  const oneDecision = looksOf(decide);
  expect(oneDecision).toBeGreaterThan(0);
  expect(oneDecision).toBeLessThan(10);
  for (const act of [
    () => control.add(fresh),
    () => control.setWeight("new", 3),
    () => control.drain("new"),
    () => control.resume("new"),
    () => control.add({ ...fresh, version: "v2" }),
    () => control.remove("new"),
    () => control.set([...instances, fresh]),
    () => control.set(instances),
    () => gateway.tick(),
  ]) {
    expect(looksOf(act), String(act)).toBe(0);
    expect(looksOf(decide), String(act)).toBe(oneDecision);
  }
  expect(control.instances()).toHaveLength(COUNT);
});
