import { describe, expect, it } from "vitest";
import { createGateway, type Gateway } from "../gateway.js";
import { checkConfig } from "./check.js";
import { formatProblem } from "./problem.js";

const lines = (config: unknown) => checkConfig(config).map(formatProblem);
/** What is said of a configuration that is well formed but for one field of a service, and of the same among the defaults. */
const told = (field: string, value: unknown) =>
  lines({ services: { s: { instances: ["http://a"], [field]: value } }, routes: [{ to: "s" }] });
const toldOfDefault = (field: string, value: unknown) =>
  lines({ defaults: { [field]: value }, services: {}, routes: [] });

type Cases = readonly (readonly [what: string, value: unknown, ...lines: string[]])[];
const BALANCERS =
  '"least-request", "round-robin", "random", "peak-ewma", "consistent-hash", "maglev", "rendezvous", "first-eligible"';

describe("a balancer", () => {
  const cases: Cases = [
    [
      "neither name nor record",
      7,
      ": a balancer must be a name, a record with a name and its options, or a value with a name and a pick function, got 7 [BALANCER]",
    ],
    [
      "a misspelt name beside options",
      { name: "magelv" },
      `/name: a balancer must be one of ${BALANCERS}, got "magelv"; did you mean "maglev"? [BALANCER]`,
    ],
    [
      "options out of their range",
      { name: "least-request", draws: 1, fullScanUpTo: -1 },
      "/draws: draws must be a whole number from 2 to 1000, got 1 [BALANCER]",
      "/fullScanUpTo: fullScanUpTo must be a whole number >= 0, got -1 [BALANCER]",
    ],
    [
      "a time that is none",
      { name: "peak-ewma", decayMs: 0 },
      "/decayMs: decayMs must be a number of milliseconds from 1 to 2147483647, got 0 [TIME]",
    ],
    [
      "rings of sizes that cannot be",
      { name: "consistent-hash", minimumRingSize: 1, maximumRingSize: 9e9 },
      "/maximumRingSize: maximumRingSize must be a whole number from 2 to 8388608, got 9000000000 [BALANCER]",
      "/minimumRingSize: minimumRingSize must be a whole number from 2 to 8388608, got 1 [BALANCER]",
    ],
    [
      "a largest ring that is smaller than the smallest",
      { name: "consistent-hash", minimumRingSize: 2_048, maximumRingSize: 100 },
      "/maximumRingSize: maximumRingSize is below minimumRingSize (2048) [BALANCER]",
    ],
    [
      "the same where the smallest is the one by default",
      { name: "consistent-hash", maximumRingSize: 100 },
      "/maximumRingSize: maximumRingSize is below minimumRingSize (1024) [BALANCER]",
    ],
    [
      "an option of another balancer, told once",
      { name: "maglev", maximumRingSize: 100 },
      '/maximumRingSize: the balancer maglev has no field "maximumRingSize"; it may have name, key, boundedLoad, tableSize [UNKNOWN_FIELD]',
    ],
    [
      "a key for one that does not hash",
      { name: "round-robin", key: "clientAddress" },
      '/key: the balancer round-robin has no field "key"; it may have name [UNKNOWN_FIELD]',
    ],
    [
      "a key that is no source",
      { name: "maglev", key: "address" },
      '/key: a key must be "clientAddress", or a source such as { cookie: "uid" }, got "address" [KEY]',
    ],
    [
      "no key at all",
      { name: "maglev", key: [] },
      "/key: key must be a list with at least one entry, got an empty list [EMPTY]",
    ],
    [
      "a list of keys with something wrong in each",
      {
        name: "rendezvous",
        key: [{ cookie: "" }, { header: "a b" }, { cookie: "a", param: "b" }, { fact: 1 }],
      },
      '/key/0/cookie: a cookie must be non-empty text without control characters, got "" [NAME]',
      '/key/1/header: a header name must be a token of RFC 9110 (letters, digits, -), got "a b" [HEADER_NAME]',
      "/key/2: a key must be exactly one of cookie, header, query, fact, param, got an object [KEY]",
      "/key/3/fact: a fact must be non-empty text without control characters, got 1 [NAME]",
    ],
  ];
  it.each(cases)("is refused as it is: %s", (_, value, ...expected) => {
    expect(told("balancer", value)).toEqual(expected.map((line) => `/services/s/balancer${line}`));
    expect(toldOfDefault("balancer", value)).toEqual(
      expected.map((line) => `/defaults/balancer${line}`),
    );
  });
});

describe("outlier detection", () => {
  const cases: Cases = [
    [
      "neither false nor a record",
      true,
      ": outlier must be a record of consecutiveFailures, consecutiveConnectFailures, baseEjectionMs, maxEjectionMs, maxEjectionRatio, endedByProbes, returnMs, intervalMs, failureRatio, successRate, latency, got true [TYPE]",
    ],
    [
      "rows and times that cannot be",
      { consecutiveConnectFailures: 0.5, returnMs: -1, intervalMs: 0 },
      "/consecutiveConnectFailures: consecutiveConnectFailures must be a whole number >= 0, got 0.5 [OUTLIER]",
      "/intervalMs: intervalMs must be a number of milliseconds from 1 to 2147483647, got 0 [TIME]",
      "/returnMs: returnMs must be a number of milliseconds from 0 to 2147483647, got -1 [TIME]",
    ],
    [
      "a misspelt rule",
      { failureRatios: {} },
      '/failureRatios: outlier has no field "failureRatios"; did you mean "failureRatio"? [UNKNOWN_FIELD]',
    ],
    [
      "a rule that is only said to be on",
      { latency: true },
      "/latency: latency must be a record of minimumInstances, minimumAnswers, factor, minimumMs, got true [TYPE]",
    ],
    [
      "rules with figures that cannot be",
      {
        failureRatio: { threshold: 85, minimumInstances: 1, minimumAnswers: 0 },
        successRate: { factor: 0, minimumDifference: 5, countServerErrors: "yes" },
        latency: { factor: 1, minimumMs: -1 },
      },
      "/failureRatio/minimumAnswers: minimumAnswers must be a whole number >= 1, got 0 [OUTLIER]",
      "/failureRatio/minimumInstances: minimumInstances must be a whole number >= 2, got 1 [OUTLIER]",
      "/failureRatio/threshold: threshold must be a number from 0 to 1, got 85 [RATIO]",
      "/latency/factor: factor must be a finite number > 1, got 1 [OUTLIER]",
      "/latency/minimumMs: minimumMs must be a number of milliseconds from 0 to 2147483647, got -1 [TIME]",
      '/successRate/countServerErrors: countServerErrors must be true or false, got "yes" [TYPE]',
      "/successRate/factor: factor must be a finite number > 0, got 0 [OUTLIER]",
      "/successRate/minimumDifference: minimumDifference must be a number from 0 to 1, got 5 [RATIO]",
    ],
  ];
  it.each(cases)("is refused as it is: %s", (_, value, ...expected) => {
    expect(told("outlier", value)).toEqual(expected.map((line) => `/services/s/outlier${line}`));
    expect(toldOfDefault("outlier", value)).toEqual(
      expected.map((line) => `/defaults/outlier${line}`),
    );
  });

  it("may be off, as a whole or rule by rule", () => {
    const off = { consecutiveFailures: 0, failureRatio: false, successRate: false, latency: {} };
    for (const value of [false, {}, off]) expect(told("outlier", value)).toEqual([]);
  });
});

describe("a probe", () => {
  const cases: Cases = [
    [
      "wrong in every field",
      {
        ...{ type: "htp", path: "healthz", method: "POST", host: "a b", port: 0, jitter: 2 },
        ...{ intervalMs: 0, healthyAfter: 0, unhealthyAfter: 0.5 },
        expect: { status: 99, body: 7 },
      },
      "/expect/body: body must be text, got 7 [PROBE]",
      "/expect/status: status must be a whole number from 100 to 599, got 99 [STATUS]",
      "/healthyAfter: healthyAfter must be a whole number >= 1, got 0 [PROBE]",
      '/host: a host must be a host name, with a port if need be, such as "api.shop.com:8080", got "a b" [HOST]',
      "/intervalMs: intervalMs must be a number of milliseconds from 1 to 2147483647, got 0 [TIME]",
      "/jitter: jitter must be a number from 0 to 1, got 2 [RATIO]",
      '/method: method must be one of "GET", "HEAD", got "POST" [PROBE]',
      '/path: a path must be well formed: a path starts with /, got "healthz" [PATH]',
      "/port: a port must be a whole number from 1 to 65535, got 0 [PORT]",
      '/type: type must be one of "http", "tcp", "grpc", got "htp"; did you mean "http"? [PROBE]',
      "/unhealthyAfter: unhealthyAfter must be a whole number >= 1, got 0.5 [PROBE]",
    ],
    [
      "statuses that are none, and no status",
      { expect: { status: [] } },
      "/expect/status: status must be a list with at least one entry, got an empty list [EMPTY]",
    ],
    [
      "a timeout above the interval",
      { intervalMs: 100, timeoutMs: 200 },
      "/timeoutMs: timeoutMs is above intervalMs (100): one probe would still be under way when the next begins [PROBE]",
    ],
    [
      "a timeout above the interval by default",
      { timeoutMs: 20_000 },
      "/timeoutMs: timeoutMs is above intervalMs (10000): one probe would still be under way when the next begins [PROBE]",
    ],
    [
      "what makes no difference to a connection",
      { type: "tcp", path: "/x", host: "x", expect: {} },
      '/expect: expect changes nothing for a probe of the type "tcp" [NO_EFFECT]',
      '/host: host changes nothing for a probe of the type "tcp" [NO_EFFECT]',
      '/path: path changes nothing for a probe of the type "tcp" [NO_EFFECT]',
    ],
    [
      "what makes no difference to gRPC, and the other way round",
      { type: "grpc", method: "HEAD" },
      '/method: method changes nothing for a probe of the type "grpc" [NO_EFFECT]',
    ],
    [
      "a body in the answer to HEAD",
      { method: "HEAD", expect: { body: "ok" } },
      "/expect/body: expect.body is never found: an answer to HEAD has no body; ask with GET [PROBE]",
    ],
    [
      "a query with a fragment",
      { path: "/healthz?a#b" },
      '/path: a path must be one without # in its query, got "/healthz?a#b" [PATH]',
    ],
    [
      "the name of a gRPC service without gRPC",
      { grpcService: "shop.Orders" },
      '/grpcService: grpcService changes nothing for a probe of the type "http" [NO_EFFECT]',
    ],
  ];
  it.each(cases)("is refused as it is: %s", (_, value, ...expected) => {
    expect(told("probe", value)).toEqual(expected.map((line) => `/services/s/probe${line}`));
    expect(toldOfDefault("probe", value)).toEqual(expected.map((line) => `/defaults/probe${line}`));
  });
});

it("a probe may ask with a query, and be switched off where the defaults have one", () => {
  expect(told("probe", { path: "/healthz?deep=1&of=%20x y" })).toEqual([]);
  expect(told("probe", false)).toEqual([]);
  const gateway: Gateway = createGateway({
    defaults: { probe: { path: "/healthz?deep=1" } },
    services: { s: { instances: ["http://a"] }, off: { instances: ["http://b"], probe: false } },
    routes: [{ match: { path: "/off" }, to: "off" }, { to: "s" }],
  });
  expect(gateway.probeOf("s")?.path).toBe("/healthz?deep=1");
  expect(gateway.probeOf("off")).toBeUndefined();
});

it("levels and slow starts are refused as they are", () => {
  expect(
    told("levels", { overprovisioning: 0.9, minimumMembers: 0, localRatio: 2, panicRatio: -1 }),
  ).toEqual([
    "/services/s/levels/localRatio: localRatio must be a number from 0 to 1, got 2 [RATIO]",
    "/services/s/levels/minimumMembers: minimumMembers must be a whole number >= 1, got 0 [LEVELS]",
    "/services/s/levels/overprovisioning: overprovisioning must be a finite number >= 1, got 0.9 [LEVELS]",
    "/services/s/levels/panicRatio: panicRatio must be a number from 0 to 1, got -1 [RATIO]",
  ]);
  expect(told("slowStart", { aggression: 0, minimumShare: 0 })).toEqual([
    "/services/s/slowStart/aggression: aggression must be a finite number > 0, got 0 [SLOW_START]",
    "/services/s/slowStart/minimumShare: minimumShare must be a number above 0, up to 1, got 0 [SLOW_START]",
  ]);
});

it("a parameter that a balancer goes by must be one of a route to its service", () => {
  const routesOf = (key: unknown, defaults: unknown = {}) =>
    lines({
      defaults,
      services: { s: { instances: ["http://a"], balancer: { name: "maglev", key } } },
      routes: [
        { match: { path: "/users/:user" }, to: "s" },
        { match: { path: "/orders/:order" }, to: "http://b" },
        { to: [{ weight: 1, service: "s" }] },
      ],
    });
  expect(routesOf([{ param: "user" }, "clientAddress"])).toEqual([]);
  expect(routesOf({ param: "order" })).toEqual([
    '/services/s/balancer/key/param: the path has no parameter "order"; it has user [UNKNOWN_PARAM]',
  ]);
  expect(routesOf(["clientAddress", { param: "id" }])).toEqual([
    '/services/s/balancer/key/1/param: the path has no parameter "id"; it has user [UNKNOWN_PARAM]',
  ]);
  const defaults = { balancer: { name: "maglev", key: { param: "order" } } };
  expect(routesOf("clientAddress", defaults)).toEqual([]);
});

it("places and times of instances are refused as they are", () => {
  const instances = [{ url: "http://a", tier: -1, zone: "" }];
  expect(told("instances", instances)).toEqual([
    "/services/s/instances/0/tier: tier must be a whole number >= 0, got -1 [TIER]",
    '/services/s/instances/0/zone: a zone must be non-empty text without control characters, got "" [NAME]',
  ]);
  expect(told("slowStartMs", "10s")).toEqual([
    '/services/s/slowStartMs: slowStartMs must be a number of milliseconds from 0 to 2147483647, got "10s" [TIME]',
  ]);
  expect(lines({ routes: [], zone: "" })).toEqual([
    '/zone: a zone must be non-empty text without control characters, got "" [NAME]',
  ]);
});
