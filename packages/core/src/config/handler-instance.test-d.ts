import { describe, it } from "vitest";
import { createGateway } from "../gateway.js";
import type { InstanceConfig } from "./service-config.js";

// What a type says is checked by the compiler alone: these tests are compiled and never run.

declare const app: (req: { url: string }, res: { end(): void }, next: () => void) => void;

const services = {
  shop: {
    instances: [
      { handler: app, version: "old" },
      { url: "http://10.0.0.9:8080", version: "new" },
    ],
  },
  whole: { instances: [{ handler: app }] },
} as const;

describe("an instance with a handler", () => {
  it("gives its service the versions that there are", () => {
    createGateway({
      services,
      routes: [
        { to: { service: "shop", split: { old: 1, new: 2 } } },
        { to: { service: "shop", version: "old" } },
        { to: "whole" },
      ],
    });
  });

  it("does not compile with a version that there is not", () => {
    createGateway({
      services,
      routes: [
        // @ts-expect-error no instance has the version older
        { to: { service: "shop", version: "older" } },
        // @ts-expect-error nor in a split
        { to: { service: "shop", split: { old: 1, newer: 2 } } },
        // @ts-expect-error this service has no versions
        { to: { service: "whole", version: "old" } },
      ],
    });
  });

  it("is written in the call", () => {
    createGateway({
      services: { shop: { instances: [{ handler: app, weight: 2 }] } },
      routes: [{ to: "shop" }],
    });
  });

  it("may be written in place, and hand on what it gets", () => {
    createGateway({
      services: { shop: { instances: [{ handler: (_req, _res, next) => next(), version: "a" }] } },
      routes: [{ to: { service: "shop", version: "a" } }],
    });
  });

  it("does not compile when it is no function", () => {
    // @ts-expect-error a name is no function
    const named: InstanceConfig = { handler: "app" };
    return named;
  });
});
