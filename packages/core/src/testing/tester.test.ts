import { expect, it } from "vitest";
import type {} from "./vitest.js";
import type { GatewayConfig } from "../config/config.js";
import { GatewayConfigError } from "../config/problem.js";
import { testEnv } from "./env.js";
import { matchers } from "./matchers.js";
import { request } from "./request.js";
import { routeTester } from "./tester.js";

expect.extend(matchers);

const config: GatewayConfig = {
  services: {
    users: {
      instances: [
        { url: "http://u1", version: "v1" },
        { url: "http://u2", version: "v2" },
      ],
    },
  },
  routes: [
    {
      id: "beta",
      match: { path: "/users/*", headers: { "x-beta": "1" } },
      to: { service: "users", version: "v2" },
    },
    { id: "users", match: { path: "/users/*" }, to: { service: "users", split: { v1: 9, v2: 1 } } },
  ],
};

it("takes the line and the parts of a request, or a request view", () => {
  const routes = routeTester(config);
  const headers = { "X-Beta": "1" };
  expect(routes.ask("GET /users/7")).toReach("users", "v1");
  expect(routes.ask("GET /users/7", { headers })).toReach("users", "v2");
  expect(routes.ask(request("GET /users/7", { headers }))).toReach("users", "v2");
  // @ts-expect-error -- a view has its parts already
  expect(routes.ask(request("GET /users/7"), { headers })).toReach("users", "v1");
});

it("leaves nothing to chance unless it gets an environment", () => {
  const versionOf = (split: readonly number[]) =>
    routeTester(config, { env: testEnv({ draws: { split } }) }).ask("GET /users/7");
  expect(routeTester(config).ask("GET /users/7").draws).toContainEqual({
    purpose: "split",
    value: 0,
  });
  expect(versionOf([0.89])).toReach("users", "v1");
  expect(versionOf([0.9])).toReach("users", "v2");
});

it("refuses a configuration as createGateway does", () => {
  expect(() => routeTester({ routes: [{ to: "nowhere" }] })).toThrow(GatewayConfigError);
});
