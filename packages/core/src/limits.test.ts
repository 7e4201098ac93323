import { describe, expect, it } from "vitest";
import {
  createGateway,
  type ConfigInput,
  type ForwardDecision,
  type RequestView,
} from "./index.js";
import { testEnv } from "./testing/env.js";

const gatewayOf = (config: ConfigInput) => createGateway(config, { env: testEnv() });
const get = (more: Partial<RequestView> = {}): RequestView =>
  ({ method: "GET", url: "/", ...more }) as RequestView;

describe("limits of size", () => {
  const gateway = gatewayOf({
    limits: { urlBytes: 10, headerBytes: 20, headerCount: 3 },
    routes: [{ match: { path: "/*" }, to: "http://a", limits: { bodyBytes: 100 } }],
  });

  it.each([
    [get({ url: "/123456789" }), undefined, ""],
    [get({ url: "/1234567890" }), 414, "the target of 11 bytes is longer than 10"],
    [get({ headers: { a: ["1", "2"], b: "3" } }), undefined, ""],
    [get({ headers: { a: ["1", "2"], b: "3", c: "4" } }), 431, "4 header lines are more than 3"],
    [get({ rawHeaders: ["Host", "a", "X", "12345678901234"] }), undefined, ""],
    [
      get({ rawHeaders: ["Host", "a", "X", "123456789012345"] }),
      431,
      "21 bytes of headers are more than 20",
    ],
    [get({ headers: { "content-length": "100" } }), undefined, ""],
    [
      get({ headers: { "content-length": "101" } }),
      413,
      "the body of 101 bytes is larger than 100",
    ],
  ])("%j gets %s", (view, status, detail) => {
    const decision = gateway.decide(view);
    if (status === undefined) expect(decision.kind).toBe("forward");
    else expect(decision).toMatchObject({ kind: "reject", status, reason: "too-large", detail });
  });

  it("are none by default, and 0 is none", () => {
    const open = gatewayOf({
      limits: { urlBytes: 0 },
      defaults: { limits: { bodyBytes: 10 } },
      routes: [{ match: { path: "/*" }, to: "http://a", limits: { bodyBytes: 0 } }],
    });
    const view = get({
      url: `/${"x".repeat(100_000)}`,
      headers: { "content-length": "999999999999" },
    });
    expect(open.decide(view).kind).toBe("forward");
    const { limits } = open.decide(get()) as ForwardDecision;
    expect(limits).toEqual({ bodyBytes: 0, replayBytes: 65_536, uploadBytesPerS: 240 });
  });
});

describe("how much of a body is kept", () => {
  const limitsOf = (route: object, method: string): number => {
    const gateway = gatewayOf({
      services: { s: { instances: ["http://a"] } },
      routes: [{ match: { path: "/*" }, to: "s", ...route }],
    } as ConfigInput);
    return (gateway.decide({ method, url: "/" }) as ForwardDecision).limits.replayBytes;
  };

  it.each([
    ["PUT", {}, 65_536],
    ["POST", {}, 0],
    ["POST", { retry: { attempts: 1, methods: ["POST"] } }, 65_536],
    ["PUT", { retry: { attempts: 0 } }, 0],
    ["PUT", { retry: { attempts: 0 }, hedge: { delayMs: 1 } }, 65_536],
    ["POST", { mirror: [{ service: "s" }] }, 65_536],
    ["PUT", { limits: { replayBytes: 7 } }, 7],
  ])("of %s on a route with %j is %i", (method, route, bytes) => {
    expect(limitsOf(route, method)).toBe(bytes);
  });
});

describe("the requests under way at a service", () => {
  const config = (requests: number): ConfigInput => ({
    services: {
      s: {
        instances: [
          { url: "http://a", version: "v1" },
          { url: "http://b", version: "v2" },
        ],
        limits: { requests },
      },
    },
    routes: [
      { match: { path: "/1" }, to: { service: "s", version: "v1" } },
      { match: { path: "/2" }, to: { service: "s", version: "v2" } },
    ],
  });

  it("are counted over all its versions, and given back by a report", () => {
    const gateway = gatewayOf(config(2));
    const one = gateway.decide(get({ url: "/1" }));
    gateway.start(one);
    gateway.start(gateway.decide(get({ url: "/2" })));
    expect(gateway.decide(get({ url: "/2" }))).toEqual({
      kind: "reject",
      route: "/2",
      status: 503,
      reason: "overloaded",
      detail: "service s has 2 requests under way, which is its limit",
      headers: { "retry-after": "1" },
      retryAfterMs: 1_000,
      requestMs: 0,
      service: "s",
    });
    gateway.report(one, { kind: "cancelled", stage: "head" });
    expect(gateway.decide(get({ url: "/2" })).kind).toBe("forward");
  });

  it("are still counted after an update, also at an instance that left", () => {
    const gateway = gatewayOf(config(1));
    const one = gateway.decide(get({ url: "/1" }));
    gateway.start(one);
    const { services, routes } = config(1) as Extract<ConfigInput, { services?: unknown }>;
    const instances = services?.["s"]?.instances.slice(1) ?? [];
    gateway.update({ services: { s: { ...services?.["s"], instances } }, routes });
    expect(gateway.decide(get({ url: "/2" }))).toMatchObject({ reason: "overloaded" });
    gateway.report(one, { kind: "cancelled", stage: "head" });
    expect(gateway.decide(get({ url: "/2" })).kind).toBe("forward");
  });

  it("come back with a state that is restored", () => {
    const gateway = gatewayOf(config(3));
    gateway.restore({ services: { s: { instances: { "http://a": { inFlight: 3 } } } } });
    expect(gateway.decide(get({ url: "/2" }))).toMatchObject({ reason: "overloaded" });
  });

  it("can be asked for with all limits of the service", () => {
    const gateway = gatewayOf(config(3));
    expect(gateway.limitsOf("s")).toEqual({
      ...{ requests: 3, perInstance: 0, adaptive: undefined },
      ...{ queue: 0, queueMs: 5_000 },
    });
    expect(gateway.limitsOf("t")).toBeUndefined();
  });
});
