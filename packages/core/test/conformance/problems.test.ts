import { describe, expect, it } from "vitest";
import { checkConfig, createGateway } from "../../src/index.js";
import { checks, json, services } from "./kit.js";

describe("every problem of a configuration is told at once", () => {
  const config = {
    services: { orders: { instances: ["http://a"] }, users: { instances: [] } },
    routes: [
      { id: "a", match: { path: "/a" }, to: "ordrs" },
      { id: "b", match: { path: { regex: "(" } }, to: "users" },
      { id: "c", to: { service: "orders", split: { v1: -5 } } },
    ],
  };
  const problems = checkConfig(config);

  it("each with its place", () =>
    expect(problems.map(({ pointer }) => pointer.split("/").slice(0, 3).join("/"))).toEqual(
      expect.arrayContaining(["/routes/0", "/routes/1", "/routes/2"]),
    ));
  it("each with its code", () =>
    expect(problems.map(({ code }) => code)).toEqual(
      expect.arrayContaining(["UNKNOWN_SERVICE", "REGEX", "SPLIT_WEIGHT"]),
    ));
  it("with the name that was probably meant", () =>
    expect(problems).toContainEqual(
      expect.objectContaining({ pointer: "/routes/0/to", suggestion: "orders" }),
    ));
  it("by the gateway as well", () => {
    const build = () => createGateway(json(config));
    expect(build).toThrow("UNKNOWN_SERVICE");
    expect(build).toThrow("REGEX");
    expect(build).toThrow("SPLIT_WEIGHT");
  });
  it("before an update changes anything", () => {
    const gateway = createGateway({ services, routes: [{ id: "it", to: "web" }] });
    expect(() => gateway.update(json(config))).toThrow("UNKNOWN_SERVICE");
    expect(gateway.decide({ method: "GET", url: "/" })).toMatchObject({ route: "it" });
  });
});

const named = (name: string) => ({
  services: { [name]: { instances: ["http://a"] } },
  routes: [{ to: name }],
});

checks("the name of a service", [
  ["may hold spaces and other letters", named("caf\u00e9 / v2"), undefined],
  ["is not empty", named(""), "NAME"],
  ["holds no control characters", named("a\nb"), "NAME"],
]);
