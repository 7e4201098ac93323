import { describe, expect, it } from "vitest";
import { createGateway } from "../gateway.js";
import type { ConfigInput } from "./config.js";
import type { RouteConfig } from "./route-config.js";
import { checkConfig } from "./check.js";
import { GatewayConfigError } from "./problem.js";

const a: RouteConfig = { id: "a", match: { path: "/a" }, to: "s" };
const b: RouteConfig = { id: "b", match: { path: "/b/:id" }, rewrite: { path: "/:id" }, to: "s" };
const configOf = (
  routes: readonly unknown[],
  services: object = { s: { instances: ["http://s"] } },
) => ({ services, routes }) as ConfigInput;

/** The problems that an update is refused with. */
const refusal = (before: ConfigInput, after: ConfigInput): unknown => {
  const gateway = createGateway(before);
  try {
    gateway.update(after);
    return [];
  } catch (error) {
    return (error as GatewayConfigError).problems;
  }
};

describe("an update of a table whose routes mostly stay", () => {
  const bad = { id: "c", match: { path: "/c/:x" }, rewrite: { path: "/:y" }, to: "t", retries: 1 };

  it.each<[string, ConfigInput, ConfigInput]>([
    ["in the long form", configOf([a, b]), configOf([a, bad, b])],
    [
      "in the short form",
      [{ path: "/a", to: "http://a" }],
      [{ path: "/a", to: "http://a" }, bad as never],
    ],
    ["with an id that is taken", configOf([a, b]), configOf([a, b, { ...b, order: 1 }])],
    ["with the same route twice", configOf([a, b]), configOf([a, b, a])],
    [
      "without a service that routes name",
      configOf([a, b]),
      configOf([a, b], { t: { instances: [] } }),
    ],
    [
      "with defaults that meet its limits",
      configOf([{ ...a, timeouts: { attemptMs: 9 } }]),
      {
        ...configOf([{ ...a, timeouts: { attemptMs: 9 } }]),
        defaults: { timeouts: { requestMs: 5 } },
      } as ConfigInput,
    ],
    ["with a service that cannot be", configOf([a]), configOf([a], { s: { instances: ["s"] } })],
    ["with routes that are none", configOf([a]), configOf([a, 7])],
    ["with something that has no form in JSON", configOf([a]), configOf([a, { ...b, id: 7n }])],
  ])("is refused with every problem in its place: %s", (_what, before, after) => {
    const problems = checkConfig(after);
    expect(problems.length).toBeGreaterThan(0);
    expect(refusal(before, after)).toEqual(problems);
  });

  it("is taken when nothing is wrong, also when an object was changed in place", () => {
    const routes = [structuredClone(a), structuredClone(b)] as {
      to?: unknown;
      match: { path: string };
    }[];
    const gateway = createGateway(configOf(routes));
    (routes[0] as (typeof routes)[0]).match.path = "/other";
    gateway.update(configOf(routes));
    expect(gateway.decide({ method: "GET", url: "/other" })).toMatchObject({ route: "a" });
    expect(gateway.decide({ method: "GET", url: "/a" })).toEqual({ kind: "none" });
    (routes[1] as (typeof routes)[0]).to = "nobody";
    expect(() => gateway.update(configOf(routes))).toThrow(GatewayConfigError);
  });
});
