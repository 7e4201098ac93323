import { describe, expect, it } from "vitest";
import { forwarded, json, services } from "./kit.js";

describe("what a backend rewrites", () => {
  const two = json({
    services,
    routes: [
      {
        id: "it",
        match: { path: { prefix: "/a" } },
        to: [
          { service: "web", weight: 1, rewrite: { path: { replacePrefix: "/x" }, host: "x.test" } },
          { service: "web", weight: 1 },
        ],
      },
    ],
  });
  it("acts when it is chosen, by the route's prefix", () =>
    expect(forwarded(two, "GET a.test/a/b", { split: [0.25] }).request).toMatchObject({
      path: "/x/b",
      host: "x.test",
    }));
  it("does not act when another is chosen", () =>
    expect(forwarded(two, "GET a.test/a/b", { split: [0.75] }).request).toMatchObject({
      path: "/a/b",
      host: "a.test",
    }));
});

describe("a backend's rewrite beside the route's", () => {
  const both = (route: object, backend: object) =>
    json({
      services,
      routes: [
        {
          match: { path: { prefix: "/a" } },
          rewrite: route,
          to: [{ service: "web", weight: 1, rewrite: backend }],
        },
      ],
    });
  const target = (route: object, backend: object, line = "GET a.test/a/b?x=1") =>
    forwarded(both(route, backend), line).request;

  it("takes the host of the backend", () =>
    expect(target({ host: "route.test" }, { host: "backend.test" }).host).toBe("backend.test"));
  it("takes the host of the route where the backend gives none", () =>
    expect(target({ host: "route.test" }, { path: { replace: "/n" } })).toMatchObject({
      host: "route.test",
      path: "/n?x=1",
    }));
  it("takes the path of the route where the backend gives none", () =>
    expect(target({ path: { replacePrefix: "/r" } }, { host: "backend.test" })).toMatchObject({
      host: "backend.test",
      path: "/r/b?x=1",
    }));
  it("takes the path of the backend", () =>
    expect(target({ path: { replace: "/r" } }, { path: { replace: "/n" } }).path).toBe("/n?x=1"));
  it("takes the query of the route where the backend gives none", () =>
    expect(target({ query: { remove: ["x"] } }, { path: { replace: "/n" } }).path).toBe("/n"));
});
