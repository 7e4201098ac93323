import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { config, view } from "../test/generated.js";
import type { GatewayConfig } from "./config/config.js";
import type { ForwardDecision } from "./decision.js";
import { createGateway } from "./gateway.js";
import type { RequestView } from "./request.js";
import { buildUpstreamRequest } from "./rewrite/upstream-request.js";
import { testEnv } from "./testing/env.js";

const routes: GatewayConfig["routes"] = [
  { id: "api", match: { path: "/api/*" }, to: "http://a", policies: ["sign in"] },
  { id: "old", match: { path: "/old" }, redirect: { status: 308 } },
  { id: "here", match: { path: "/here" }, respond: { status: 200, body: "ok" } },
];
const gateway = createGateway({ routes, via: "Edge-1" });
const asking = (method: string, url: string, ...rawHeaders: string[]): RequestView => ({
  method,
  url,
  rawHeaders,
});
/** Lines of a name that the instance gets. */
const sent = (asked: RequestView, name: string, of = gateway) => {
  const { headers } = buildUpstreamRequest(asked, of.decide(asked) as ForwardDecision);
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === name);
};

describe("Via of a request", () => {
  it("names the gateway and the version that the client speaks", () => {
    const versionOf = (httpVersion?: string) =>
      sent({ ...asking("GET", "/api/x"), httpVersion }, "via");
    expect(["1.0", "1.1", "2.0", "2", "3.0", undefined, "9\r\n"].map(versionOf)).toEqual(
      ["1.0", "1.1", "2", "2", "3", "1.1", "1.1"].map((version) => [`${version} Edge-1`]),
    );
  });

  it("is added behind what is there, in the last line of it", () => {
    const lines = ["Via", "1.0 a", "X", "1", "via", "1.1 b (c)"];
    expect(sent(asking("GET", "/api/x", ...lines), "via")).toEqual([
      "1.0 a",
      "1.1 b (c), 1.1 Edge-1",
    ]);
    expect(sent(asking("GET", "/api/x", "Via", ""), "via")).toEqual(["1.1 Edge-1"]);
  });

  it("stays, whatever Connection and the configured changes take away", () => {
    const changed = createGateway({
      routes: [{ to: "http://a", requestHeaders: { remove: ["via"] } }],
      via: "edge",
    });
    const asked = asking("GET", "/", "Via", "1.1 a", "Connection", "via");
    expect(sent(asked, "via", changed)).toEqual(["1.1 edge"]);
  });

  it("is that of the client where no pseudonym is configured", () => {
    const plain = createGateway([{ to: "http://a" }]);
    expect(sent(asking("GET", "/", "Via", "1.1 a"), "via", plain)).toEqual(["1.1 a"]);
    expect(sent(asking("GET", "/"), "via", plain)).toEqual([]);
  });
});

describe("a request that was here before", () => {
  it.each([
    [["Via", "1.1 edge-1"]],
    [["Via", "1.0 a, HTTP/2 EDGE-1 (comment), 1.1 b"]],
    [["via", "1.1 a", "VIA", "1.1\tEdge-1"]],
    [["Via", "1.1 a (not closed, 1.1 Edge-1"]],
    [["Via", "1.1 Edge-1", "Connection", "via"]],
  ])("is refused: %j", (lines) => {
    const decision = gateway.decide(asking("GET", "/api/x", ...lines));
    expect(decision).toEqual({
      kind: "reject",
      route: "api",
      status: 508,
      reason: "loop",
      detail: "the request was here before: its Via names Edge-1",
      headers: {},
    });
  });

  it.each(
    [
      ["1.1 edge-11", "1.1 my-edge-1", "edge-1", "1.1 a (edge-1)", "1.1 edge-1:80", ""].map(
        (via) => [via],
      ),
    ].flat(),
  )("is not one whose Via is %j", (via) => {
    expect(gateway.decide(asking("GET", "/api/x", "Via", via)).kind).toBe("forward");
  });

  it("is answered where the gateway does not send it on", () => {
    const lines = ["Via", "1.1 Edge-1", "Host", "x.org"];
    expect(gateway.decide(asking("GET", "/old", ...lines)).kind).toBe("redirect");
    expect(gateway.decide(asking("GET", "/here", ...lines)).kind).toBe("respond");
    expect(gateway.decide(asking("GET", "/none", ...lines)).kind).toBe("none");
  });

  it("is refused before any policy of its route", () => {
    expect(gateway.match(asking("GET", "/api/x", "Via", "1.1 Edge-1"))).toMatchObject({
      ...{ kind: "reject", status: 508 },
    });
  });

  it("is refused by a pseudonym that comes by an update, and not any more when it goes", () => {
    const updated = createGateway({ routes });
    const kindNow = () => updated.decide(asking("GET", "/api/x", "Via", "1.1 e")).kind;
    const kinds = [undefined, "e", "f"].map((via) => {
      updated.update(via === undefined ? { routes } : { routes, via });
      return kindNow();
    });
    expect(kinds).toEqual(["forward", "reject", "forward"]);
  });
});

describe("Max-Forwards", () => {
  it("of 0 is the end of the way: OPTIONS is answered, TRACE is refused", () => {
    for (const zero of ["0", "000"]) {
      expect(gateway.decide(asking("OPTIONS", "/api/x", "Max-Forwards", zero))).toEqual({
        ...{ kind: "respond", route: "api", status: 204, headers: {}, body: "" },
      });
      expect(gateway.decide(asking("TRACE", "/api/x", "max-forwards", zero))).toEqual({
        kind: "reject",
        route: "api",
        status: 405,
        reason: "method-not-allowed",
        detail: "its Max-Forwards is used up, and TRACE is not answered here",
        headers: { allow: "" },
      });
    }
  });

  it("is told to policies by no match", () => {
    expect(gateway.match(asking("OPTIONS", "/api/x", "Max-Forwards", "0")).kind).toBe("respond");
  });

  it("leaves the methods that the routes name, but for TRACE", () => {
    const named = createGateway([{ path: "/*", method: ["TRACE", "GET", "PUT"], to: "http://a" }]);
    expect(named.decide(asking("TRACE", "/", "Max-Forwards", "0"))).toMatchObject({
      headers: { allow: "GET, PUT" },
    });
  });

  it("is answered with what the route says of CORS and its response headers", () => {
    const open = createGateway([
      {
        to: "http://a",
        cors: { allowOrigins: ["https://a.com"] },
        responseHeaders: { set: { "x-a": "1" } },
      },
    ]);
    const lines = ["Origin", "https://a.com", "Max-Forwards", "0"];
    expect(open.decide(asking("OPTIONS", "/", ...lines))).toMatchObject({
      headers: { "access-control-allow-origin": "https://a.com", vary: "Origin", "x-a": "1" },
    });
    expect(open.decide(asking("TRACE", "/", ...lines))).toMatchObject({
      headers: { "access-control-allow-origin": "https://a.com", allow: "" },
    });
  });

  it.each([
    ["1", "0"],
    ["010", "9"],
    ["99999999999999999999999999", "2147483647"],
  ])("of %s goes on as %s", (given, left) => {
    expect(sent(asking("OPTIONS", "/api/x", "MAX-forwards", given), "max-forwards")).toEqual([
      left,
    ]);
    expect(sent(asking("TRACE", "/api/x", "Max-Forwards", given), "max-forwards")).toEqual([left]);
  });

  it.each([["-1"], ["1.5"], ["x"], [""], ["0, 0"], ["+0"]])(
    "is left out of account where it is malformed: %j",
    (given) => {
      expect(sent(asking("OPTIONS", "/api/x", "Max-Forwards", given), "max-forwards")).toEqual([
        given,
      ]);
    },
  );

  it("is left out of account where it stands twice", () => {
    const lines = ["Max-Forwards", "0", "max-forwards", "0"];
    expect(sent(asking("OPTIONS", "/api/x", ...lines), "max-forwards")).toEqual(["0", "0"]);
  });

  it("is left out of account with other methods, and where the gateway answers itself", () => {
    expect(sent(asking("GET", "/api/x", "Max-Forwards", "0"), "max-forwards")).toEqual(["0"]);
    expect(gateway.decide(asking("OPTIONS", "/here", "Max-Forwards", "0"))).toMatchObject({
      status: 200,
    });
  });
});

it("for every table and request, what goes no further is explained as it is decided", () => {
  const lines = fc.record(
    {
      via: fc.constantFrom("1.1 gate", "1.1 a", "1.1 a, 2 GATE"),
      "max-forwards": fc.constantFrom("0", "1", "x"),
    },
    { requiredKeys: [] },
  );
  const method = fc.constantFrom("GET", "OPTIONS", "TRACE");
  let stopped = 0;
  fc.assert(
    fc.property(config, view, lines, method, (given, asked, more, asks) => {
      const whole = { ...given, via: "gate", forwarded: true };
      const again = {
        ...asked,
        method: asks,
        headers: { ...asked.headers, ...more },
      } as RequestView;
      const decided = createGateway(whole, { env: testEnv() }).decide(again);
      const explained = createGateway(whole, { env: testEnv() }).explain(again);
      expect(explained.decision).toEqual(decided);
      if (decided.kind === "reject" && decided.status === 508) stopped++;
      if (decided.kind === "forward")
        expect(explained.upstreamRequest).toEqual(buildUpstreamRequest(again, decided));
      else if (decided.kind !== "none" && "route" in decided)
        expect(explained.routes.find(({ verdict }) => verdict === "taken")?.route).toBe(
          decided.route,
        );
    }),
    { numRuns: 500 },
  );
  expect(stopped).toBeGreaterThan(0);
});
