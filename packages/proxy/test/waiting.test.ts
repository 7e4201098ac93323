import type { ConfigInput } from "@signalbox/core";
import { describe, expect, it } from "vitest";
import type { Policy } from "../src/index.js";
import { deadUrl, inFlight, open, send, until } from "./kit.js";
import { oneService } from "./rig.js";
import { exchange, OK, securityRig, statusesIn } from "./security-kit.js";
import { chatServer, upgradeRequest } from "./upgrade-kit.js";

const { backend, wire, gatewayTo } = securityRig();

/** A policy that lets requests go on when it is told to. */
function gate() {
  const waiting: (() => void)[] = [];
  const signals: AbortSignal[] = [];
  const policy: Policy = {
    onRequest: ({ signal }) => {
      signals.push(signal);
      return new Promise((resolve) => waiting.push(() => resolve(undefined)));
    },
  };
  const letGo = (): void => waiting.splice(0).forEach((go) => go());
  return { policies: { gate: policy }, waiting, signals, letGo };
}

const held = (route: object = {}): object => ({ policies: ["gate"], ...route });
const consecutiveFailures = (gateway: Awaited<ReturnType<typeof gatewayTo>>["gateway"]) =>
  Object.values(gateway.snapshot().services["s"]?.instances ?? {}).map(
    (instance) => instance.consecutiveFailures,
  );

describe("time that passes before an instance is asked", () => {
  it("in a policy is none of the attempt", async () => {
    const instance = await backend((_, res) => res.end("ok"));
    const { policies, waiting, letGo } = gate();
    const config = oneService([instance.url], held({ timeouts: { attemptMs: 300 } }));
    const { url } = await gatewayTo(config, { policies });
    const reply = send(url, "/");
    await until(() => waiting.length === 1);
    setTimeout(letGo, 350);
    expect((await reply).status).toBe(200);
  });

  it("in the queue of a service is none of the attempt", async () => {
    const instance = await backend((req, res) => {
      if (req.url === "/first") setTimeout(() => res.end("first"), 350);
      else res.end("ok");
    });
    const routes: ConfigInput = {
      services: { s: { instances: [instance.url], limits: { requests: 1, queue: 5 } } },
      routes: [
        { id: "first", match: { path: "/first" }, to: "s" },
        { id: "rest", match: { path: "/*" }, to: "s", timeouts: { attemptMs: 300 } },
      ],
    };
    const { url, gateway } = await gatewayTo(routes);
    const first = send(url, "/first");
    await until(() => inFlight(gateway) === 1);
    expect((await send(url, "/second")).status).toBe(200);
    expect((await first).status).toBe(200);
    expect(consecutiveFailures(gateway)).toEqual([0]);
  });

  it("in a policy ends with the time of the whole request, and nobody is asked", async () => {
    let asked = 0;
    const instance = await backend((_, res) => res.end(String(++asked)));
    const { policies, signals } = gate();
    const config = oneService([instance.url], held({ timeouts: { requestMs: 50 } }));
    const { url, ended, proxy } = await gatewayTo(config, { policies });
    expect((await send(url, "/")).status).toBe(504);
    expect(await ended()).toMatchObject({
      status: 504,
      attempts: 0,
      failure: { side: "gateway", stage: "connect", cause: "timeout" },
    });
    expect(signals[0]?.aborted).toBe(true);
    expect(asked).toBe(0);
    expect(proxy.counts.requests).toBe(0);
  });

  it("in the queue of a service ends with the time of the whole request, and nobody is asked", async () => {
    const asked: unknown[] = [];
    const instance = await backend((req) => void asked.push(req.url));
    const { url, gateway, ended } = await gatewayTo({
      services: { s: { instances: [instance.url], limits: { requests: 1, queue: 5 } } },
      routes: [
        { id: "first", match: { path: "/first" }, to: "s" },
        { id: "rest", match: { path: "/*" }, to: "s", timeouts: { requestMs: 50 } },
      ],
    });
    const first = send(url, "/first").catch(() => undefined);
    await until(() => inFlight(gateway) === 1);
    expect((await send(url, "/second")).status).toBe(504);
    expect(await ended()).toMatchObject({ status: 504, attempts: 0 });
    expect(asked).toEqual(["/first"]);
    void first;
  });
});

describe("close", () => {
  it("tells requests that a policy makes wait, when its time is up", async () => {
    const instance = await backend((_, res) => res.end("ok"));
    const { policies, waiting, signals } = gate();
    const options = { policies, policyMs: 0 };
    const { url, port, proxy, ended } = await gatewayTo(
      oneService([instance.url], held()),
      options,
    );
    const reply = send(url, "/");
    const upgrade = await open(port);
    upgrade.write(upgradeRequest("/ws"));
    await until(() => waiting.length === 2);
    await proxy.close({ graceMs: 1 });
    expect((await reply).status).toBe(503);
    await until(() => upgrade.closed);
    expect(statusesIn(upgrade.received())).toEqual([503]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    await ended(2);
    expect(proxy.counts).toMatchObject({ requests: 0, upgrades: 0 });
  });

  it("tells requests that wait for room, and closes their connections", async () => {
    const instance = await backend(() => {});
    const limits = { requests: 1, queue: 5 };
    const { port, proxy, gateway } = await gatewayTo(oneService([instance.url], {}, { limits }));
    const clients = [await open(port), await open(port)];
    for (const client of clients) client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => inFlight(gateway) === 1 && proxy.counts.waiting === 1);
    await proxy.close({ graceMs: 1 });
    for (const client of clients) {
      await until(() => client.closed);
      expect(client.received()).toMatch(/^HTTP\/1\.1 503 [^]*connection: close/i);
    }
  });
});

describe("an upgrade", () => {
  it("does not wait for room at a service, and never becomes an ordinary request", async () => {
    const asked: unknown[] = [];
    const instance = await backend((req) => void asked.push(req.url));
    const limits = { requests: 1, queue: 5 };
    const { url, port, gateway } = await gatewayTo(oneService([instance.url], {}, { limits }));
    const first = send(url, "/first").catch(() => undefined);
    await until(() => inFlight(gateway) === 1);
    expect(statusesIn(await exchange(port, upgradeRequest("/ws")))).toEqual([503]);
    expect(asked).toEqual(["/first"]);
    void first;
  });

  it("whose client goes while a policy looks at it is over at once", async () => {
    const chat = await chatServer();
    const { policies, waiting, signals } = gate();
    const config = oneService([chat.url], held());
    const { port, ended, proxy } = await gatewayTo(config, { policies });
    const client = await open(port);
    client.write(upgradeRequest("/ws"));
    await until(() => waiting.length === 1);
    client.end();
    expect(await ended()).toMatchObject({
      status: 499,
      failure: { side: "client", cause: "left" },
    });
    expect(signals[0]?.aborted).toBe(true);
    expect(proxy.counts).toMatchObject({ requests: 0, upgrades: 0 });
    await chat.close();
  });

  it("that opens no tunnel goes through the response steps of its policies", async () => {
    const instance = await backend((_, res) => res.setHeader("x-secret", "1").end("no tunnel"));
    const told: string[] = [];
    const strict: Policy = {
      onResponse: (_, { status, origin }) => {
        told.push(`${origin} ${status}`);
        return {
          headers: { remove: ["x-secret"], set: { "x-by": "policy" } },
          body: (body) => body.map((chunk: Buffer) => chunk.toString().toUpperCase()),
        };
      },
    };
    const policies = { strict };
    const route = { policies: ["strict"], retry: { attempts: 0 } };
    const open_ = await gatewayTo(oneService([instance.url], route), { policies });
    const answered = await exchange(open_.port, upgradeRequest("/ws"));
    expect(answered).toMatch(/^HTTP\/1\.1 200 [^]*x-by: policy[^]*NO TUNNEL/);
    expect(answered).not.toContain("x-secret");
    const dead = await gatewayTo(oneService([await deadUrl()], route), { policies });
    expect(await exchange(dead.port, upgradeRequest("/ws"))).toMatch(
      /^HTTP\/1\.1 502 [^]*x-by: policy/,
    );
    expect(told).toEqual(["instance 200", "gateway 502"]);
  });

  it("whose answer a policy cannot make is a 500", async () => {
    const instance = await backend((_, res) => res.end("no tunnel"));
    const bad: Policy = {
      onResponse: () => {
        throw new Error("no");
      },
    };
    const { port, ended } = await gatewayTo(oneService([instance.url], { policies: ["bad"] }), {
      policies: { bad },
    });
    expect(statusesIn(await exchange(port, upgradeRequest("/ws")))).toEqual([500]);
    expect((await ended()).failure).toMatchObject({ side: "gateway", cause: "policy" });
  });
});

describe("a body in a transfer coding that is not decoded here", () => {
  it("is refused, and its connection closed", async () => {
    const instance = await wire();
    const { port } = await gatewayTo(oneService([instance.url]));
    const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n";
    const received = await exchange(port, `${head}5\r\nhello\r\n0\r\n\r\n`);
    expect(statusesIn(received)).toEqual([501]);
    expect(instance.received()).toBe("");
  });

  it.each(["gzip, chunked", "gzip"])("of an instance is a broken answer: %s", async (coding) => {
    const answer = `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`;
    const instance = await wire(answer);
    const { url, ended } = await gatewayTo(oneService([instance.url]));
    expect((await send(url, "/")).status).toBe(502);
    expect((await ended()).failure).toMatchObject({ side: "instance", cause: "protocol" });
  });

  it("is none where it says chunked in its own way", async () => {
    const instance = await wire(OK);
    const { port } = await gatewayTo(oneService([instance.url]));
    const head =
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: , Chunked\r\n\r\n";
    expect(statusesIn(await exchange(port, `${head}5\r\nhello\r\n0\r\n\r\n`))).not.toContain(501);
  });
});
