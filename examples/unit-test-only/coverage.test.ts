import { generateRequests } from "@signalbox/core";
import { formatCoverage, matchers, request, routeTester, testEnv } from "@signalbox/core/testing";
import type {} from "@signalbox/core/testing/vitest";
import { expect, it } from "vitest";
import { config } from "./routes.ts";

expect.extend(matchers);

// The requests of all tests count for the coverage.
const routes = routeTester(config);

it("shows v2 to those who ask for it, and splits the others by who they are", () => {
  const product = (headers: Record<string, string>) => routes.ask("GET /products/42", { headers });
  expect(product({ "X-Beta": "1" })).toReach("products", "v2");
  expect(product({ cookie: "uid=user-1" })).toReach("products", "v1");
  expect(product({ cookie: "uid=user-20" })).toReach("products", "v2");
});

it("reads and cancels orders, and takes no other method", () => {
  expect(routes.ask("GET /orders/7")).toReach("orders");
  expect(routes.ask("DELETE /orders/7")).toReach("orders");
  expect(routes.ask("PUT /orders/7")).toFallThrough();
  expect(routes.ask("GET /orders/latest").decision).toMatchObject({ route: "latest-order" });
});

it("sends the old address to the new one", () => {
  expect(routes.ask("GET shop.com/shop/7")).toRedirect("http://shop.com/7", 308);
  expect(routes.ask("GET shop.com/shopping")).not.toRedirect();
});

it("answers nothing itself, and refuses what is malformed", () => {
  for (const view of generateRequests(config)) {
    expect(routes.gateway.decide(view)).not.toRespond();
    expect(routes.gateway.decide(view)).not.toBeRejected();
  }
  expect(routes.gateway.decide(request("GET /orders/%00"))).toBeRejected("bad-request");
});

// The last test of `routes`: it looks back at the requests of those above.
it("meets every route, share and condition by hand", () => {
  expect(formatCoverage(routes.coverage())).toBe("100 % of routes, shares and conditions were met");
});

it("meets them by generated requests too", () => {
  const generated = routeTester(config);
  for (const view of generateRequests(config)) generated.ask(view);
  expect(generated.coverage().ratio).toBe(1);
});

it("says what was not met", () => {
  const few = routeTester(config, { env: testEnv({ draws: { split: [0.95] } }) });
  few.ask("GET /products/42");
  expect(formatCoverage(few.coverage()).split("\n")).toEqual(
    expect.arrayContaining([
      "  route old: never reached",
      "  route products: its share for products v1 never reached",
      '  route beta: header x-beta: "1" never held',
    ]),
  );
});

it("does not compile when a matcher is asked for what it does not take", () => {
  const asked = expect(routes.ask("GET /orders/7")).not;
  // @ts-expect-error -- a service must be named
  expect(() => asked.toReach()).toThrow(TypeError);
  // @ts-expect-error -- it is named by text
  expect(() => asked.toReach(7)).toThrow(TypeError);
});

it("has types alone in the entry for vitest", async () => {
  expect(Object.keys(await import("@signalbox/core/testing/vitest"))).toEqual([]);
});
