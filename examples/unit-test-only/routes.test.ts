import { createGateway, type ForwardDecision, type Gateway } from "@signalbox/core";
import { request, testEnv, type TestEnvOptions } from "@signalbox/core/testing";
import { expect, it } from "vitest";
import { config } from "./routes.ts";

function shop(options?: TestEnvOptions) {
  const env = testEnv(options);
  return { env, gateway: createGateway(config, { env }) };
}

function forwarded(gateway: Gateway, line: string, headers = {}): ForwardDecision {
  const decision = gateway.decide(request(line, { headers }));
  if (decision.kind !== "forward") throw new Error(`${line} is not forwarded: ${decision.kind}`);
  return decision;
}

it("sends an order to its service, with the id as a parameter", () => {
  const { gateway } = shop();
  expect(gateway.decide(request("GET /orders/7"))).toMatchObject({
    kind: "forward",
    route: "order",
    params: { id: "7" },
    service: "orders",
    instance: { url: "http://10.0.0.9:8080" },
  });
});

it("prefers a fixed segment to a parameter, wherever it is listed", () => {
  const { gateway } = shop();
  expect(forwarded(gateway, "GET /orders/latest").route).toBe("latest-order");
});

it("shows v2 to those who ask for it, and falls through to the split for others", () => {
  const { gateway } = shop();
  expect(forwarded(gateway, "GET /products/42", { "x-beta": "1" })).toMatchObject({
    route: "beta",
    version: "v2",
  });
  expect(forwarded(gateway, "GET /products/42", { "x-beta": "0" }).route).toBe("products");
});

it("leaves to the server what no route takes", () => {
  const { gateway } = shop();
  expect(gateway.decide(request("GET /"))).toEqual({ kind: "none" });
  expect(gateway.decide(request("POST /orders/7"))).toEqual({ kind: "none" });
});

it("gives v2 ten draws in a hundred", () => {
  const versions = Array.from({ length: 100 }, (_, i) => {
    const { gateway } = shop({ draws: { split: [i / 100] } });
    return forwarded(gateway, "GET /products/42").version;
  });
  expect(versions.filter((version) => version === "v2")).toHaveLength(10);
});

it("keeps a user on one version, whatever is drawn", () => {
  const cookie = { cookie: "uid=user-7" };
  const low = shop({ draws: { split: [0] } });
  const high = shop({ draws: { split: [0.99] } });
  const { version, point } = forwarded(low.gateway, "GET /products/42", cookie);
  expect(forwarded(high.gateway, "GET /products/1", cookie)).toMatchObject({ version, point });
});

it("moves users onto v2 only, when its weight is raised", () => {
  const { gateway } = shop();
  const users = Array.from({ length: 200 }, (_, i) => ({ cookie: `uid=user-${i}` }));
  const onV2 = () =>
    users.filter((user) => forwarded(gateway, "GET /products/42", user).version === "v2");
  const before = onV2();
  const routes = config.routes.map((route) =>
    route.id === "products"
      ? {
          ...route,
          to: { service: "products", split: { v1: 50, v2: 50 }, sticky: { cookie: "uid" } },
        }
      : route,
  );
  gateway.update({ ...config, routes });
  expect(onV2()).toEqual(expect.arrayContaining(before));
  expect(onV2().length).toBeGreaterThan(before.length);
});

it("ejects an instance at its fifth failure in a row, and takes it back after 30 s", () => {
  const { env, gateway } = shop({ draws: { split: [0], balance: [0, 0] } });
  gateway.restore({ services: { products: { instances: { p1: { consecutiveFailures: 4 } } } } });
  const decision = forwarded(gateway, "GET /products/42");
  expect(decision.instance.id).toBe("p1");
  gateway.start(decision);
  gateway.report(decision, { kind: "failure", stage: "connect", cause: "refused" });
  expect(forwarded(gateway, "GET /products/42").instance.id).toBe("p2");
  env.advance(29_999);
  expect(forwarded(gateway, "GET /products/42").instance.id).toBe("p2");
  env.advance(1);
  expect(forwarded(gateway, "GET /products/42").instance.id).toBe("p1");
});

it("tries another instance of the same version when one cannot be connected to", () => {
  const { gateway } = shop({ draws: { split: [0], balance: [0, 0] } });
  const first = forwarded(gateway, "GET /products/42");
  const outcome = { kind: "failure", stage: "connect", cause: "refused" } as const;
  gateway.start(first);
  gateway.report(first, outcome);
  expect(gateway.retry(first, outcome, { replayable: true })).toMatchObject({
    kind: "retry",
    decision: { version: "v1", instance: { id: "p2" }, attempt: 2, tried: ["p1"] },
  });
});

it("sends the old address to the new one, with the query", () => {
  const { gateway } = shop();
  expect(gateway.decide(request("GET shop.com/shop/products/42?color=red"))).toMatchObject({
    kind: "redirect",
    status: 308,
    location: "http://shop.com/products/42?color=red",
  });
});
