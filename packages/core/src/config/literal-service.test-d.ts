import { describe, it } from "vitest";
import { createGateway } from "../gateway.js";
import type { SplitConfig, ToConfig } from "./route-config.js";
import type { InstanceConfig, ServiceConfig } from "./service-config.js";

// What a type says is checked by the compiler alone: these tests are compiled and never run. A line below
// `@ts-expect-error` fails when it compiles.

declare const text: string;
declare const urls: readonly string[];
declare const instances: readonly InstanceConfig[];
declare const anyServices: { readonly [name: string]: ServiceConfig };
declare const to: ToConfig;
declare const weights: SplitConfig;

const services = {
  products: {
    instances: [
      { url: "http://10.0.0.1:8080", version: "v1" },
      { url: "http://10.0.1.1:8080", version: "v2" },
    ],
  },
  orders: { instances: ["http://10.0.0.9:8080", { url: "http://10.0.0.8:8080", weight: 2 }] },
} as const;

describe("the service of a route", () => {
  it("is one of the literal, or a URL", () => {
    createGateway({
      services,
      routes: [
        { to: "orders" },
        { to: { service: "orders" } },
        { to: [{ service: "orders", weight: 3 }, { service: "products" }] },
        { to: { service: "orders", fallback: { service: "products" } } },
        { to: [{ service: "orders", fallback: { service: "products" } }] },
        { to: "orders", mirror: [{ service: "products", ratio: 0.1 }] },
        { to: "http://10.0.0.7:8080" },
        { to: ["http://10.0.0.7:8080", "https://10.0.0.6"] },
      ],
    });
  });

  it("does not compile when there is none of that name", () => {
    createGateway({
      services,
      routes: [
        // @ts-expect-error no service is called ordrs
        { to: "ordrs" },
        // @ts-expect-error the name of a property of objects is no service
        { to: "toString" },
        // @ts-expect-error a backend names a service too
        { to: { service: "ordrs" } },
        // @ts-expect-error so does each of several
        { to: [{ service: "orders" }, { service: "prodcts", weight: 1 }] },
        // @ts-expect-error and where requests go instead
        { to: { service: "orders", fallback: { service: "prodcts" } } },
        // @ts-expect-error also for one of several
        { to: [{ service: "orders", fallback: { service: "prodcts" } }] },
        // @ts-expect-error and where copies go
        { to: "orders", mirror: [{ service: "orders" }, { service: "prodcts" }] },
        // @ts-expect-error an array of text is one of URLs
        { to: ["orders"] },
        // @ts-expect-error only a to may be a URL: the service of a backend has a name
        { to: { service: "http://10.0.0.7:8080" } },
      ],
    });
  });

  it("is a URL where the config has no services", () => {
    createGateway([{ to: "http://10.0.0.7:8080" }, { to: ["http://10.0.0.7:8080"] }]);
    createGateway({ routes: [{ to: "http://10.0.0.7:8080" }] });
    // @ts-expect-error the short form has no services
    createGateway([{ to: "orders" }]);
    // @ts-expect-error neither has this config
    createGateway({ routes: [{ to: "orders" }] });
  });

  it("may be any text where the type does not know it, or not the services", () => {
    createGateway({
      services,
      routes: [
        { to: text },
        { to: `http://${text}:8080` },
        { to: `${text}-orders` },
        { to: urls },
        { to: ["http://10.0.0.7:8080", text] },
        { to },
        { to: { service: text, version: "v9", fallback: { service: text } } },
        { to: [{ service: text, version: "v9" }] },
        { to: "orders", mirror: [{ service: text, version: "v9" }] },
      ],
    });
    createGateway({
      services: anyServices,
      routes: [{ to: "anything" }, { to: { service: "anything", version: "v9" } }],
    });
  });

  it("may be written with digits", () => {
    createGateway({
      services: { 1: { instances: ["http://a"] } },
      // @ts-expect-error there is a service 1, and no service 2
      routes: [{ to: "1" }, { to: "2" }],
    });
  });
});

describe("the version of a backend", () => {
  it("is one that an instance of the service has", () => {
    createGateway({
      services,
      routes: [
        { to: { service: "products", version: "v2" } },
        { to: { service: "products", split: { v1: 90, v2: 10 } } },
        { to: { service: "products", split: { v1: 1 } } },
        { to: { service: "products", version: "v2", fallback: { version: "v1" } } },
        { to: { service: "orders", fallback: { service: "products", version: "v1" } } },
        { to: [{ service: "products", version: "v1", fallback: { version: "v2" } }] },
        { to: "orders", mirror: [{ service: "products", version: "v2" }] },
      ],
    });
  });

  it("does not compile when no instance has it", () => {
    createGateway({
      services,
      routes: [
        // @ts-expect-error no instance has v3
        { to: { service: "products", version: "v3" } },
        // @ts-expect-error no share can go to v3 either
        { to: { service: "products", split: { v1: 90, v3: 10 } } },
        // @ts-expect-error the fallback is another version of the same service
        { to: { service: "products", version: "v2", fallback: { version: "v3" } } },
        // @ts-expect-error or of the service that it names
        { to: { service: "orders", fallback: { service: "products", version: "v3" } } },
        // @ts-expect-error the same holds for one of several
        { to: [{ service: "products", version: "v3" }, { service: "orders" }] },
        // @ts-expect-error and its fallback
        { to: [{ service: "products", version: "v1", fallback: { version: "v3" } }] },
        // @ts-expect-error and for a copy
        { to: "orders", mirror: [{ service: "products", version: "v3" }] },
      ],
    });
  });

  it("does not compile when no instance has any", () => {
    createGateway({
      services,
      routes: [
        // @ts-expect-error orders has no versions
        { to: { service: "orders", version: "v1" } },
        // @ts-expect-error and so none to split between
        { to: { service: "orders", split: { v1: 1 } } },
        // @ts-expect-error nor one to fall back to
        { to: { service: "orders", fallback: { version: "v1" } } },
      ],
    });
  });

  it("may be any text where the type does not know it", () => {
    createGateway({
      services,
      routes: [
        { to: { service: "products", version: text } },
        { to: { service: "products", split: weights } },
        { to: { service: "orders", version: text, fallback: { version: text } } },
      ],
    });
  });

  it("may be any text where the type does not know the instances or their versions", () => {
    const routes = [
      { to: { service: "a", version: "v9" } },
      { to: { service: "a", split: { v8: 90, v9: 10 } } },
      { to: { service: "a", fallback: { version: "v9" } } },
    ] as const;
    const one = { url: "http://b", version: "v1" } as const;
    createGateway({ services: { a: { instances: urls } }, routes });
    createGateway({ services: { a: { instances } }, routes });
    createGateway({ services: { a: { instances: [...urls, one] } }, routes });
    createGateway({
      services: { a: { instances: [one, { url: "http://a", version: text }] } },
      routes,
    });
    createGateway({ services: { a: { instances: [JSON.parse(text), one] } }, routes });
    createGateway({ services: { a: { instances: urls.map((url) => ({ url })) } }, routes });
    // @ts-expect-error one instance of unknown URL is no instance of unknown version
    createGateway({ services: { a: { instances: [text, one] } }, routes });
  });
});
