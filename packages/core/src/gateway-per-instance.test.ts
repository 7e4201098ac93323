import { describe, expect, it } from "vitest";
import type { Balancer } from "./balance/balancer.js";
import type { InstanceConfig, ServiceConfig } from "./config/service-config.js";
import { createGateway, type Gateway } from "./gateway.js";
import type { Outcome } from "./outcome.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

const refused: Outcome = { kind: "failure", stage: "connect", cause: "refused" };

function started(
  instances: readonly InstanceConfig[],
  service: Partial<ServiceConfig> = {},
  perInstance = 1,
) {
  const env = testEnv();
  const drawn: string[] = [];
  env.random = (purpose) => {
    drawn.push(purpose);
    return 0;
  };
  const gateway: Gateway = createGateway(
    {
      services: {
        s: { instances, balancer: "first-eligible", limits: { perInstance }, ...service },
        m: { instances },
      },
      routes: [
        {
          match: { path: "/mirrored" },
          to: "s",
          mirror: [{ service: "m" }],
          retry: { attempts: 3 },
        },
        { to: "s", retry: { attempts: 3 } },
      ],
    },
    { env },
  );
  const begin = (line = "GET /", headers = {}) => {
    const decision = gateway.decide(request(line, { headers }));
    if (decision.kind !== "forward") return decision;
    gateway.start(decision);
    return decision;
  };
  const idOf = (decision: ReturnType<typeof begin>) =>
    decision.kind === "forward" ? decision.instance.id : decision.kind;
  return { env, gateway, begin, idOf, drawn, next: () => idOf(begin()) };
}

const instance = (id: string, tier = 0) => ({ id, url: `http://${id}`, tier });

describe("an instance that has as many requests as it may have", () => {
  it("is passed over: the next of its level, then those of the next level, then nobody", () => {
    const { next } = started([instance("a"), instance("b"), instance("c", 1)]);
    expect([next(), next(), next(), next()]).toEqual(["a", "b", "c", "reject"]);
  });

  it("is passed over by a retry, which rather asks one that was tried than one that is full", () => {
    const { gateway, begin } = started([instance("a"), instance("b"), instance("c", 1)]);
    const first = begin();
    if (first.kind !== "forward") throw new Error(first.kind);
    begin();
    const again = () => {
      const next = gateway.retry(first, refused, { replayable: true });
      return next.kind === "retry" ? next.decision.instance.id : next.reason;
    };
    expect(again()).toBe("c");
    gateway.report(first, refused);
    begin();
    expect(again()).toBe("c");
    begin();
    expect(again()).toBe("no-instance");
  });

  it("gets none of the requests of its sessions", () => {
    const session = { "x-session": "s1" };
    const affinity = { header: "x-session" } as const;
    const { begin, idOf } = started([instance("a"), instance("b")], { affinity });
    expect(idOf(begin("GET /", session))).toBe("a");
    expect(idOf(begin("GET /", session))).toBe("b");
    expect(idOf(begin("GET /", session))).toBe("reject");
  });
});

it("tells balancers what is under way at the candidates, without a sum over them", () => {
  const seen: (number | undefined)[] = [];
  const own: Balancer = {
    name: "own",
    pick: ({ inFlight }) => (seen.push(inFlight), 0),
  };
  const { gateway, begin } = started(
    [instance("a"), instance("b"), instance("c")],
    { balancer: own },
    0,
  );
  begin();
  begin();
  void gateway.service("s").drain("b");
  begin();
  void gateway.service("s").drain("a");
  begin();
  begin();
  expect(seen).toEqual([0, 1, 2, 0, 1]);
});

it("draws levels of copies apart from those of requests", () => {
  const tiers = [instance("a"), instance("b"), instance("c", 1)];
  const { gateway, begin, drawn } = started(tiers);
  gateway.restore({ services: { m: { instances: { a: { ejectedForMs: 9_000 } } } } });
  begin("GET /mirrored");
  expect(drawn).toEqual(["mirror", "mirror-level", "mirror-balance", "mirror-balance"]);
});

it("goes by the levels of the configuration", () => {
  const tiers = [instance("a"), instance("b"), instance("c", 1)];
  const eject = { services: { s: { instances: { a: { ejectedForMs: 9_000 } } } } };
  const wide = started(tiers, { levels: { overprovisioning: 2 } }, 0);
  wide.gateway.restore(eject);
  expect(wide.next()).toBe("b");
  expect(wide.drawn).toEqual([]);
  const panic = started(tiers.slice(0, 2), { levels: { panicRatio: 0.6, overprovisioning: 1 } }, 0);
  panic.gateway.restore(eject);
  expect(panic.next()).toBe("a");
});

it("grows as the slow start of the configuration says", () => {
  const slow = {
    slowStartMs: 10_000,
    slowStart: { minimumShare: 0.5 },
    balancer: "round-robin",
  } as const;
  const { gateway, next } = started([instance("a")], slow, 0);
  gateway.service("s").add(instance("b"));
  expect(Array.from({ length: 9 }, next).filter((id) => id === "b")).toHaveLength(3);
});

it("prepares anew at most four times a slow start where that costs much, however many instances join", () => {
  let prepared = 0;
  const own: Balancer = {
    name: "own",
    usesKey: true,
    prepare: () => void prepared++,
    pick: () => 0,
  };
  const { env, gateway, begin } = started(
    [instance("a")],
    { balancer: own, slowStartMs: 20_000 },
    0,
  );
  for (let joined = 0; joined < 10; joined++) {
    gateway.service("s").add(instance(`b${joined}`));
    env.advance(100);
  }
  begin();
  prepared = 0;
  for (let times = 0; times < 300; times++) {
    env.advance(100);
    begin();
  }
  expect(prepared).toBeLessThanOrEqual(5);
});
