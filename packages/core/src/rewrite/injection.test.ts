import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkConfig } from "../config/check.js";
import type { GatewayConfig } from "../config/config.js";
import type { Decision } from "../decision.js";
import { createGateway, type Gateway } from "../gateway.js";
import type { HeaderRecord, RequestView } from "../request.js";
import { testEnv } from "../testing/env.js";
import { buildClientResponse } from "./client-response.js";
import { buildUpstreamRequest } from "./upstream-request.js";

// What ends a line, or has no byte and ends one when it is cut to a byte.
const FORBIDDEN = /[\u0000-\u0008\u000a-\u001f\u007f\u0100-\uffff]/;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Pieces that somebody has split a head with. */
const piece = fc.constantFrom(
  ...[
    "\r",
    "\n",
    "\r\n",
    "\u0000",
    "\u010a",
    "\u010d",
    "\u2028",
    "%0d%0a",
    "%0D",
    "%00",
    "\\r\\n",
    "\t",
    " ",
  ],
  ...[
    "a",
    "/",
    ":",
    ";",
    ",",
    '"',
    "\\",
    "=",
    "&",
    "?",
    "#",
    "%",
    "+",
    "*",
    "\u00e9",
    "\u00ff",
    "\ud800",
    "x: y",
  ],
);
const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
const anyText = fc.oneof(text, fc.string({ unit: "binary", maxLength: 10 }));

function expectClean(headers: readonly string[]): void {
  for (const [i, part] of headers.entries()) {
    expect(part).not.toMatch(FORBIDDEN);
    if (i % 2 === 0) expect(part).toMatch(TOKEN);
  }
}

function expectCleanHeads(view: RequestView, decision: Decision, upstream: HeaderRecord): boolean {
  if (decision.kind === "none") return false;
  expectClean(buildClientResponse(decision, { status: 200, headers: upstream }, view).headers);
  if (decision.kind !== "forward") return false;
  const options = { upgrade: view.method, trailers: true };
  const { method, path, headers } = buildUpstreamRequest(view, decision, options);
  expect(method).toMatch(TOKEN);
  expect(path).not.toMatch(/[\u0000-\u0020\u007f\u0100-\uffff]/);
  expectClean(headers);
  for (const mirror of decision.mirrors) expectClean(buildUpstreamRequest(view, mirror).headers);
  return true;
}

const everything: GatewayConfig = {
  services: { a: { instances: ["http://a/base", { url: "http://b", version: "v1" }] } },
  trustedProxies: ["10.0.0.0/8"],
  forwarded: true,
  via: "edge",
  routes: [
    { match: { path: "/r/*" }, redirect: { host: "b.test", path: { replacePrefix: "/x" } } },
    { match: { path: "/same/*" }, redirect: {} },
    { match: { path: "/t/:a/:b" }, to: "a", rewrite: { path: "/:b/:a" } },
    {
      match: { path: "/p/:x/*" },
      to: "a",
      rewrite: {
        path: { replacePrefix: "/q" },
        query: { set: { "a&=\u010a": "b\r\nc" }, add: { b: "\u010a\u0000" }, remove: ["x"] },
      },
      responseRewrite: { location: true, cookieDomain: { replace: "c.d" }, cookiePath: true },
      requestHeaders: { set: { "x-set": "caf\u00e9" }, add: { "x-add": "1" } },
      responseHeaders: { add: { vary: "a", "set-cookie": "b=1" } },
    },
    {
      match: { path: "/x/*" },
      to: "a",
      rewrite: { path: { regex: "/x/(.*)", with: "/$1\u00e9" } },
    },
    {
      match: { path: "/c/*" },
      to: "a",
      cors: {
        allowOrigins: ["*"],
        allowCredentials: true,
        allowHeaders: ["*"],
        allowMethods: ["*"],
      },
      mirror: [{ service: "a" }],
      responseRewrite: { location: true, cookieDomain: "drop", cookiePath: { "/": "/y" } },
    },
    { match: { path: "/y" }, respond: { status: 200, body: "\r\n", headers: { "x-a": "1" } } },
    { to: "a" },
  ],
};

const headerName = fc.oneof(
  fc.constantFrom(
    ...[
      "Host",
      "Cookie",
      "cookie",
      "X-Forwarded-For",
      "X-Forwarded-Host",
      "X-Forwarded-Port",
      "Forwarded",
    ],
    ...[
      "X-Forwarded-Proto",
      "Connection",
      "Via",
      "Origin",
      "Max-Forwards",
      "TE",
      "X-Add",
      "x_add",
      "Accept",
    ],
    ...["Access-Control-Request-Method", "Access-Control-Request-Headers", "Content-Type"],
  ),
  anyText,
);
const lines = fc.array(fc.tuple(headerName, anyText), { maxLength: 6 });
const target = fc
  .tuple(
    fc.constantFrom("/r/", "/same/", "/t/", "/p/", "/x/", "/c/", "/y", "/"),
    text,
    fc.boolean(),
    text,
  )
  .map(([start, path, asks, query]) => start + path + (asks ? `?${query}` : ""));
const view: fc.Arbitrary<RequestView> = fc.record({
  method: fc.oneof(fc.constantFrom("GET", "OPTIONS", "TRACE", "PATCH"), anyText),
  url: fc.oneof(
    target,
    target.map((rest) => `http://a.test${rest}`),
    anyText,
  ),
  remoteAddress: fc.oneof(fc.constantFrom("10.0.0.1", "9.9.9.9", "fe80::1%e"), anyText),
  httpVersion: anyText,
  rawHeaders: lines.map((pairs) => pairs.flat()),
});
const upstream: fc.Arbitrary<HeaderRecord> = fc.dictionary(
  fc.oneof(
    fc.constantFrom("location", "content-location", "set-cookie", "vary", "connection", "x-a"),
    anyText,
  ),
  fc.oneof(
    anyText,
    fc.array(anyText, { maxLength: 3 }),
    anyText.map((rest) => `http://a/base/q/${rest}`),
    anyText.map((rest) => `a=1; Path=/base/q/${rest}; Domain=${rest}`),
  ),
);

describe("no line of a head ends where it should not", () => {
  const gateway = createGateway(everything, { env: testEnv() });

  it("for every byte of a client and of an instance", () => {
    let forwarded = 0;
    fc.assert(
      fc.property(view, upstream, (asked, answered) => {
        if (expectCleanHeads(asked, gateway.decide(asked), answered)) forwarded++;
      }),
      { numRuns: 5_000 },
    );
    expect(forwarded).toBeGreaterThan(100);
  });

  it("for every text in a configuration that is not refused", () => {
    const headers = fc.dictionary(fc.constantFrom("x-a", "X_B", "set-cookie"), anyText, {
      maxKeys: 2,
    });
    const changes = fc.record({ set: headers }, { requiredKeys: [] });
    const path = fc.oneof(
      text.map((rest) => `/${rest}`),
      text.map((rest) => ({ replace: `/${rest}` })),
      text.map((rest) => ({ replacePrefix: `/${rest}` })),
      fc
        .tuple(fc.constantFrom("a", "/(.)", ".*"), text)
        .map(([regex, rest]) => ({ regex, with: rest })),
    );
    const rewrite = fc.record(
      { host: anyText, path, query: fc.record({ set: fc.dictionary(anyText, anyText) }) },
      { requiredKeys: [] },
    );
    const responseRewrite = fc.record(
      {
        location: fc.boolean(),
        cookieDomain: fc.record({ replace: anyText }),
        cookiePath: fc.dictionary(
          text.map((rest) => `/${rest}`),
          text.map((rest) => `/${rest}`),
        ),
      },
      { requiredKeys: [] },
    );
    const to = fc.record(
      { requestHeaders: changes, responseHeaders: changes, rewrite, responseRewrite },
      { requiredKeys: [] },
    );
    const redirect = fc.record({ host: anyText, path }, { requiredKeys: [] });
    const respond = fc.record({ status: fc.constant(200), headers });
    const route = fc.oneof(
      to.map((fields) => ({ to: "a", ...fields })),
      redirect.map((fields) => ({ redirect: fields })),
      respond.map((fields) => ({ respond: fields })),
    );
    const via = fc.oneof(fc.constant("edge"), fc.constant("edge"), anyText);
    let accepted = 0;
    fc.assert(
      fc.property(route, via, view, upstream, (given, name, asked, answered) => {
        const { services } = everything;
        const config = { services, routes: [{ match: { path: "/*" }, ...given }], via: name };
        if (checkConfig(config).some(({ severity }) => severity !== "warning")) return;
        accepted++;
        const made: Gateway = createGateway(config as GatewayConfig, { env: testEnv() });
        expectCleanHeads(asked, made.decide(asked), answered);
      }),
      { numRuns: 5_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});

it("for every byte that a value may hold, it arrives as it was sent", () => {
  const byte = fc.oneof(
    fc.integer({ min: 33, max: 126 }),
    fc.integer({ min: 128, max: 255 }),
    fc.constantFrom(9, 32),
  );
  const value = fc.array(byte, { maxLength: 12 }).map((bytes) => String.fromCharCode(...bytes));
  const gateway = createGateway([{ to: "http://a" }]);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom("X-A", "x-a", "accept"), value)), (pairs) => {
      const asked: RequestView = { method: "GET", url: "/", rawHeaders: pairs.flat() };
      const decision = gateway.decide(asked);
      if (decision.kind !== "forward") throw new Error(decision.kind);
      const { headers } = buildUpstreamRequest(asked, decision);
      expect(headers.slice(0, 2 * pairs.length)).toEqual(pairs.flat());
      const values = pairs.map(([, one]) => one);
      const answered = { status: 200, headers: { "x-a": values } };
      expect(buildClientResponse(decision, answered).headers).toEqual(
        values.flatMap((one) => ["x-a", one]),
      );
    }),
  );
});
