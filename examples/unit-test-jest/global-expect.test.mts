import { matchers, routeTester, type RouteTester } from "@signalbox/core/testing";
import type {} from "@signalbox/core/testing/jest";
import { config } from "./routes.js";

expect.extend(matchers);

const routes: RouteTester = routeTester(config);

it("knows the matchers of the global expect", async () => {
  const done: void = expect(routes.ask("GET /articles/7")).toReach("articles", "v1");
  const later: Promise<void> = expect(Promise.resolve(routes.ask("GET /blog"))).resolves.toRedirect(
    /\/articles$/,
    308,
  );
  expect([done, await later]).toEqual([undefined, undefined]);
  expect(routes.ask("GET /healthz")).toRespond(204);
  expect(routes.ask("GET /search")).toBeRejected("no-instance");
  expect(routes.ask("GET /")).toFallThrough();
  expect(routes.ask("GET /")).not.toReach("articles");
});

it("does not take what they do not take", () => {
  const asked = expect(routes.ask("GET /")).not;
  // @ts-expect-error -- a service must be named
  expect(() => asked.toReach()).toThrow(TypeError);
  // @ts-expect-error -- it is named by text
  expect(() => asked.toReach(7)).toThrow(TypeError);
  // @ts-expect-error -- the location stands before the status
  expect(() => asked.toRedirect(308)).toThrow(TypeError);
  // @ts-expect-error -- no reason is called so
  asked.toBeRejected("no-instances");
});
