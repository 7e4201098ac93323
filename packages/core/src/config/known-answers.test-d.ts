import { describe, expectTypeOf, it } from "vitest";
import type { Decision, ForwardDecision, Params } from "../decision.js";
import { createGateway, type DecisionOf, type Gateway } from "../gateway.js";
import type { GatewayMatch, MatchResult } from "../gateway-match.js";
import type { RequestView } from "../request.js";

// Compiled and never run, as literal-service.test-d.ts says.

declare const view: RequestView;
declare const text: string;
declare const gatewayOfAny: Gateway;

const services = {
  orders: { instances: ["http://10.0.0.9:8080"] },
  archive: { instances: ["http://10.0.0.8:8080"] },
} as const;

const gateway = createGateway({
  services,
  routes: [
    { id: "order", match: { path: "/orders/:id" }, to: "orders" },
    { id: "files", match: { path: "/files/:owner/*" }, to: ["http://10.0.0.7:8080"] },
    {
      id: "item",
      match: [{ path: "/items/:id" }, { path: "/orders/:order/items/:id" }],
      to: { service: "orders", fallback: { service: "archive" } },
    },
    {
      id: "any",
      match: [{ path: "/a/:id" }, { path: { prefix: "/b" } }],
      to: [{ service: "orders", weight: 9 }, { service: "archive" }],
    },
    { id: "read", match: { path: text }, to: "orders" },
    { id: "old", match: { path: "/old/:id" }, redirect: { status: 308 } },
    { id: "health", respond: { status: 200 } },
  ],
});

type Ids = "order" | "files" | "item" | "any" | "read" | "old" | "health";

describe("a decision of a gateway that was made from a literal", () => {
  const decision = gateway.decide(view);

  it("has the parameters of its route", () => {
    if (decision.kind !== "forward") return;
    if (decision.route === "order") {
      expectTypeOf(decision.params).toEqualTypeOf<{ readonly id: string }>();
      // @ts-expect-error the path has no such parameter
      void decision.params.nope;
    }
    if (decision.route === "files")
      expectTypeOf(decision.params).toEqualTypeOf<{
        readonly owner: string;
        readonly "*": string;
      }>();
  });

  it("may lack a parameter that only some alternatives have", () => {
    if (decision.kind !== "forward") return;
    if (decision.route === "item") {
      expectTypeOf(decision.params.id).toEqualTypeOf<string>();
      expectTypeOf(decision.params.order).toEqualTypeOf<string | undefined>();
      // @ts-expect-error no alternative has it
      void decision.params.nope;
    }
    if (decision.route === "any")
      expectTypeOf(decision.params.id).toEqualTypeOf<string | undefined>();
  });

  it("has any parameters where the type does not know the path", () => {
    if (decision.kind === "forward" && decision.route === "read")
      expectTypeOf(decision.params).toEqualTypeOf<Params>();
  });

  it("names a route of the literal; where it forwards, one that forwards", () => {
    if (decision.kind === "forward") {
      expectTypeOf(decision.route).toEqualTypeOf<"order" | "files" | "item" | "any" | "read">();
      // @ts-expect-error no route is called ordr
      void (decision.route === "ordr");
      // @ts-expect-error this route redirects
      void (decision.route === "old");
    }
    if (decision.kind === "redirect" || decision.kind === "respond") {
      expectTypeOf(decision.route).toEqualTypeOf<Ids>();
      // @ts-expect-error no route is called ordr
      void (decision.route === "ordr");
    }
  });

  it("names a service that its route may lead to; URLs have a name that no type knows", () => {
    if (decision.kind !== "forward") return;
    if (decision.route === "order") expectTypeOf(decision.service).toEqualTypeOf<"orders">();
    if (decision.route === "item")
      expectTypeOf(decision.service).toEqualTypeOf<"orders" | "archive">();
    if (decision.route === "any")
      expectTypeOf(decision.service).toEqualTypeOf<"orders" | "archive">();
    if (decision.route === "files") expectTypeOf(decision.service).toEqualTypeOf<string>();
  });

  it("is a decision in all else", () => {
    expectTypeOf(decision).toExtend<Decision>();
    expectTypeOf<DecisionOf<typeof gateway>>().toEqualTypeOf<typeof decision>();
    expectTypeOf<DecisionOf<Gateway>>().toEqualTypeOf<Decision>();
    if (decision.kind === "forward") {
      expectTypeOf(decision).toExtend<ForwardDecision>();
      gateway.start(decision);
      gateway.report(decision, { kind: "response", status: 200, totalMs: 1 });
    }
  });
});

describe("a match of a gateway that was made from a literal", () => {
  const match = gateway.match(view);

  it("has the parameters of its route, whatever that does", () => {
    if (match.kind !== "match") return;
    expectTypeOf(match.route).toEqualTypeOf<Ids>();
    if (match.route === "old") expectTypeOf(match.params).toEqualTypeOf<{ readonly id: string }>();
    if (match.route === "health") {
      // @ts-expect-error every path has no parameters
      void match.params.id;
    }
  });

  it("is the first half of a decision", () => {
    expectTypeOf(match).toExtend<MatchResult>();
    if (match.kind === "match") {
      expectTypeOf(match).toExtend<GatewayMatch>();
      expectTypeOf(match.policies).toEqualTypeOf<readonly string[]>();
    }
    gateway.decide(view, match);
    gatewayOfAny.decide(view, match);
    gateway.decide(view, gatewayOfAny.match(view));
  });
});

describe("a gateway", () => {
  it("knows its routes in the short form too", () => {
    const decision = createGateway([
      { id: "a", path: "/a/:id", to: "http://a" },
      { id: "b", path: "/b/*", redirect: {} },
    ]).decide(view);
    if (decision.kind === "forward") {
      expectTypeOf(decision.route).toEqualTypeOf<"a">();
      expectTypeOf(decision.params).toEqualTypeOf<{ readonly id: string }>();
    }
  });

  it("knows nothing of its routes unless each has an id in the literal", () => {
    expectTypeOf(
      createGateway([{ id: "a", to: "http://a" }, { to: "http://b" }]),
    ).toEqualTypeOf<Gateway>();
    expectTypeOf(createGateway([{ id: text, to: "http://a" }])).toEqualTypeOf<Gateway>();
    expectTypeOf(createGateway([])).toEqualTypeOf<Gateway>();
    expectTypeOf<ReturnType<Gateway["decide"]>>().toEqualTypeOf<Decision>();
    expectTypeOf<ReturnType<Gateway["match"]>>().toEqualTypeOf<MatchResult>();
  });

  it("that was made from one of two literals knows the routes of both", () => {
    const one = { services, routes: [{ id: "a", match: { path: "/:x" }, to: "orders" }] } as const;
    const two = [{ id: "b", path: "/:y", to: "http://b" }] as const;
    const decision = createGateway(text === "" ? one : two).decide(view);
    if (decision.kind !== "forward") return;
    expectTypeOf(decision.route).toEqualTypeOf<"a" | "b">();
    if (decision.route === "a") expectTypeOf(decision.params.x).toEqualTypeOf<string>();
  });

  it("with known routes is a gateway, as adapters take it", () => {
    const take = (any: Gateway): Gateway => any;
    take(gateway);
    const plain: Gateway = createGateway([{ id: "a", to: "http://a" }]);
    expectTypeOf(plain.decide(view)).toEqualTypeOf<Decision>();
    // @ts-expect-error a plain gateway may have other routes
    const known: typeof gateway = gatewayOfAny;
    void known;
  });
});
