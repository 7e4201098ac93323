import { describe, expectTypeOf, it } from "vitest";
import { createGateway, type Gateway } from "../gateway.js";
import type { ConfigInput, GatewayConfig } from "./config.js";
import type { RouteConfig, ShortRouteConfig } from "./route-config.js";
import json from "./plain.fixture.json" with { type: "json" };

// Compiled and never run, as literal-service.test-d.ts says.

declare const text: string;
declare const config: GatewayConfig;
declare const input: ConfigInput;
declare function routesOf(team: string): RouteConfig[];
declare const shortRoutes: ShortRouteConfig[];

const services = { a: { instances: ["http://a"] } } as const;

describe("a config that was made elsewhere", () => {
  it("is accepted as it stands, and makes a gateway that knows no routes", () => {
    expectTypeOf(createGateway(config)).toEqualTypeOf<Gateway>();
    expectTypeOf(createGateway(input)).toEqualTypeOf<Gateway>();
    expectTypeOf(createGateway(json)).toEqualTypeOf<Gateway>();
    expectTypeOf(createGateway(json.routes)).toEqualTypeOf<Gateway>();
    expectTypeOf(createGateway(shortRoutes)).toEqualTypeOf<Gateway>();
    expectTypeOf(createGateway(JSON.parse(text))).toEqualTypeOf<Gateway>();
    expectTypeOf<ReturnType<typeof createGateway>>().toEqualTypeOf<Gateway>();
  });

  it("may be a variable, with any text and with what is left out as undefined", () => {
    const own = { services: { a: { instances: ["http://a"] } }, routes: [{ to: "b" }] };
    expectTypeOf(createGateway(own)).toEqualTypeOf<Gateway>();
    const absent = [
      { match: { path: undefined, query: { a: "1", b: undefined } }, to: "http://a" },
    ];
    expectTypeOf(createGateway(absent)).toEqualTypeOf<Gateway>();
    const short = [{ id: "a", path: "/a", to: "http://a" }];
    expectTypeOf(createGateway(short)).toEqualTypeOf<Gateway>();
  });

  it("may be a part of a literal", () => {
    expectTypeOf(createGateway({ services, routes: routesOf("a") })).toEqualTypeOf<Gateway>();
    createGateway({ services: json.services, routes: [{ to: "products" }] });
    createGateway({ services, routes: json.routes });
    createGateway({ ...config, routes: [{ to: "anything" }], unmatchedMethod: "405" });
    createGateway({ ...config, routes: [...routesOf("a"), ...routesOf("b")] });
    createGateway({ services, routes: [JSON.parse(text)] });
    // @ts-expect-error the literal part is checked all the same
    createGateway({ services: json.services, routes: [{ to: "prodcts" }] });
    // @ts-expect-error there is no such value
    createGateway({ services, routes: routesOf("a"), unmatchedMethod: "406" });
    // @ts-expect-error nor such a field
    createGateway({ services, routes: routesOf("a"), unmatched: "405" });
  });

  it("has the fields and types of a config", () => {
    const noRoutes = { services: { a: { instances: ["http://a"] } } };
    // @ts-expect-error a config has routes
    createGateway(noRoutes);
    const noUrl = { services: { a: { instances: [{ version: "v1" }] } }, routes: [{ to: "a" }] };
    // @ts-expect-error an instance has a URL
    createGateway(noUrl);
    const textOrder = [{ to: "http://a", order: "first" }];
    // @ts-expect-error an order is a number
    createGateway(textOrder);
  });

  it("may be of a type that is given by a parameter, which is named then", () => {
    const make = <Own extends GatewayConfig>(own: Own) => createGateway<GatewayConfig>(own);
    expectTypeOf(make(config)).toEqualTypeOf<Gateway>();
  });

  it("takes the place of the literal in an update", () => {
    const gateway = createGateway({ services, routes: [{ id: "a", to: "a" }] });
    gateway.update(config);
    gateway.update([{ path: "/b", to: "http://b" }]);
  });
});
