import type { Answer } from "dns-packet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createGateway } from "@signalbox/core";
import { askedOf } from "../test/asked-of.js";
import { DnsServer } from "../test/dns-server.js";
import { FakeTimers } from "../test/fake-timers.js";
import { until } from "../test/until.js";
import { discover } from "./discover.js";
import { dnsSource, type DnsSourceOptions } from "./dns-source.js";

const name = "products.test";
const a = (data: string, ttl = 30): Answer => ({ type: "A", name, ttl, data });
const aaaa = (data: string, ttl = 30): Answer => ({ type: "AAAA", name, ttl, data });

describe("a source of addresses", () => {
  let server: DnsServer;
  const toClose: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    server = await DnsServer.start();
  });
  afterEach(async () => {
    for (const close of toClose.splice(0)) await close();
    await server.close();
  });

  function resolved(options: Partial<DnsSourceOptions> = {}) {
    const timers = new FakeTimers();
    const servers = [server.address];
    const source = dnsSource({ name, port: 8080, servers, timers, tries: 1, ...options });
    const all = askedOf(source, timers, server);
    toClose.push(() => all.discovery.close());
    return all;
  }

  describe("the addresses of a name", () => {
    it("are instances, in a lasting order, each once", async () => {
      server.zone.set("A products.test", [a("10.0.0.2"), a("10.0.0.1"), a("10.0.0.2")]);
      const { discovery } = resolved();
      const urls = [{ url: "http://10.0.0.1:8080" }, { url: "http://10.0.0.2:8080" }];
      expect(await discovery.ready).toEqual(urls);
      expect(server.asked).toEqual(["udp A products.test"]);
    });

    it("may be of IPv6, with a scheme, a version and a zone", async () => {
      server.zone.set("AAAA products.test", [aaaa("2001:db8::7")]);
      const { discovery } = resolved({ type: "AAAA", scheme: "https", version: "v2", zone: "a" });
      expect(await discovery.ready).toEqual([
        { url: "https://[2001:db8::7]:8080", version: "v2", zone: "a" },
      ]);
      expect(server.asked).toEqual(["udp AAAA products.test"]);
    });

    it("may be of both families, and hold as long as the shorter one", async () => {
      server.zone.set("A products.test", [a("10.0.0.1", 40)]);
      server.zone.set("AAAA products.test", [aaaa("::1", 20)]);
      const { discovery, lists, timers } = resolved({ type: "both" });
      expect(await discovery.ready).toEqual([
        { url: "http://10.0.0.1:8080" },
        { url: "http://[::1]:8080" },
      ]);
      await lists(1);
      expect(timers.delays()).toEqual([20_000]);
    });

    it("may be of one family where both are asked for", async () => {
      server.zone.set("A products.test", [a("10.0.0.1")]);
      server.zone.set("AAAA products.test", []);
      const { discovery } = resolved({ type: "both" });
      expect(await discovery.ready).toEqual([{ url: "http://10.0.0.1:8080" }]);
    });

    it("come over TCP when they are too long for UDP", async () => {
      const all = Array.from({ length: 99 }, (_, index) => a(`10.0.0.${index}`));
      server.zone.set("A products.test", { truncated: all });
      const { discovery } = resolved();
      expect(await discovery.ready).toHaveLength(99);
      expect(server.asked).toEqual(["udp A products.test", "tcp A products.test"]);
    });

    it("are instances that a gateway takes", async () => {
      server.zone.set("A products.test", [a("10.0.0.1")]);
      server.zone.set("AAAA products.test", [aaaa("2001:db8::1")]);
      const gateway = createGateway({
        services: { products: { instances: [] } },
        routes: [{ match: { path: "/*" }, to: "products" }],
      });
      const service = gateway.service("products");
      const source = dnsSource({ name, port: 8080, type: "both", servers: [server.address] });
      const discovery = discover(service, source);
      await discovery.ready;
      expect(service.instances().map(({ url }) => url)).toEqual([
        "http://10.0.0.1:8080",
        "http://[2001:db8::1]:8080",
      ]);
      await discovery.close();
    });
  });

  describe("a name", () => {
    it("is asked for again when its TTL is over, inside the bounds", async () => {
      const { lists, timers, service } = resolved({ minRefreshMs: 4000, maxRefreshMs: 50_000 });
      for (const [index, [ttl, delayMs]] of [
        [0, 4000],
        [4, 4000],
        [17, 17_000],
        [86_400, 50_000],
        [30, 30_000],
      ].entries()) {
        server.zone.set("A products.test", [a(`10.0.0.${index}`, ttl)]);
        if (index > 0) timers.advance(timers.delays()[0] ?? 0);
        else server.zone.set("A products.test", [a("10.0.0.0", 0)]);
        await lists(index + 1);
        expect(timers.delays()).toEqual([delayMs]);
        expect(service.lists[index]).toEqual([{ url: `http://10.0.0.${index}:8080` }]);
      }
    });

    it.each([
      ["does not exist", { rcode: 3 }],
      ["has no address", []],
    ] as const)("that %s is an empty list, and is asked for again", async (_, reply) => {
      server.zone.set("A products.test", [a("10.0.0.1")]);
      const { lists, timers, errors, failures, service } = resolved();
      await lists(1);
      server.zone.set("A products.test", reply);
      timers.advance(30_000);
      await failures(1);
      expect(errors.map(({ kind }) => kind)).toEqual(["empty"]);
      expect(service.lists).toHaveLength(1);
      await until(() => timers.delays().length > 0);
      expect(timers.delays()).toEqual([5000]);
      server.zone.set("A products.test", [a("10.0.0.2")]);
      timers.advance(5000);
      await lists(2);
    });

    it.each([
      ["fails", { rcode: 2 }, "ESERVFAIL"],
      ["refuses", { rcode: 5 }, "EREFUSED"],
      ["says nothing", "silence", "ETIMEOUT"],
    ] as const)("whose server %s keeps its list", async (_, reply, code) => {
      server.zone.set("A products.test", [a("10.0.0.1")]);
      const { lists, timers, errors, failures, service, discovery } = resolved({ timeoutMs: 1000 });
      await lists(1);
      server.zone.set("A products.test", reply);
      timers.advance(30_000);
      await failures(1);
      expect(errors[0]).toMatchObject({ kind: "failed", cause: { code } });
      expect(discovery.state().instances).toEqual([{ url: "http://10.0.0.1:8080" }]);
      expect(timers.delays()).toEqual([700]);
      server.zone.set("A products.test", [a("10.0.0.2")]);
      timers.advance(700);
      await lists(2);
      expect(service.lists[1]).toEqual([{ url: "http://10.0.0.2:8080" }]);
    });

    it("keeps all of its list when one family cannot be looked up", async () => {
      server.zone.set("A products.test", [a("10.0.0.1")]);
      server.zone.set("AAAA products.test", { rcode: 2 });
      const { failures, service } = resolved({ type: "both" });
      await failures(1);
      expect(service.lists).toEqual([]);
    });

    it("is asked for at the next server when one is not there", async () => {
      const gone = await DnsServer.start();
      await gone.close();
      server.zone.set("A products.test", [a("10.0.0.1")]);
      const { discovery } = resolved({ servers: [gone.address, server.address] });
      expect(await discovery.ready).toHaveLength(1);
    });
  });

  describe("closing", () => {
    it("while a question is under way ends it", async () => {
      server.zone.set("A products.test", "silence");
      const { discovery, asked, errors, timers } = resolved({ timeoutMs: 60_000 });
      await asked(1);
      await discovery.close();
      await new Promise((resolve) => setImmediate(resolve));
      expect(errors).toEqual([]);
      expect(timers.delays()).toEqual([]);
    });

    it("between two questions leaves no timer", async () => {
      server.zone.set("A products.test", [a("10.0.0.1")]);
      const { discovery, lists, timers } = resolved();
      await lists(1);
      await discovery.close();
      expect(timers.delays()).toEqual([]);
    });
  });

  it("refuses options that cannot be", () => {
    const refused = (options: Partial<DnsSourceOptions>) =>
      expect(() => dnsSource({ name, port: 80, ...options }));
    const range = (text: string) => new RangeError(text);
    refused({ minRefreshMs: 0 }).toThrow(
      range("minRefreshMs: expected a number from 1 to 2147483647, got 0"),
    );
    refused({ maxRefreshMs: 10 }).toThrow(
      range("maxRefreshMs: expected a number from 5000 to 2147483647, got 10"),
    );
    refused({ timeoutMs: 0 }).toThrow(
      range("timeoutMs: expected a number from 1 to 2147483647, got 0"),
    );
    refused({ tries: 0 }).toThrow(range("tries: expected a number from 1 to 2147483647, got 0"));
    refused({ servers: ["dns.test"] }).toThrow(TypeError);
  });
});
