import { describe, expect, it } from "vitest";
import { createGateway } from "../gateway.js";
import { testEnv } from "../testing/env.js";
import { request } from "../testing/request.js";
import { checkConfig } from "./check.js";
import type { RouteConfig } from "./route-config.js";
import { formatProblem } from "./problem.js";
import type { InstanceConfig } from "./service-config.js";

const app = (): void => undefined;
const old = { handler: app, version: "old" };
const fresh = { url: "http://new", version: "new" };

const lines = (config: unknown) => checkConfig(config).map(formatProblem);
const shop = (instances: readonly unknown[], route: object = {}, more: object = {}) => ({
  services: { shop: { instances, ...more }, plain: { instances: ["http://plain"] } },
  routes: [{ to: { service: "shop", split: { old: 1, new: 1 } }, ...route }],
});

describe("what is wrong with a handler is told word for word", () => {
  const cases: readonly (readonly [what: string, config: unknown, ...lines: string[]])[] = [
    [
      "no function",
      shop([{ ...old, handler: "app" }, fresh]),
      '/services/shop/instances/0/handler: handler must be a function that takes (req, res, next), got "app" [HANDLER]',
    ],
    [
      "a place beside the function",
      shop([{ ...old, url: "http://a", socketPath: "/run/a" }, fresh]),
      '/services/shop/instances/0/socketPath: socketPath must be left out beside handler: an instance is a place or a function, got "/run/a" [HANDLER]',
      '/services/shop/instances/0/url: url must be left out beside handler: an instance is a place or a function, got "http://a" [HANDLER]',
    ],
    [
      "a version that is both",
      shop([old, fresh, { url: "http://b", version: "old" }, { handler: app, version: "new" }]),
      '/services/shop/instances/2: version "old" is both handlers and URLs: retries stay in a version, and what a function has begun cannot be sent again; give them versions of their own [HANDLER]',
    ],
    [
      "instances without a version that are both",
      shop([fresh, old, { handler: app }, "http://b"], { to: "shop" }),
      "/services/shop/instances/3: the instances without a version are both handlers and URLs: retries stay in a version, and what a function has begun cannot be sent again; give them versions of their own [HANDLER]",
    ],
    [
      "routes that take every version of both kinds",
      {
        ...shop([old, fresh]),
        routes: [
          { to: "shop" },
          { to: [{ service: "shop" }, { service: "plain" }] },
          { to: { service: "plain", fallback: { service: "shop" } } },
        ],
      },
      '/routes/0/to: the versions of service "shop" are handlers and URLs, and retries would go from one to the other: give a version, or a split [HANDLER]',
      '/routes/1/to/0: the versions of service "shop" are handlers and URLs, and retries would go from one to the other: give a version, or a split [HANDLER]',
      '/routes/2/to/fallback: the versions of service "shop" are handlers and URLs, and retries would go from one to the other: give a version, or a split [HANDLER]',
    ],
    [
      "a mirror to handlers",
      shop([old, fresh], {
        mirror: [
          { service: "shop", ratio: 1 },
          { service: "shop", version: "old", ratio: 1 },
          { service: "shop", version: "new", ratio: 1 },
          { service: "plain", ratio: 1 },
        ],
      }),
      '/routes/0/mirror/0: service "shop" has handlers, and a handler would answer the client: a copy goes to URLs only [HANDLER]',
      '/routes/0/mirror/1: service "shop" has handlers in version "old", and a handler would answer the client: a copy goes to URLs only [HANDLER]',
    ],
    [
      "one id twice",
      shop([{ ...old, id: "a" }, { ...old, id: "a" }, fresh]),
      '/services/shop/instances/1: instance 0 of the service has the id "a" already: give one of them an id of its own [DUPLICATE_INSTANCE]',
    ],
  ];
  it.each(cases)("%s", (_what, config, ...expected) => expect(lines(config)).toEqual(expected));
});

it("takes all that other instances have, and a fallback that only answers", () => {
  const whole = { ...old, id: "a", weight: 2, zone: "z", tier: 1, metadata: { team: "shop" } };
  const to = { service: "shop", version: "old", fallback: { respond: { status: 503 } } };
  expect(lines(shop([whole, fresh], { to }, { probe: {} }))).toEqual([]);
});

it("looks at a route again when a function has come to its service", () => {
  const routes: RouteConfig[] = [{ to: "shop" }];
  const of = (...instances: InstanceConfig[]) => ({ services: { shop: { instances } }, routes });
  const gateway = createGateway(of("http://a"), { env: testEnv({}) });
  expect(() => gateway.update(of({ url: "http://a", version: "new" }, old))).toThrow(
    'the versions of service "shop" are handlers and URLs',
  );
  expect(gateway.decide(request("GET /"))).toMatchObject({ instance: { url: "http://a" } });
});
