import { describe, expect, it } from "vitest";
import { ask, json, location, services } from "./kit.js";

const to = (redirect: unknown) => json({ services, routes: [{ id: "it", redirect }] });

/** A request over http or https to a host with or without a port. */
const over = (protocol: "http" | "https", host: string) =>
  ask("GET /p?q=1", { host }, { protocol });

describe("the port of a redirect", () => {
  const cases: readonly (readonly [
    redirect: { readonly scheme?: "http" | "https"; readonly port?: number },
    protocol: "http" | "https",
    host: string,
    origin: string,
  ])[] = [
    [{}, "http", "a.test", "http://b.test"],
    [{}, "http", "a.test:80", "http://b.test"],
    [{}, "http", "a.test:8080", "http://b.test:8080"],
    [{}, "http", "a.test:443", "http://b.test:443"],
    [{}, "https", "a.test", "https://b.test"],
    [{}, "https", "a.test:443", "https://b.test"],
    [{}, "https", "a.test:8443", "https://b.test:8443"],
    [{}, "https", "a.test:80", "https://b.test:80"],
    [{ port: 80 }, "http", "a.test", "http://b.test"],
    [{ port: 80 }, "http", "a.test:8080", "http://b.test"],
    [{ port: 80 }, "https", "a.test", "https://b.test:80"],
    [{ port: 443 }, "https", "a.test", "https://b.test"],
    [{ port: 443 }, "https", "a.test:8443", "https://b.test"],
    [{ port: 443 }, "http", "a.test", "http://b.test:443"],
    [{ port: 8080 }, "http", "a.test", "http://b.test:8080"],
    [{ port: 8080 }, "http", "a.test:81", "http://b.test:8080"],
    [{ port: 8443 }, "https", "a.test", "https://b.test:8443"],
    [{ scheme: "https" }, "http", "a.test", "https://b.test"],
    [{ scheme: "https" }, "http", "a.test:80", "https://b.test"],
    [{ scheme: "https" }, "http", "a.test:8080", "https://b.test"],
    [{ scheme: "https" }, "https", "a.test:8443", "https://b.test"],
    [{ scheme: "http" }, "https", "a.test", "http://b.test"],
    [{ scheme: "http" }, "https", "a.test:443", "http://b.test"],
    [{ scheme: "http" }, "https", "a.test:8443", "http://b.test"],
    [{ scheme: "http" }, "http", "a.test:8080", "http://b.test"],
    [{ scheme: "https", port: 443 }, "http", "a.test:8080", "https://b.test"],
    [{ scheme: "https", port: 8443 }, "http", "a.test", "https://b.test:8443"],
    [{ scheme: "https", port: 80 }, "http", "a.test", "https://b.test:80"],
    [{ scheme: "http", port: 80 }, "https", "a.test", "http://b.test"],
    [{ scheme: "http", port: 8080 }, "https", "a.test", "http://b.test:8080"],
    [{ scheme: "http", port: 443 }, "https", "a.test", "http://b.test:443"],
  ];
  for (const [redirect, protocol, host, origin] of cases) {
    it(`${JSON.stringify(redirect)} over ${protocol} at ${host} leads to ${origin}`, () =>
      expect(location(to({ ...redirect, host: "b.test" }), over(protocol, host))).toBe(
        `${origin}/p?q=1`,
      ));
    it(`${JSON.stringify(redirect)} over ${protocol} at ${host} keeps the host`, () =>
      expect(location(to({ ...redirect, path: { replace: "/n" } }), over(protocol, host))).toBe(
        `${origin.replace("b.test", "a.test")}/n?q=1`,
      ));
  }
});

describe("every port of a redirect, by the rule", () => {
  const wellKnown = { http: 80, https: 443 };
  const ports = [undefined, 80, 443, 8080];
  for (const scheme of [undefined, "http", "https"] as const)
    for (const port of ports)
      it(`scheme ${scheme ?? "of the request"}, port ${port ?? "not configured"}`, () => {
        const redirect = { host: "b.test", ...(scheme && { scheme }), ...(port && { port }) };
        for (const protocol of ["http", "https"] as const)
          for (const asked of ports) {
            const own = scheme ?? protocol;
            const requested = asked ?? wellKnown[protocol];
            const found = port ?? (scheme === undefined ? requested : wellKnown[scheme]);
            const tail = found === wellKnown[own] ? "" : `:${found}`;
            const host = asked === undefined ? "a.test" : `a.test:${asked}`;
            expect(location(to(redirect), over(protocol, host))).toBe(
              `${own}://b.test${tail}/p?q=1`,
            );
          }
      });
});
