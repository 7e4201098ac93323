import { describe, expect, it } from "vitest";
import type { BalancerConfig, BalancerName, KeyConfig } from "./config/balancer-config.js";
import type { ServiceConfig } from "./config/service-config.js";
import type { ForwardDecision } from "./decision.js";
import { createGateway, type Gateway } from "./gateway.js";
import type { Outcome } from "./outcome.js";
import { testEnv, type TestEnv } from "./testing/env.js";
import { request, type RequestParts } from "./testing/request.js";

const refused: Outcome = { kind: "failure", stage: "connect", cause: "refused" };
const answer: Outcome = { kind: "response", status: 200, totalMs: 1 };

function started(service: Partial<ServiceConfig> = {}, draws: readonly number[] = [0]) {
  const env = testEnv({ draws: { balance: draws } });
  const instances = ["a", "b", "c"].map((id) => ({ id, url: `http://${id}` }));
  const gateway: Gateway = createGateway(
    {
      services: { s: { instances, ...service } },
      routes: [
        { match: { path: "/users/:id/*" }, to: "s", retry: { attempts: 5 } },
        { match: { path: "/other/:toString" }, to: "s" },
        { to: "s" },
      ],
    },
    { env },
  );
  return { env, gateway, service: gateway.service("s") };
}

const decided = (gateway: Gateway, line = "GET /", parts: RequestParts = {}) => {
  const decision = gateway.decide(request(line, parts));
  if (decision.kind !== "forward") throw new Error(decision.kind);
  return decision;
};
const begun = (gateway: Gateway, line = "GET /", parts: RequestParts = {}) => {
  const decision = decided(gateway, line, parts);
  gateway.start(decision);
  return decision;
};
const turns = (gateway: Gateway, count: number) =>
  Array.from({ length: count }, () => begun(gateway).instance.id).join("");
/** How many of an even grid of draws lead to each instance. Deciding leaves no trace. */
const spread = ({ env, gateway }: { env: TestEnv; gateway: Gateway }, count: number) => {
  const found: { [id: string]: number } = {};
  for (let index = 0; index < count; index++) {
    env.random = () => index / count;
    const { id } = decided(gateway).instance;
    found[id] = (found[id] ?? 0) + 1;
  }
  return found;
};

describe("a balancer that is named", () => {
  const weighted = [
    { id: "a", url: "http://a", weight: 3 },
    { id: "b", url: "http://b", weight: 1 },
  ];

  it("is least-request where none is: two draws, the less loaded of them", () => {
    const { gateway } = started({}, [0, 0.4, 0, 0.4, 0.4, 0.9]);
    expect(turns(gateway, 3)).toBe("abc");
  });

  it("round-robin gives each its exact share of a cycle", () => {
    const { gateway } = started({ balancer: "round-robin", instances: weighted });
    expect(turns(gateway, 8)).toBe("aabaaaba");
  });

  it("random gives each its share of the draws", () => {
    const { env, gateway } = started({ balancer: "random", instances: weighted });
    expect(spread({ env, gateway }, 100)).toEqual({ a: 75, b: 25 });
  });

  it("first-eligible gives all to the first of the list that is", () => {
    const { gateway, service } = started({ balancer: { name: "first-eligible" } });
    expect(turns(gateway, 3)).toBe("aaa");
    void service.drain("a");
    expect(turns(gateway, 2)).toBe("bb");
    service.resume("a");
    expect(turns(gateway, 1)).toBe("a");
  });

  it("peak-ewma avoids the slow one until what was seen has faded", () => {
    const { env, gateway } = started({ balancer: { name: "peak-ewma", decayMs: 1_000 } });
    const answered = (draw: number, headMs: number) => {
      env.random = () => draw;
      const decision = begun(gateway);
      gateway.report(decision, { kind: "head", status: 200, headMs });
      gateway.report(decision, answer);
    };
    const drawn = (...draws: readonly number[]) => {
      const left = [...draws];
      env.random = () => left.shift() as number;
      return decided(gateway).instance.id;
    };
    answered(0, 500);
    answered(0.4, 20);
    expect([drawn(0, 0.4), drawn(0.4, 0)]).toEqual(["b", "b"]);
    // Faded to 3.4 ms, which the 20 ms of now are not.
    env.advance(5_000);
    answered(0.4, 20);
    expect([drawn(0, 0.4), drawn(0.4, 0)]).toEqual(["a", "a"]);
  });

  it.each<BalancerName>(["consistent-hash", "maglev", "rendezvous"])(
    "%s keeps a key at its instance, and spreads keys over all",
    (balancer) => {
      const { gateway } = started({ balancer });
      const { gateway: other } = started({ balancer });
      const owners = Array.from({ length: 90 }, (_, user) => {
        const view = { remoteAddress: `192.0.2.${user}` };
        const { id } = begun(gateway, "GET /", view).instance;
        expect(decided(gateway, "GET /x", view).instance.id).toBe(id);
        expect(decided(other, "GET /", view).instance.id).toBe(id);
        return id;
      });
      for (const id of ["a", "b", "c"])
        expect(owners.filter((owner) => owner === id).length).toBeGreaterThan(15);
    },
  );

  it.each<BalancerName>(["consistent-hash", "rendezvous"])(
    "%s moves the keys of the instance that drains, and no others",
    (balancer) => {
      const { env, gateway, service } = started({ balancer });
      const owners = () =>
        Array.from(
          { length: 60 },
          (_, user) => decided(gateway, "GET /", { remoteAddress: `192.0.2.${user}` }).instance.id,
        );
      const before = owners();
      void service.drain("b");
      const during = owners();
      expect(during.filter((id, index) => id !== before[index]).length).toBe(
        before.filter((id) => id === "b").length,
      );
      service.resume("b");
      // Balancers that hash take four steps on the clock, the last of them a quarter later at most.
      env.advance(12_500);
      expect(owners()).toEqual(before);
    },
  );
});

describe("options of a balancer", () => {
  it("draws: as many are compared", () => {
    const { gateway } = started(
      { balancer: { name: "least-request", draws: 3, fullScanUpTo: 0 } },
      [0, 0.4, 0.9, 0, 0.4, 0.9, 0.9],
    );
    expect(turns(gateway, 2)).toBe("ab");
    expect(decided(gateway).instance.id).toBe("c");
  });

  it("fullScanUpTo: up to so many all are compared, with one draw", () => {
    const { gateway } = started({ balancer: { name: "least-request", fullScanUpTo: 3 } });
    expect(turns(gateway, 6)).toBe("abcabc");
    const { gateway: drawing } = started({ balancer: { name: "least-request", fullScanUpTo: 2 } });
    expect(turns(drawing, 3)).toBe("aaa");
  });

  it("draws: with 2 of them nothing is scanned, said or unsaid", () => {
    for (const balancer of [
      "least-request",
      { name: "least-request" },
      { name: "least-request", draws: 2 },
    ] satisfies BalancerConfig[])
      expect(turns(started({ balancer }).gateway, 3)).toBe("aaa");
    const { gateway } = started({ balancer: { name: "least-request", draws: 3 } });
    expect(turns(gateway, 3)).toBe("abc");
  });

  it.each<BalancerConfig & { name: string }>([
    { name: "consistent-hash", boundedLoad: 1 },
    { name: "maglev", boundedLoad: 1 },
    { name: "rendezvous", boundedLoad: 1 },
  ])(
    "boundedLoad of $name: a hot key goes on to others once its instance has its share",
    (balancer) => {
      expect([...turns(started({ balancer }).gateway, 9)].toSorted().join("")).toBe("aaabbbccc");
      const { gateway: unbounded } = started({ balancer: balancer.name as BalancerName });
      expect(new Set(turns(unbounded, 9)).size).toBe(1);
    },
  );

  it("are taken from the defaults where a service has no balancer", () => {
    const gateway: Gateway = createGateway(
      {
        defaults: { balancer: { name: "first-eligible" } },
        services: {
          s: { instances: ["http://a", "http://b"] },
          t: { instances: ["http://a", "http://b"], balancer: "round-robin" },
        },
        routes: [{ match: { path: "/t" }, to: "t" }, { to: "s" }],
      },
      { env: testEnv() },
    );
    const urls = (line: string) => [begun(gateway, line), begun(gateway, line)];
    expect(urls("GET /").map(({ instance }) => instance.id)).toEqual(["http://a", "http://a"]);
    expect(urls("GET /t").map(({ instance }) => instance.id)).toEqual(["http://a", "http://b"]);
  });
});

describe("a key", () => {
  /** Whether requests are known by what differs in them, for every draw alike. */
  const instancesOf = (
    key: KeyConfig | readonly KeyConfig[],
    line: string,
    parts: RequestParts,
  ) => {
    const { env, gateway } = started({ balancer: { name: "rendezvous", key } });
    return DRAWS.map((draw) => {
      env.random = () => draw;
      return decided(gateway, line, parts).instance.id;
    });
  };
  const DRAWS = [0, 0.2, 0.4, 0.6, 0.8];
  const USERS = Array.from({ length: 40 }, (_, index) => `user-${index}`);

  it.each<[what: string, KeyConfig | KeyConfig[], (user: string) => [string, RequestParts]]>([
    ["a header", { header: "X-User" }, (user) => ["GET /", { headers: { "x-user": user } }]],
    ["a cookie", { cookie: "u" }, (user) => ["GET /", { headers: { cookie: `a=1; u=${user}` } }]],
    ["a query parameter", { query: "u" }, (user) => [`GET /?a=1&u=${user}`, {}]],
    ["a path parameter", { param: "id" }, (user) => [`GET /users/${user}/x`, {}]],
    ["the rest of a path", { param: "*" }, (user) => [`GET /users/7/${user}`, {}]],
    ["the client address", "clientAddress", (user) => ["GET /", { remoteAddress: user }]],
    ["a fact", { fact: "u" }, (user) => ["GET /", { facts: { u: user } }]],
    [
      "the first of a list that is there and not empty",
      [{ cookie: "u" }, { header: "x-user" }, { query: "u" }],
      (user) => [`GET /?u=${user}`, { headers: { "x-user": "" } }],
    ],
  ])("is read from %s", (_, key, view) => {
    const found = USERS.map((user) => instancesOf(key, ...view(user)));
    // The text is what counts, wherever it was found.
    const wanted = USERS.map((user) =>
      instancesOf({ header: "k" }, "GET /", { headers: { k: user } }),
    );
    expect(found).toEqual(wanted);
    for (const instances of found) expect(new Set(instances).size).toBe(1);
    expect(new Set(found.flat()).size).toBe(3);
  });

  it.each<[what: string, KeyConfig, line: string, RequestParts]>([
    ["a header that is empty", { header: "x-user" }, "GET /", { headers: { "x-user": "" } }],
    ["a parameter of another route", { param: "id" }, "GET /", {}],
    ["a parameter called like what every object has", { param: "toString" }, "GET /users/7", {}],
    ["an unknown address", "clientAddress", "GET /", {}],
    ["a fact that is no text", { fact: "u" }, "GET /", { facts: { u: ["x"] } }],
  ])("is none: %s, and the request goes where a draw says", (_, key, line, parts) => {
    expect(new Set(instancesOf(key, line, parts)).size).toBe(3);
  });
});

describe("a retry with a balancer that hashes", () => {
  const KEYS = Array.from({ length: 60 }, (_, index) => `192.0.2.${index}`);
  const again = (gateway: Gateway, before: ForwardDecision) => {
    const next = gateway.retry(before, refused, { replayable: true });
    if (next.kind !== "retry") throw new Error(next.reason);
    return next.decision;
  };

  it.each<BalancerName>(["consistent-hash", "maglev", "rendezvous"])(
    "%s asks the same second and third instance for the same key, on every gateway",
    (balancer) => {
      const rowOf = (gateway: Gateway, remoteAddress: string) => {
        const first = decided(gateway, "GET /users/7", { remoteAddress });
        const second = again(gateway, first);
        return [first, second, again(gateway, second)].map(({ instance }) => instance.id).join("");
      };
      const { env, gateway } = started({ balancer });
      const rows = KEYS.map((key) => rowOf(gateway, key));
      env.random = () => 0.99;
      expect(KEYS.map((key) => rowOf(gateway, key))).toEqual(rows);
      const { gateway: other } = started({ balancer });
      expect(KEYS.map((key) => rowOf(other, key))).toEqual(rows);
      expect(new Set(rows)).toEqual(new Set(["abc", "acb", "bac", "bca", "cab", "cba"]));
    },
  );

  it("asks the only instance again where there is no other", () => {
    const { gateway } = started({ balancer: "maglev", instances: ["http://a"] });
    const first = decided(gateway, "GET /users/7", { remoteAddress: "192.0.2.1" });
    expect(again(gateway, first)).toMatchObject({ attempt: 2, instance: { id: "http://a" } });
  });
});
