import type { Answer } from "dns-packet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askedOf } from "../test/asked-of.js";
import { DnsServer, srv } from "../test/dns-server.js";
import { FakeTimers } from "../test/fake-timers.js";
import { until } from "../test/until.js";
import { srvSource, type SrvSourceOptions } from "./srv-source.js";

const name = "_http._tcp.products.test";
const asks = `SRV ${name}`;
const at = (host: string, ttl = 30, weight = 1) => srv(name, ttl, [0, weight, 8080, host]);
const instance = (host: string) => ({ url: `http://${host}:8080`, tier: 0, weight: 1 });

describe("a source of SRV records", () => {
  let server: DnsServer;
  const toClose: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    server = await DnsServer.start();
  });
  afterEach(async () => {
    for (const close of toClose.splice(0)) await close();
    await server.close();
  });

  function resolved(options: Partial<SrvSourceOptions> = {}) {
    const timers = new FakeTimers();
    const source = srvSource({ name, servers: [server.address], timers, tries: 1, ...options });
    const all = askedOf(source, timers, server);
    toClose.push(() => all.discovery.close());
    return all;
  }

  describe("the SRV records of a name", () => {
    it("are instances with tiers and weights", async () => {
      server.zone.set(asks, [
        srv(name, 30, [20, 0, 8080, "spare.test"]),
        srv(name, 30, [10, 60, 8443, "B.test"]),
        srv(name, 30, [10, 40, 8443, "a.test"]),
        srv(name, 30, [10, 0, 8443, "c.test"]),
      ]);
      const { discovery } = resolved({ scheme: "https", version: "v1" });
      const of = (host: string, tier: number, weight: number) => {
        return { url: `https://${host}`, version: "v1", tier, weight };
      };
      expect(await discovery.ready).toEqual([
        ...[of("a.test:8443", 10, 40), of("b.test:8443", 10, 60), of("c.test:8443", 10, 1)],
        of("spare.test:8080", 20, 1),
      ]);
      expect(server.asked).toEqual([`udp ${asks}`]);
    });

    it("hold as long as their shortest TTL, that of an alias before them included", async () => {
      const alias: Answer = { type: "CNAME", name, ttl: 12, data: "other.test" };
      server.zone.set(asks, [alias, at("a.test", 40), at("b.test", 20)]);
      const { lists, timers } = resolved();
      await lists(1);
      expect(timers.delays()).toEqual([12_000]);
      server.zone.set(asks, [at("a.test", 40), at("b.test", 21)]);
      timers.advance(12_000);
      await until(() => timers.delays().includes(21_000));
      server.zone.set(asks, [at("a.test", 1)]);
      timers.advance(21_000);
      await until(() => timers.delays().includes(5000));
      server.zone.set(asks, [at("a.test", 4_000_000_000)]);
      timers.advance(5000);
      await until(() => timers.delays().includes(60_000));
    });

    it("come over TCP when they are too long for UDP", async () => {
      server.zone.set(asks, { truncated: Array.from({ length: 99 }, (_, i) => at(`i${i}.test`)) });
      const { discovery } = resolved();
      expect(await discovery.ready).toHaveLength(99);
      expect(server.asked).toEqual([`udp ${asks}`, `tcp ${asks}`]);
    });

    it("are not taken from what is no answer to the question", async () => {
      const answers = [at("forged.test")];
      server.zone.set(asks, {
        after: [
          { id: 0, answers },
          { id: 1, answers },
          { questions: [{ type: "SRV", name: "_http._tcp.other.test" }], answers },
          { questions: [{ type: "A", name }], answers },
          { questions: [], answers },
          { type: "query" },
        ],
        records: [at("a.test")],
      });
      const { discovery } = resolved();
      expect(await discovery.ready).toEqual([instance("a.test")]);
    });

    it("may be asked for with a final dot, over IPv6", async (test) => {
      const other = await DnsServer.start("::1").catch(() => test.skip("no IPv6 here"));
      toClose.push(() => other.close());
      other.zone.set(asks, [at("a.test")]);
      const { discovery } = resolved({ name: `${name}.`, servers: [other.address] });
      expect(await discovery.ready).toEqual([instance("a.test")]);
    });

    it.each([
      ["do not exist", { rcode: 3 }],
      ["are none", []],
      ["say that there is no service", [srv(name, 30, [0, 0, 0, "."])]],
    ] as const)("are an empty list when they %s", async (_, reply) => {
      server.zone.set(asks, [at("a.test")]);
      const { lists, timers, failures, errors, discovery } = resolved();
      await lists(1);
      server.zone.set(asks, reply);
      timers.advance(30_000);
      await failures(1);
      expect(errors[0]?.kind).toBe("empty");
      expect(discovery.state().instances).toEqual([instance("a.test")]);
      await until(() => timers.delays().length > 0);
    });
  });

  describe("a server", () => {
    it.each([
      ["fails", { rcode: 2 }, /says SERVFAIL$/],
      ["refuses", { rcode: 5 }, /says REFUSED$/],
    ] as const)("that %s leaves the list as it is", async (_, reply, message) => {
      server.zone.set(asks, [at("a.test")]);
      const { lists, timers, failures, errors, discovery } = resolved();
      await lists(1);
      server.zone.set(asks, reply);
      timers.advance(30_000);
      await failures(1);
      expect(errors[0]?.message).toMatch(message);
      expect(errors[0]?.message).toMatch(`no answer for SRV ${name}: 127.0.0.1 port `);
      expect(discovery.state().instances).toEqual([instance("a.test")]);
      expect(timers.delays()).toEqual([700]);
      server.zone.set(asks, [at("b.test")]);
      timers.advance(700);
      await lists(2);
    });

    it("that says nothing is asked so often, and then the next one", async () => {
      const silent = await DnsServer.start();
      toClose.push(() => silent.close());
      silent.zone.set(asks, "silence");
      const servers = [silent.address];
      const { timers, failures, errors } = resolved({ servers, tries: 2, timeoutMs: 300 });
      for (const count of [1, 2]) {
        await until(() => silent.asked.length === count && timers.delays().length === 1);
        expect(timers.delays()).toEqual([300]);
        timers.advance(300);
      }
      await failures(1);
      expect(errors[0]?.message).toMatch(/over UDP: nothing within 300 ms$/);

      server.zone.set(asks, [at("a.test")]);
      const both = [silent.address, server.address];
      const other = resolved({ servers: both, timeoutMs: 300 });
      await until(() => silent.asked.length === 3);
      other.timers.advance(300);
      expect(await other.discovery.ready).toEqual([instance("a.test")]);
    });

    it("that is not there is a failure", async () => {
      const gone = await DnsServer.start();
      await gone.close();
      const { failures, errors } = resolved({ servers: [gone.address] });
      await failures(1);
      expect(errors[0]?.message).toMatch(/over UDP: .*ECONNREFUSED/);
    });
  });

  describe("the addresses of the targets", () => {
    const a = (host: string, data: string, ttl = 30): Answer => ({
      type: "A",
      name: host,
      ttl,
      data,
    });

    it("are the instances where that is asked for, with the weight of the target spread over them", async () => {
      server.zone.set(asks, [at("a.test", 60, 30), at("b.test", 60, 10), at("gone.test", 60, 5)]);
      server.zone.set("A a.test", [a("a.test", "10.0.0.1"), a("a.test", "10.0.0.2", 17)]);
      server.zone.set("A b.test", [a("b.test", "10.0.0.3")]);
      const { discovery, lists, timers } = resolved({ addresses: "A" });
      expect(await discovery.ready).toEqual([
        { url: "http://10.0.0.1:8080", tier: 0, weight: 15 },
        { url: "http://10.0.0.2:8080", tier: 0, weight: 15 },
        { url: "http://10.0.0.3:8080", tier: 0, weight: 10 },
      ]);
      await lists(1);
      expect(timers.delays()).toEqual([17_000]);
    });

    it("are a failure when one of them cannot be looked up", async () => {
      server.zone.set(asks, [at("a.test"), at("b.test")]);
      server.zone.set("A a.test", [a("a.test", "10.0.0.1")]);
      server.zone.set("A b.test", { rcode: 2 });
      const { failures, service } = resolved({ addresses: "A" });
      await failures(1);
      expect(service.lists).toEqual([]);
    });

    it("are not asked for any more after closing", async () => {
      server.zone.set(asks, [at("a.test")]);
      server.zone.set("A a.test", "silence");
      const { discovery, asked, errors, timers } = resolved({ addresses: "A", timeoutMs: 60_000 });
      await asked(2);
      await discovery.close();
      await new Promise((resolve) => setImmediate(resolve));
      expect([errors, timers.delays()]).toEqual([[], []]);
    });
  });

  it("closing while a question is under way ends it and closes its socket", async () => {
    const sockets = () =>
      process.getActiveResourcesInfo().filter((kind) => kind.startsWith("UDP")).length;
    // The one of the server: those of the test before may still be closing.
    await until(() => sockets() === 1);
    server.zone.set(asks, "silence");
    const { discovery, asked, errors, timers } = resolved();
    await asked(1);
    expect(sockets()).toBe(2);
    await discovery.close();
    await until(() => sockets() === 1);
    expect([errors, timers.delays()]).toEqual([[], []]);
  });
});
