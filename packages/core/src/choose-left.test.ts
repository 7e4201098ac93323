import { expect, it } from "vitest";
import type { Decision, ForwardDecision } from "./decision.js";
import { createGateway, type Gateway } from "./gateway.js";
import { testEnv } from "./testing/env.js";

it.each(["consistent-hash", "maglev"])(
  "%s finds the last place, the same for the same key, when nearly all instances are full",
  (name) => {
    const instances = Array.from({ length: 200 }, (_, index) => `http://i${index}`);
    const gateway: Gateway = createGateway(
      {
        services: {
          s: {
            ...{ instances, outlier: false, limits: { perInstance: 1 } },
            balancer: { name, key: { header: "x-user" } },
          },
        },
        routes: [{ to: "s" }],
      } as never,
      { env: testEnv() },
    );
    const ask = (user: string): Decision =>
      gateway.decide({ method: "GET", url: "/", rawHeaders: ["x-user", user] });
    const taken = instances.map((_, index) => {
      const decision = ask(`user ${index}`);
      expect(decision.kind).toBe("forward");
      expect(ask(`user ${index}`)).toEqual(decision);
      gateway.start(decision);
      return (decision as ForwardDecision).instance.id;
    });
    expect(new Set(taken).size).toBe(200);
    expect(ask("one more")).toMatchObject({ kind: "reject", reason: "overloaded" });
  },
);
