import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ConfigInput } from "./config/config.js";
import type { RetryConfig } from "./config/route-config.js";
import type { Decision, ForwardDecision } from "./decision.js";
import { createGateway, type Gateway } from "./gateway.js";
import type { Outcome } from "./outcome.js";
import type { GatewayChange } from "./change.js";
import { request } from "./testing/request.js";
import { testEnv } from "./testing/env.js";

/** Any code unit: control characters, bytes and halves of pairs too. */
const anyChar = fc.oneof(fc.nat(0xff), fc.nat(0xffff)).map((code) => String.fromCharCode(code));

const config = {
  services: {
    products: {
      instances: [
        { url: "http://10.0.0.1:8080", version: "v1" },
        { url: "http://10.0.0.2:8080", version: "v1", weight: 2, zone: "a" },
        { url: "http://10.0.1.1:8080", version: "v2" },
      ],
      balancer: "least-request",
    },
    orders: { instances: ["http://10.0.0.9:8080"] },
  },
  routes: [
    {
      id: "beta",
      match: { path: "/products/*", headers: { "x-beta": "1" } },
      to: { service: "products", version: "v2" },
    },
    {
      id: "products",
      match: { host: "api.shop.com", path: "/products/*" },
      to: { service: "products", split: { v1: 90, v2: 10 }, sticky: { cookie: "uid" } },
    },
    { id: "order", match: { path: "/orders/:id", method: ["GET", "DELETE"] }, to: "orders" },
    {
      id: "old",
      match: { path: { prefix: "/shop" } },
      redirect: { status: 308, path: { replacePrefix: "/" } },
    },
    { id: "health", match: { path: "/healthz" }, respond: { status: 200, body: "ok" } },
  ],
} as const;

describe("the gateway of the contract", () => {
  it("decides as the contract says", () => {
    const gateway = createGateway(config, { env: testEnv({ draws: { split: [0.5] } }) });
    expect(gateway.decide(request("GET api.shop.com/products/42?color=red"))).toMatchObject({
      kind: "forward",
      route: "products",
      params: { "*": "42" },
      service: "products",
      version: "v1",
      instance: { id: "http://10.0.0.1:8080", url: "http://10.0.0.1:8080" },
      point: 0.5,
      attempt: 1,
      tried: [],
      request: { method: "GET", path: "/products/42?color=red", host: "api.shop.com" },
    });
    expect(
      gateway.decide(request("GET /products/1", { headers: { "x-beta": "1" } })),
    ).toMatchObject({ route: "beta", version: "v2" });
    expect(gateway.decide(request("DELETE /orders/7"))).toMatchObject({
      route: "order",
      params: { id: "7" },
    });
    expect(gateway.decide(request("PUT /orders/7"))).toEqual({ kind: "none" });
    expect(gateway.decide(request("GET x.org/shop/a?b=1"))).toMatchObject({
      kind: "redirect",
      location: "http://x.org/a?b=1",
      status: 308,
    });
    expect(gateway.decide(request("GET /healthz"))).toMatchObject({
      kind: "respond",
      status: 200,
      body: "ok",
    });
  });
});

const users = (...urls: readonly string[]): ConfigInput => ({
  services: { users: { instances: urls, balancer: "round-robin" } },
  routes: [{ id: "users", to: "users" }],
});
const view = request("GET /users/7");
const ok: Outcome = { kind: "response", status: 200, totalMs: 5 };

const forwarded = (gateway: Gateway): ForwardDecision => {
  const decision = gateway.decide(view);
  if (decision.kind !== "forward") throw new Error(`expected a forward, got ${decision.kind}`);
  return decision;
};
const stateOf = (gateway: Gateway, id: string, service = "users") =>
  gateway.snapshot().services[service]?.instances[id];
/** What happens to instances from now on, as `kind id`. */
const watched = (gateway: Gateway): string[] => {
  const seen: string[] = [];
  gateway.onChange(({ kind, instance }: GatewayChange) => seen.push(`${kind} ${instance?.id}`));
  return seen;
};

describe("deciding", () => {
  it("changes nothing, and answers the same when it is asked twice with the same draws", () => {
    const gateway = createGateway(config, { env: testEnv({ draws: { split: [0.95] } }) });
    const before = JSON.stringify(gateway.snapshot());
    const asked = request("GET api.shop.com/products/1");
    const first = gateway.decide(asked);
    expect(gateway.decide(asked)).toEqual(first);
    expect(gateway.match(asked)).toEqual(gateway.match(asked));
    expect(JSON.stringify(gateway.snapshot())).toBe(before);
  });

  it("draws for the split only where there is one, and twice for two random choices", () => {
    const drawn: string[] = [];
    const random = (purpose: string) => {
      drawn.push(purpose);
      return 0;
    };
    const gateway = createGateway(config, { env: { ...testEnv(), random } });
    gateway.decide(request("GET /orders/7"));
    expect(drawn).toEqual(["balance", "balance"]);
    gateway.decide(request("GET /healthz"));
    expect(drawn).toHaveLength(2);
    gateway.decide(request("GET api.shop.com/products/1"));
    expect(drawn.slice(2)).toEqual(["split", "balance", "balance"]);
    gateway.decide(request("GET api.shop.com/products/1", { headers: { cookie: "uid=7" } }));
    expect(drawn.slice(5)).toEqual(["balance", "balance"]);
  });

  it("in two halves answers what it answers in one", () => {
    const gateway = createGateway(config, { env: testEnv({ draws: { split: [0.95] } }) });
    for (const line of ["GET api.shop.com/products/1?a=b", "GET /x", "GET /healthz", "GET /%00"]) {
      const asked = request(line);
      expect(gateway.decide(asked, gateway.match(asked))).toEqual(gateway.decide(asked));
    }
  });

  it("tells the route and its parameters between the halves", () => {
    const gateway = createGateway(config, { env: testEnv() });
    expect(gateway.match(request("GET /orders/7"))).toMatchObject({
      kind: "match",
      route: "order",
      params: { id: "7" },
    });
    expect(gateway.match(request("GET /nowhere"))).toEqual({ kind: "none" });
    expect(gateway.match(request("GET /%00"))).toMatchObject({ kind: "reject", status: 400 });
  });

  it("matches anew when the match was of another request", () => {
    const gateway = createGateway(config, { env: testEnv() });
    const order = gateway.match(request("GET /orders/7"));
    expect(gateway.decide(request("GET /healthz"), order)).toMatchObject({ route: "health" });
  });

  it.each([
    { method: "PUT" },
    { url: "/y" },
    { headers: { a: "2" } },
    { protocol: "https" },
    { remoteAddress: "10.0.0.2" },
    { localPort: 81 },
  ] as const)("takes a view with another %j for another request", (other) => {
    const match = {
      path: "/x",
      method: "GET",
      headers: { a: "1" },
      protocol: "http",
      clientAddress: "10.0.0.1",
      port: 80,
    } as const;
    const gateway = createGateway([{ id: "one", match, to: "http://a" }], { env: testEnv() });
    const asked = request("GET /x", {
      ...{
        headers: { a: "1" },
        protocol: "http" as const,
        remoteAddress: "10.0.0.1",
        localPort: 80,
      },
    });
    const matched = gateway.match(asked);
    expect(gateway.decide({ ...asked }, matched)).toMatchObject({ route: "one" });
    expect(gateway.decide({ ...asked, ...other } as typeof asked, matched)).toEqual({
      kind: "none",
    });
  });

  it("takes a view with another list of headers for another request", () => {
    const gateway = createGateway([{ headers: { a: "1" }, to: "http://a" }], { env: testEnv() });
    const asked = { method: "GET", url: "/", rawHeaders: ["A", "1"] };
    const matched = gateway.match(asked);
    expect(gateway.decide({ ...asked, rawHeaders: [] }, matched)).toEqual({ kind: "none" });
  });

  it("stays with the route whose policies have run, whatever is updated in between", () => {
    const gateway = createGateway([{ id: "old", path: "/x", to: "http://a" }], { env: testEnv() });
    const asked = request("GET /x");
    const match = gateway.match(asked);
    gateway.update([
      { id: "secret", path: "/x", policies: ["auth"], to: "http://a" },
      { id: "other", path: "/y", to: "http://b" },
    ]);
    expect(gateway.decide(asked, match)).toMatchObject({ route: "old", service: "http://a" });
    expect(gateway.start(gateway.decide(asked, match))).toBe(true);
    expect(gateway.decide(asked)).toMatchObject({ route: "secret" });
    gateway.update([{ id: "other", path: "/y", to: "http://b" }]);
    expect(gateway.decide(asked, match)).toMatchObject({ route: "old", reason: "no-instance" });
  });

  it("may have got facts between the halves, which the split sees and the match does not", () => {
    const gateway = createGateway(
      {
        services: {
          s: { instances: ["v1", "v2"].map((version) => ({ url: `http://${version}`, version })) },
        },
        routes: [
          {
            id: "plain",
            match: { path: "/x" },
            to: { service: "s", split: { v1: 1, v2: 1 }, sticky: { fact: "user" } },
          },
          {
            id: "tenant",
            match: { path: "/x", facts: { tenant: "1" } },
            policies: ["auth"],
            to: "s",
          },
        ],
      },
      { env: testEnv() },
    );
    const asked = request("GET /x");
    const match = gateway.match(asked);
    const versions = Array.from({ length: 20 }, (_, user) => {
      const decision = gateway.decide({ ...asked, facts: { tenant: "1", user } }, match);
      return decision.kind === "forward"
        ? `${decision.route} ${decision.version ?? ""}`
        : decision.kind;
    });
    expect([...new Set(versions)].sort()).toEqual(["plain v1", "plain v2"]);
  });

  it("gives decisions that cannot be changed, all the way down", () => {
    const gateway = createGateway({
      services: { a: { instances: ["http://a"] } },
      routes: [
        {
          match: { path: "/f/:id/*" },
          to: "a",
          requestHeaders: { set: { a: "1" }, remove: ["b"] },
          responseHeaders: { add: { a: "1" } },
        },
        {
          match: { path: "/r" },
          redirect: {},
          responseHeaders: { set: { a: "1" }, add: { "set-cookie": "b" } },
        },
        { match: { path: "/s" }, respond: { status: 200, headers: { a: "1" } } },
        { match: { path: "/n" }, to: { service: "a", version: "v9" as string } },
        { match: { path: "/m", method: "PUT" }, to: "a" },
        {
          match: { path: "/c" },
          to: [{ service: "a", responseHeaders: { set: { b: "1" } } }],
          mirror: [{ service: "a" }],
          cors: { allowOrigins: ["https://a.com"], exposeHeaders: ["x"] },
        },
        { match: { path: "/d" }, respond: { status: 200 }, cors: { allowOrigins: [] } },
      ],
      unmatchedMethod: "405",
    });
    const thawed = (value: unknown, place: string): string[] =>
      typeof value !== "object" || value === null
        ? []
        : [
            ...(Object.isFrozen(value) ? [] : [place]),
            ...Object.entries(value).flatMap(([name, part]) => thawed(part, `${place}.${name}`)),
          ];
    const headers = { origin: "https://a.com", "access-control-request-method": "GET" };
    for (const path of ["/f/1/x", "/r", "/s", "/n", "/m", "/c", "/d", "/%00", "/nowhere"]) {
      for (const asked of [
        request(`GET ${path}`),
        request(`GET ${path}`, { headers }),
        request(`OPTIONS ${path}`, { headers }),
      ]) {
        const decision = gateway.decide(asked);
        expect(thawed(decision, decision.kind)).toEqual([]);
      }
    }
  });

  it("never throws, whatever bytes a request holds", () => {
    const gateway = createGateway({
      services: { a: { instances: [{ url: "http://a", version: "v1" as string }, "http://b"] } },
      routes: [
        {
          match: {
            path: "/x/:id/*",
            headers: { a: { regex: ".*x" } },
            query: { q: { range: { from: 1 } } },
          },
          to: "a",
        },
        {
          match: { path: "/y/:id", cookies: { c: { contains: "é", ignoreCase: true } } },
          to: { service: "a", split: { v1: 1, v2: 1 }, sticky: { cookie: "c" } },
        },
        { match: { path: { regex: "/z.*" } }, redirect: { path: { replace: "/" } } },
        { match: { host: "*.com", path: "/v/*" }, redirect: { path: { replacePrefix: "" } } },
        { match: { path: "/w/*" }, to: "a", rewrite: { path: { regex: ".", with: "$&$&" } } },
        {
          match: { path: "/u/*", clientAddress: "10.0.0.0/8" },
          to: { service: "a", split: { v1: 1, v2: 1 }, sticky: { query: "q" } },
          rewrite: { path: "/u2/*", query: { remove: ["q"] } },
        },
      ],
      trustedProxies: ["0.0.0.0/0", "::/0"],
      unmatchedMethod: "405",
    });
    const bytes = fc.oneof(
      fc.string({ unit: anyChar }),
      fc
        .array(
          fc.constantFrom(
            ...["/", "x", "y", "z", "v", "w", "%", "2f", "..", "?", "q=1", "&", ";", "c=é", ","],
            ...["#", "\\", "\0", "\r\n", "\ud800", "😀", "http://", "h.com", "[::1]", ":80", "@"],
          ),
          { maxLength: 8 },
        )
        .map((pieces) => pieces.join("")),
    );
    const name = fc.oneof(
      fc.constantFrom(...["host", "Host", "cookie", "a", ":authority", "connection"]),
      fc.constantFrom(...["x-forwarded-for", "x-forwarded-proto", "__proto__"]),
      bytes,
    );
    const url = fc.oneof(
      bytes,
      fc
        .tuple(fc.constantFrom("/x/", "/y/", "/z", "/v/", "/w/"), bytes)
        .map((both) => both.join("")),
    );
    const kinds = new Set<string>();
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom("GET", "PUT", "CONNECT", "OPTIONS"), bytes),
        url,
        fc.array(fc.tuple(name, bytes), { maxLength: 5 }),
        fc.oneof(fc.constantFrom("10.0.0.1", "::1", undefined), bytes),
        (method, url, headers, remoteAddress) => {
          const asked = {
            method,
            url,
            rawHeaders: headers.flat(),
            ...(remoteAddress === undefined ? {} : { remoteAddress }),
          };
          kinds.add(gateway.decide(asked).kind);
          const record = Object.fromEntries(headers.map(([name, value]) => [name, [value, value]]));
          gateway.decide({ method, url, headers: record });
        },
      ),
      { numRuns: 600 },
    );
    expect([...kinds]).toEqual(expect.arrayContaining(["none", "reject"]));
  });
});

describe("starting and reporting", () => {
  it("takes a place and gives it back", () => {
    const gateway = createGateway(users("http://a"), { env: testEnv() });
    const decision = forwarded(gateway);
    expect(gateway.start(decision)).toBe(true);
    expect(stateOf(gateway, "http://a")).toMatchObject({ inFlight: 1 });
    expect(gateway.report(decision, ok)).toBe(true);
    expect(stateOf(gateway, "http://a")).toMatchObject({ inFlight: 0 });
  });

  it("moves the turn of a round robin on, where deciding alone does not", () => {
    const gateway = createGateway(users("http://a", "http://b"), { env: testEnv() });
    expect([forwarded(gateway), forwarded(gateway)].map(({ instance }) => instance.id)).toEqual([
      "http://a",
      "http://a",
    ]);
    gateway.start(forwarded(gateway));
    expect(forwarded(gateway).instance.id).toBe("http://b");
  });

  it("takes one place for one decision, however often that is started", () => {
    const gateway = createGateway(users("http://a"), { env: testEnv() });
    const decision = forwarded(gateway);
    expect([gateway.start(decision), gateway.start(decision)]).toEqual([true, false]);
    expect(stateOf(gateway, "http://a")).toMatchObject({ inFlight: 1 });
  });

  it("ignores and counts a second report, and one of an attempt that was never started", () => {
    const gateway = createGateway(users("http://a"), { env: testEnv() });
    const decision = forwarded(gateway);
    expect(gateway.report(decision, ok)).toBe(false);
    gateway.start(decision);
    expect(gateway.report(decision, ok)).toBe(true);
    expect(gateway.report(decision, ok)).toBe(false);
    expect(gateway.report(decision, { kind: "failure", stage: "head", cause: "reset" })).toBe(
      false,
    );
    expect(gateway.snapshot()).toMatchObject({ ignoredReports: 3 });
    expect(stateOf(gateway, "http://a")).toMatchObject({ inFlight: 0, consecutiveFailures: 0 });
  });

  it("takes one head before the final outcome", () => {
    const gateway = createGateway(users("http://a"), { env: testEnv() });
    const decision = forwarded(gateway);
    gateway.start(decision);
    const head: Outcome = { kind: "head", status: 200, headMs: 1 };
    expect([gateway.report(decision, head), gateway.report(decision, head)]).toEqual([true, false]);
    expect(stateOf(gateway, "http://a")).toMatchObject({ inFlight: 1 });
    expect(gateway.report(decision, ok)).toBe(true);
    expect(gateway.report(decision, head)).toBe(false);
  });

  it("has nothing to do for a decision that goes nowhere", () => {
    const gateway = createGateway(config, { env: testEnv() });
    const decision = gateway.decide(request("GET /healthz"));
    expect([gateway.start(decision), gateway.report(decision, ok)]).toEqual([false, false]);
    expect(gateway.snapshot()).toMatchObject({ ignoredReports: 0 });
  });

  it("tells a copy of a decision from the decision", () => {
    const gateway = createGateway(users("http://a"), { env: testEnv() });
    const copy = { ...forwarded(gateway) } as Decision;
    expect(() => gateway.start(copy)).toThrow(
      new TypeError(
        "gateway.start: expected a decision as decide or retry made it, got a copy or a forward decision made by hand",
      ),
    );
    expect(() => gateway.report(copy, ok)).toThrow(/^gateway.report: /);
  });
});

describe("retrying", () => {
  const failed: Outcome = { kind: "failure", stage: "connect", cause: "refused" };
  const facts = { replayable: true };
  const split = (retry: RetryConfig): ConfigInput => ({
    services: {
      users: {
        instances: ["a", "b", "c", "d"].map((name, index) => ({
          url: `http://${name}/base-${name}`,
          id: name,
          version: index < 3 ? "v1" : "v2",
        })),
      },
    },
    routes: [
      {
        to: { service: "users", split: { v1: 90, v2: 10 } },
        retry,
      },
    ],
  });

  it("goes to another instance, of the same version and point", () => {
    const env = testEnv({ draws: { split: [0.5], balance: [0] } });
    const gateway = createGateway(split({ attempts: 3 }), { env });
    const first = forwarded(gateway);
    const before = JSON.stringify(gateway.snapshot());
    const second = gateway.retry(first, failed, facts);
    expect(first).toMatchObject({ version: "v1", instance: { id: "a" }, attempt: 1, tried: [] });
    expect(second).toMatchObject({
      kind: "retry",
      delayMs: 0,
      decision: {
        ...{ version: "v1", point: 0.5, attempt: 2, tried: ["a"], instance: { id: "b" } },
        request: { path: "/base-b/users/7" },
      },
    });
    expect(JSON.stringify(gateway.snapshot())).toBe(before);
    const third = gateway.retry((second as { decision: ForwardDecision }).decision, failed, facts);
    expect(third).toMatchObject({ decision: { tried: ["a", "b"], instance: { id: "c" } } });
    const fourth = gateway.retry((third as { decision: ForwardDecision }).decision, failed, facts);
    expect(fourth).toMatchObject({
      decision: { version: "v1", tried: ["a", "b", "c"], attempt: 4 },
    });
  });

  it("uses one that was tried again only when there is no other", () => {
    const gateway = createGateway(users("http://a"), { env: testEnv() });
    expect(gateway.retry(forwarded(gateway), failed, facts)).toMatchObject({
      kind: "retry",
      decision: { instance: { id: "http://a" }, tried: ["http://a"] },
    });
  });

  it("waits for a drawn pause where the route asked for retries", () => {
    const env = testEnv({ draws: { retry: [0.5] } });
    const gateway = createGateway(split({ attempts: 2, backoff: { baseMs: 100 } }), { env });
    expect(gateway.retry(forwarded(gateway), failed, facts)).toMatchObject({ delayMs: 50 });
    expect(
      gateway.retry(forwarded(gateway), failed, { ...facts, retryAfterMs: 700 }),
    ).toMatchObject({ delayMs: 700 });
  });

  it("takes the defaults for a route without a rule", () => {
    const gateway = createGateway({
      ...(users("http://a") as { routes: [] }),
      defaults: { retry: { attempts: 0 } },
    });
    expect(gateway.retry(forwarded(gateway), failed, facts)).toEqual({
      kind: "stop",
      reason: "switched-off",
    });
  });

  it("stops where the rule refuses, where time is short, and where the service is gone", () => {
    const gateway = createGateway(split({ attempts: 2 }), { env: testEnv() });
    const decision = forwarded(gateway);
    const reasonOf = (outcome: Outcome, more = {}) =>
      (gateway.retry(decision, outcome, { ...facts, ...more }) as { reason?: string }).reason;
    expect(reasonOf({ kind: "cancelled", stage: "head" })).toBe("cancelled");
    expect(reasonOf(failed, { remainingMs: 100, retryAfterMs: 100 })).toBe("time");
    expect(reasonOf(failed, { retryAfterMs: 30_000 })).toBe("time");
    expect(reasonOf(failed, { remainingMs: 101, retryAfterMs: 100 })).toBeUndefined();
    gateway.update([{ to: "http://other" }]);
    expect(reasonOf(failed)).toBe("no-instance");
  });

  it("stops when the budget of the service is spent, and goes on when time has passed", () => {
    const env = testEnv({ now: 100_000 });
    const gateway = createGateway(users("http://a"), { env });
    for (let retries = 0; retries < 100; retries++) {
      const retry = gateway.retry(forwarded(gateway), failed, facts);
      if (retry.kind === "retry") gateway.start(retry.decision);
    }
    const decision = forwarded(gateway);
    const stopped = { kind: "stop", reason: "budget" };
    expect(gateway.retry(decision, failed, facts)).toEqual(stopped);
    for (let requests = 0; requests < 4; requests++) gateway.start(forwarded(gateway));
    expect(gateway.retry(decision, failed, facts)).toMatchObject({ kind: "retry" });
    const other = createGateway(users("http://a"), { env });
    expect(other.retry(forwarded(other), failed, facts)).toMatchObject({ kind: "retry" });
    env.advance(10_000);
    expect(gateway.retry(decision, failed, facts)).toMatchObject({ kind: "retry" });
  });

  it("stays inside the fallback that the first attempt went to", () => {
    const gateway = createGateway({
      services: {
        users: { instances: [{ url: "http://a", version: "v1" }] },
        spare: { instances: ["http://s", "http://t"] },
      },
      routes: [
        { to: { service: "users", version: "v9" as string, fallback: { service: "spare" } } },
      ],
    });
    const decision = forwarded(gateway);
    expect(decision).toMatchObject({ service: "spare" });
    const retry = gateway.retry(decision, failed, facts) as { decision: ForwardDecision };
    expect(retry.decision).toMatchObject({ service: "spare", tried: [decision.instance.id] });
    expect(retry.decision.instance.id).not.toBe(decision.instance.id);
  });

  // The path that is sent again must not hold the base path of an instance that is gone.
  it("leaves the old base path behind when an update took the first instance away", () => {
    const gateway = createGateway(users("http://a/base"), { env: testEnv() });
    const decision = forwarded(gateway);
    gateway.start(decision);
    gateway.update(users("http://b/base"));
    expect(gateway.retry(decision, failed, facts)).toMatchObject({
      decision: { request: { path: "/base/users/7" } },
    });
  });
});

describe("updating", () => {
  it("keeps the state of what stays, and tells what joins, leaves and drains", () => {
    const gateway = createGateway(users("http://a", "http://b", "http://c"), { env: testEnv() });
    const decisions = ["a", "b", "c"].map(() => {
      const decision = forwarded(gateway);
      gateway.start(decision);
      return decision;
    });
    gateway.report(decisions[2] as Decision, ok);
    const changes = watched(gateway);
    gateway.update(users("http://a", "http://d"));
    expect(changes).toEqual([
      "joined http://d",
      "left http://b",
      "left http://c",
      "drained http://c",
    ]);
    expect(gateway.snapshot().services["users"]).toMatchObject({
      instances: { "http://a": { inFlight: 1 }, "http://d": { inFlight: 0 } },
      cursors: { "": 3 },
      requests: [3, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    });
    gateway.report(decisions[1] as Decision, ok);
    expect(changes.slice(4)).toEqual(["drained http://b"]);
    gateway.report(decisions[0] as Decision, ok);
    expect(stateOf(gateway, "http://a")).toMatchObject({ inFlight: 0 });
    expect(changes).toHaveLength(5);
  });

  it("sends nothing more to an instance that has left, and blames it for nothing", () => {
    const gateway = createGateway(users("http://a", "http://b"), { env: testEnv() });
    const started = forwarded(gateway);
    const decided = forwarded(gateway);
    gateway.start(started);
    gateway.update(users("http://b"));
    expect(gateway.start(decided)).toBe(false);
    for (let i = 0; i < 4; i++) expect(forwarded(gateway).instance.id).toBe("http://b");
    const changes = watched(gateway);
    expect(gateway.report(started, { kind: "failure", stage: "head", cause: "reset" })).toBe(true);
    expect(changes).toEqual(["drained http://a"]);
  });

  it("keeps an ejection, and takes weights and versions from the new configuration", () => {
    const env = testEnv();
    const gateway = createGateway(users("http://a", "http://b"), { env });
    gateway.restore({ services: { users: { instances: { "http://a": { ejectedForMs: 500 } } } } });
    gateway.update({
      services: {
        users: {
          instances: [{ url: "http://a", version: "v2", weight: 3 }, "http://b"],
          balancer: "round-robin",
          outlier: { returnMs: 0 },
        },
      },
      routes: [{ to: "users" }],
    });
    expect(forwarded(gateway).instance.id).toBe("http://b");
    env.advance(500);
    const picked = Array.from({ length: 4 }, () => {
      const decision = forwarded(gateway);
      gateway.start(decision);
      return decision;
    });
    expect(picked.filter(({ instance }) => instance.id === "http://a")).toHaveLength(3);
    expect(picked.map(({ version }) => version)).toContain("v2");
  });

  it("tells of the place that left and the one that joined when an id gets another URL", () => {
    const at = (url: string): ConfigInput => ({
      services: { users: { instances: [{ id: "a", url }] } },
      routes: [{ to: "users" }],
    });
    const gateway = createGateway(at("http://old"), { env: testEnv() });
    const decision = forwarded(gateway);
    gateway.start(decision);
    const seen: string[] = [];
    gateway.onChange(({ kind, instance }) => seen.push(`${kind} ${instance?.url}`));
    gateway.update(at("http://new"));
    expect(seen).toContain("left http://old");
    expect(seen).toContain("joined http://new");
    expect(stateOf(gateway, "a")).toMatchObject({ inFlight: 1 });
    expect(forwarded(gateway).instance.url).toBe("http://new");
  });

  it("tells that an instance left and joined, with its state, when it is connected to in another way", () => {
    const by = (connections: number): ConfigInput => ({
      services: { users: { instances: ["http://a"], connect: { connections } } },
      routes: [{ to: "users" }],
    });
    const gateway = createGateway(by(8), { env: testEnv() });
    const { instance } = forwarded(gateway);
    gateway.restore({
      services: { users: { instances: { "http://a": { consecutiveFailures: 3 } } } },
    });
    const seen: string[] = [];
    gateway.onChange(({ kind }) => seen.push(kind));
    gateway.update(by(8));
    expect(seen).toEqual([]);
    expect(forwarded(gateway).instance).toBe(instance);
    gateway.update(by(9));
    expect(seen).toEqual(["left", "drained", "joined"]);
    expect(forwarded(gateway).instance).not.toBe(instance);
    expect(stateOf(gateway, "http://a")).toMatchObject({ consecutiveFailures: 3 });
  });
});

describe("listening", () => {
  it("ends when it is told to, and each listener is its own", () => {
    const gateway = createGateway(users("http://a"), { env: testEnv() });
    const seen: string[] = [];
    const listener = ({ kind }: GatewayChange) => void seen.push(kind);
    const end = gateway.onChange(listener);
    gateway.onChange(listener);
    gateway.update(users("http://a", "http://b"));
    expect(seen).toEqual(["joined", "joined"]);
    end();
    gateway.update(users("http://a"));
    expect(seen).toEqual(["joined", "joined", "left", "drained"]);
  });

  it("cannot be harmed by a listener that throws, and counts it", () => {
    const gateway = createGateway(users("http://a"), { env: testEnv() });
    gateway.onChange(() => {
      throw new Error("no");
    });
    const seen = watched(gateway);
    gateway.update(users("http://a", "http://b"));
    expect(seen).toEqual(["joined http://b"]);
    expect(gateway.snapshot()).toMatchObject({ listenerErrors: 1 });
  });
});

it("answers how a service is connected to", () => {
  const gateway = createGateway({
    services: { a: { instances: [], connect: { connections: 7 } } },
    routes: [],
    defaults: { connect: { queue: 9 } },
  });
  expect(gateway.connectOf("a")).toEqual({
    timeoutMs: 5_000,
    connections: 7,
    queue: 9,
    queueMs: 5_000,
    keepAliveMs: 4_000,
    protocol: "http1",
    streams: 100,
    tls: { pins: [], minVersion: "TLSv1.2", dangerouslyAcceptAnyCertificate: false },
    upgrades: 0,
  });
  expect(gateway.connectOf("b")).toBeUndefined();
});

it("takes the TLS of a service as a whole, never mixed with that of the defaults", () => {
  const pins = ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="];
  const gateway = createGateway({
    services: {
      a: { instances: [], connect: { tls: { minVersion: "TLSv1.3" } } },
      b: { instances: [] },
    },
    routes: [],
    defaults: { connect: { tls: { pins } } },
  });
  expect(gateway.connectOf("a")?.tls).toMatchObject({ pins: [], minVersion: "TLSv1.3" });
  expect(gateway.connectOf("b")?.tls).toMatchObject({ pins, minVersion: "TLSv1.2" });
});

it("shows the socket of an instance in its decisions, and takes another socket for another place", () => {
  const at = (socketPath: string) => ({
    services: { a: { instances: [{ id: "a", url: "http://app", socketPath }] } },
    routes: [{ match: {}, to: "a" }],
  });
  const gateway = createGateway(at("/run/1.sock"));
  const seen: string[] = [];
  gateway.onChange(({ kind, instance }) => seen.push(`${kind} ${instance?.socketPath}`));
  const view = { method: "GET", url: "/", headers: { host: "h" } };
  expect(gateway.decide(view)).toMatchObject({
    instance: { id: "a", url: "http://app", socketPath: "/run/1.sock" },
  });
  gateway.update(at("/run/2.sock"));
  expect(seen).toEqual(["left /run/1.sock", "drained /run/1.sock", "joined /run/2.sock"]);
});

describe("for any sequence of calls", () => {
  const names = ["a", "b", "c"] as const;
  const outcome = fc.constantFrom<Outcome>(
    ok,
    { kind: "response", status: 503, totalMs: 1 },
    { kind: "head", status: 200, headMs: 1 },
    { kind: "head", status: 504, headMs: 1 },
    { kind: "failure", stage: "connect", cause: "refused" },
    { kind: "cancelled", stage: "body" },
  );
  type Call = (model: Model) => void;
  interface Model {
    readonly gateway: Gateway;
    readonly env: ReturnType<typeof testEnv>;
    readonly decisions: ForwardDecision[];
    /** Decisions under way, with how often their instance had joined when they were started. */
    readonly started: Map<ForwardDecision, number>;
    readonly joined: Map<string, number>;
  }
  const urlOf = (name: string) => `http://${name}`;
  const pick = (model: Model, at: number) => model.decisions[at % model.decisions.length];
  const call: fc.Arbitrary<Call> = fc.oneof(
    fc.constant<Call>((model) => {
      const decision = model.gateway.decide(view);
      if (decision.kind === "forward") model.decisions.push(decision);
    }),
    fc.nat(20).map<Call>((at) => (model) => {
      const decision = pick(model, at);
      if (decision !== undefined && model.gateway.start(decision))
        model.started.set(decision, model.joined.get(decision.instance.id) ?? 0);
    }),
    fc.tuple(fc.nat(20), outcome).map<Call>(([at, outcome]) => (model) => {
      const decision = pick(model, at);
      if (decision === undefined) return;
      const taken = model.gateway.report(decision, outcome);
      if (taken && outcome.kind !== "head") expect(model.started.delete(decision)).toBe(true);
    }),
    fc.tuple(fc.nat(20), outcome).map<Call>(([at, outcome]) => (model) => {
      const decision = pick(model, at);
      if (decision === undefined) return;
      const retry = model.gateway.retry(decision, outcome, { replayable: true });
      if (retry.kind === "retry") model.decisions.push(retry.decision);
    }),
    fc.nat(40_000).map<Call>(
      (ms) =>
        ({ env }) =>
          env.advance(ms),
    ),
    fc.subarray([...names]).map<Call>(
      (left) =>
        ({ gateway }) =>
          gateway.update(users(...left.map(urlOf))),
    ),
  );

  it("in flight is what was started and not reported, and never below nothing", () => {
    fc.assert(
      fc.property(fc.array(call, { minLength: 20, maxLength: 60 }), (calls) => {
        const env = testEnv();
        const gateway = createGateway(users(...names.map(urlOf)), { env });
        const joined = new Map<string, number>();
        gateway.onChange(({ kind, instance }) => {
          if (kind === "joined") joined.set(instance.id, (joined.get(instance.id) ?? 0) + 1);
        });
        const model: Model = { gateway, env, decisions: [], started: new Map(), joined };
        for (const run of calls) {
          run(model);
          for (const [id, state] of Object.entries(
            gateway.snapshot().services["users"]?.instances ?? {},
          )) {
            const under = [...model.started].filter(
              ([decision, times]) => decision.instance.id === id && times === (joined.get(id) ?? 0),
            );
            expect(state.inFlight).toBe(under.length);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it("at most half of a service is ejected, and never the last eligible instance", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.tuple(fc.nat(6), outcome, fc.nat(9_000)), { minLength: 50, maxLength: 150 }),
        (count, events) => {
          const env = testEnv();
          const urls = Array.from({ length: count }, (_, i) => `http://i${i}`);
          const gateway = createGateway(
            {
              services: {
                users: { instances: urls, balancer: "random", outlier: { consecutiveFailures: 2 } },
              },
              routes: [{ to: "users" }],
            },
            { env: { ...env, random: () => 0 } },
          );
          for (const [, outcome, ms] of events) {
            const decision = forwarded(gateway);
            gateway.start(decision);
            gateway.report(decision, outcome);
            env.advance(ms);
            const states = Object.values(gateway.snapshot().services["users"]?.instances ?? {});
            const ejected = states.filter(({ ejectedForMs }) => ejectedForMs > 0).length;
            expect(ejected).toBeLessThanOrEqual(Math.max(Math.floor(count / 2), count > 1 ? 1 : 0));
            expect(ejected).toBeLessThan(count);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
