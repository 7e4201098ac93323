import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RouteConfig } from "../config/route-config.js";
import type { ForwardDecision } from "../decision.js";
import { createGateway } from "../gateway.js";
import { request, type RequestParts } from "../testing/request.js";
import { buildClientResponse } from "./client-response.js";

interface Case extends Pick<RouteConfig, "match" | "rewrite"> {
  /** Base URL of the instance. */
  readonly at?: string;
  readonly line?: string;
  readonly parts?: RequestParts;
}

/** What a location of the instance becomes for a client that asks `https://shop.com/api/x`, unless the case says more. */
const seen = (location: string, { at, line, parts, ...route }: Case = {}, name = "location") => {
  const gateway = createGateway({
    routes: [{ to: at ?? "http://10.0.0.9:8080", ...route, responseRewrite: { location: true } }],
  });
  const view = request(line ?? "GET shop.com/api/x", { protocol: "https", ...parts });
  const decision = gateway.decide(view) as ForwardDecision;
  const { headers } = buildClientResponse(
    decision,
    { status: 302, headers: { [name]: location } },
    view,
  );
  return headers[headers.indexOf(name) + 1];
};
const api: Case = { match: { path: "/api/*" }, rewrite: { path: { replacePrefix: "/" } } };
const v2: Case = { match: { path: "/api/*" }, rewrite: { path: { replacePrefix: "/v2" } } };
const based: Case = { at: "http://10.0.0.9/base" };

describe("a location that leads to the instance", () => {
  it.each<[string, string, Case?]>([
    ["http://10.0.0.9:8080/a?b=c#d", "https://shop.com/a?b=c#d"],
    ["HTTP://10.0.0.9:8080", "https://shop.com/"],
    ["http://10.0.0.9:8080?b", "https://shop.com/?b"],
    ["http://shop.com/a", "https://shop.com/a"],
    ["https://shop.com/a", "https://shop.com/a"],
    ["http://SHOP.com.:80/a", "https://shop.com/a"],
    ["//10.0.0.9:8080/a", "//shop.com/a"],
    ["//shop.com/a", "//shop.com/a"],
    ["http://inner/a", "https://shop.com/a", { rewrite: { host: "Inner:80" } }],
    ["https://[fd00::1]/a", "https://shop.com/a", { at: "https://[FD00::1]" }],
    [
      "http://10.0.0.9/a",
      "https://shop.com:8443/a",
      { ...{ at: "http://10.0.0.9" }, line: "GET shop.com:8443/" },
    ],
  ])("leads back to the client's scheme and host: %s", (given, expected, more) => {
    expect(seen(given, more)).toBe(expected);
  });

  it.each<[string, string, Case]>([
    ["http://10.0.0.9:8080/a?/b", "https://shop.com/api/a?/b", api],
    ["http://10.0.0.9:8080", "https://shop.com/api/", api],
    ["/a", "/api/a", api],
    ["/", "/api/", api],
    ["//shop.com/a", "//shop.com/api/a", api],
    ["/v2/a", "/api/a", v2],
    ["/v2", "/api", v2],
    ["/v2/?b", "/api/?b", v2],
    ["/base/a", "/a", based],
    ["/base/", "/", based],
    ["/base/v2/a", "/api/a", { ...based, ...v2 }],
    ["/u/a", "/a", { rewrite: { path: { replacePrefix: "/u" } } }],
    [
      "/caf%C3%A9/\u00e9",
      "/api/\u00e9",
      { ...v2, rewrite: { path: { replacePrefix: "/caf\u00e9" } } },
    ],
    [
      "/u/a",
      "/t/7/a",
      {
        match: { path: "/t/:id/*" },
        rewrite: { path: { replacePrefix: "/u" } },
        line: "GET shop.com/t/7/x",
      },
    ],
  ])("has the path that the client would ask for: %s", (given, expected, more) => {
    expect(seen(given, more)).toBe(expected);
  });

  it.each<[string, string, Case]>([
    ["http://10.0.0.9:8080/v2x", "https://shop.com/v2x", v2],
    ["http://10.0.0.9:8080/v2//a", "https://shop.com/v2//a", v2],
    ["http://10.0.0.9:8080/v2/../a", "https://shop.com/v2/../a", v2],
    ["http://10.0.0.9:8080/v2/%2E%2e", "https://shop.com/v2/%2E%2e", v2],
    ["http://10.0.0.9/other", "https://shop.com/other", based],
    ["http://10.0.0.9/base", "https://shop.com/base", based],
    ["/u", "/u", { rewrite: { path: { replacePrefix: "/u" } } }],
    ["/v9/x", "/v9/x", { match: { path: "/api/:a" }, rewrite: { path: "/v9/:a" } }],
    ["/fixed", "/fixed", { rewrite: { path: { replace: "/fixed" } } }],
  ])("keeps a path that has no exact way back: %s", (given, expected, more) => {
    expect(seen(given, more)).toBe(expected);
  });

  it("is undone by what the chosen backend made of the path", () => {
    const gateway = createGateway({
      services: { a: { instances: ["http://a"] } },
      routes: [
        {
          match: { path: "/api/*" },
          rewrite: { path: { replacePrefix: "/v1" } },
          responseRewrite: { location: true },
          to: [{ service: "a", rewrite: { path: { replacePrefix: "/v2" } } }],
        },
      ],
    });
    const view = request("GET /api/x");
    const head = buildClientResponse(
      gateway.decide(view) as ForwardDecision,
      { status: 302, headers: { location: ["/v2/a", "/v1/a"] } },
      view,
    );
    expect(head.headers).toEqual(["location", "/api/a", "location", "/v1/a"]);
  });

  it("is undone for the instance that a retry leads to", () => {
    const gateway = createGateway({
      services: { a: { instances: ["http://a/one", "http://b/two"], balancer: "round-robin" } },
      routes: [{ to: "a", responseRewrite: { location: true } }],
    });
    const view = request("GET shop.com/");
    const first = gateway.decide(view) as ForwardDecision;
    gateway.start(first);
    const outcome = { kind: "failure", stage: "connect", cause: "refused" } as const;
    const facts = { replayable: true, reusedConnection: false, responseStarted: false };
    const again = gateway.retry(first, outcome, facts);
    if (again.kind !== "retry") throw new Error(again.reason);
    const { url } = again.decision.instance;
    expect(url).not.toBe(first.instance.url);
    expect(
      buildClientResponse(again.decision, { status: 302, headers: { location: `${url}/x` } })
        .headers,
    ).toEqual(["location", "http://shop.com/x"]);
  });

  it("is a path alone where the client named no host", () => {
    const nameless = { line: "GET /", at: "http://a" };
    expect(seen("http://a/x?y", nameless)).toBe("/x?y");
    expect(seen("//a/x", nameless)).toBe("/x");
    expect(seen("http://a//evil.com/", nameless)).toBe("http://a//evil.com/");
  });

  it("may be that of the content too", () => {
    expect(seen("http://10.0.0.9:8080/a", {}, "content-location")).toBe("https://shop.com/a");
  });
});

describe("a location that leads elsewhere stays byte for byte", () => {
  it.each<[string, Case?]>([
    ["http://evil.com/a"],
    ["http://10.0.0.9/a"],
    ["http://10.0.0.9:8081/a"],
    ["http://10.0.0.9:8080@evil.com/a"],
    ["http://evil.com:8080@10.0.0.9:8080/a"],
    ["http://10.0.0.9:8080.evil.com/a"],
    ["http://10.0.0.9:8080\\@evil.com/"],
    ["http://10.0.0.9:8080%2f@evil.com/"],
    ["ftp://10.0.0.9:8080/a"],
    ["http:/10.0.0.9:8080/a"],
    ["http:///a"],
    ["///evil.com", api],
    ["//evil.com/a", api],
    ["/v2//evil.com", { ...v2, match: { path: "/*" } }],
    ["/v2/\\evil.com", { ...v2, match: { path: "/*" } }],
    ["/v2/\t/evil.com", { ...v2, match: { path: "/*" } }],
    ["next", api],
    ["../x", api],
    ["?b", api],
    ["#c", api],
    ["", api],
    ["javascript:alert(1)", api],
    ["https://10.0.0.9:8080/a", { parts: { protocol: "http" } }],
  ])("%s", (given, more) => {
    expect(seen(given, more)).toBe(given);
  });

  it("such as a way from http to https, which would lead round in a circle", () => {
    const plain: Case = { parts: { protocol: "http" } };
    expect(seen("https://shop.com/a", plain)).toBe("https://shop.com/a");
    expect(seen("https://shop.com/a", { ...plain, at: "https://a" })).toBe("https://shop.com/a");
    expect(seen("https://a/x", { ...plain, at: "https://a" })).toBe("http://shop.com/x");
  });

  it("and every one, where the route does not ask for it", () => {
    const gateway = createGateway([{ to: "http://a", responseRewrite: { location: false } }]);
    const decision = gateway.decide(request("GET shop.com/")) as ForwardDecision;
    expect(decision.responseRewrite).toBeUndefined();
    const answered = { status: 302, headers: { location: "http://a/x" } };
    expect(buildClientResponse(decision, answered).headers).toEqual(["location", "http://a/x"]);
  });
});

describe("for every location", () => {
  const piece = fc.constantFrom(
    ...[
      "http:",
      "https:",
      "//",
      "/",
      "\\",
      "a",
      "shop.com",
      ":80",
      "evil.com",
      "@",
      "?",
      "#",
      ".",
      "..",
      "%2e",
    ],
    ...["v2", "base", "\t", "\r\n", "\u0000", " ", ":", "x", "%2f", ";"],
  );
  const location = fc.array(piece, { maxLength: 10 }).map((list) => list.join(""));
  const cases = fc.constantFrom<Case>(
    { at: "http://a" },
    { at: "http://a/base" },
    { at: "http://a", ...api },
    { at: "http://a/base", ...v2 },
    { at: "http://a", match: { path: "/*" }, rewrite: { path: { replacePrefix: "/v2" } } },
  );

  it("no host comes out but those of the client, or those that it led to before", () => {
    fc.assert(
      fc.property(location, cases, fc.constantFrom("shop.com", ""), (given, more, host) => {
        const out = seen(given, { ...more, line: `GET ${host}/api/x` }) as string;
        expect(out).not.toMatch(/[\r\n\u0000\u0100-\uffff]/);
        const hostOf = (text: string) =>
          URL.canParse(text, "https://shop.com/api/x")
            ? new URL(text, "https://shop.com/api/x").host
            : undefined;
        const after = hostOf(out);
        // A scheme without a host, such as `mailto:`, leads to none.
        if (after !== undefined && after !== "")
          expect([hostOf(given), "shop.com"]).toContain(after);
      }),
      { numRuns: 3_000 },
    );
  });

  it("a path that is undone is the one by which the gateway asks for it", () => {
    const segment = fc.constantFrom("a", "v2", "base", "%2F", "b;c", "");
    const path = fc
      .array(segment, { maxLength: 4 })
      .map((list) => `/${list.join("/")}`)
      .filter((text) => !text.startsWith("//"));
    let undone = 0;
    fc.assert(
      fc.property(path, cases, (given, { at, ...route }) => {
        const gateway = createGateway({
          routes: [{ to: at as string, ...route, responseRewrite: { location: true } }],
        });
        const first = gateway.decide(request("GET shop.com/api/x")) as ForwardDecision;
        const { headers } = buildClientResponse(first, {
          status: 302,
          headers: { location: given },
        });
        const back = headers[1] as string;
        if (back === given) return;
        undone++;
        const next = gateway.decide(request(`GET shop.com${back}`)) as ForwardDecision;
        expect(next.request.path).toBe(given);
      }),
      { numRuns: 1_000 },
    );
    expect(undone).toBeGreaterThan(0);
  });
});
