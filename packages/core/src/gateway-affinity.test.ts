import { describe, expect, it } from "vitest";
import type { AffinityConfig } from "./affinity/affinity-config.js";
import type { ConfigInput } from "./config/config.js";
import type { ServiceConfig } from "./config/service-config.js";
import type { ForwardDecision } from "./decision.js";
import { createGateway, type Gateway } from "./gateway.js";
import type { Outcome } from "./outcome.js";
import { testEnv } from "./testing/env.js";
import { request, type RequestParts } from "./testing/request.js";

const refused: Outcome = { kind: "failure", stage: "connect", cause: "refused" };
const LINE = /^affinity-s=([A-Za-z0-9_-]{22}); Path=\/; HttpOnly; SameSite=Lax$/;

const configOf = (
  affinity: AffinityConfig,
  service: Partial<ServiceConfig> = {},
): Exclude<ConfigInput, readonly unknown[]> => ({
  services: {
    s: {
      instances: ["a", "b", "c"].map((id) => ({ id, url: `http://${id}`, version: "v1" })),
      balancer: "round-robin",
      affinity,
      ...service,
    },
    copies: { instances: ["http://x", "http://y"], affinity: { cookie: {} } },
  },
  routes: [
    { id: "copied", match: { path: "/copied" }, to: "s", mirror: [{ service: "copies" }] },
    { id: "all", to: "s", retry: { attempts: 3 }, hedge: { delayMs: 10, attempts: 1 } },
  ],
});

function started(affinity: AffinityConfig = { cookie: {} }, service: Partial<ServiceConfig> = {}) {
  const env = testEnv();
  const gateway: Gateway = createGateway(configOf(affinity, service), { env });
  return { env, gateway, service: gateway.service("s") };
}

/** Decides, and makes sure that `explain` says the same of it, the chosen instance among those listed. */
const decided = (gateway: Gateway, line = "GET /", parts: RequestParts = {}): ForwardDecision => {
  const view = request(line, parts);
  const decision = gateway.decide(view);
  if (decision.kind !== "forward") throw new Error(decision.kind);
  const { decision: explained, pools } = gateway.explain(view);
  expect(explained).toEqual(decision);
  const chosen = pools
    .flatMap(({ instances }) => instances)
    .filter(({ verdict }) => verdict === "chosen");
  expect(chosen.map(({ id }) => id)).toEqual([decision.instance.id]);
  return decision;
};

/** A client that keeps its cookies. What is sent to answers `a` for the instance, `a*` where a cookie was set. */
class Client {
  cookie: string | undefined;
  readonly #gateway: Gateway;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  decide(line = "GET /"): ForwardDecision {
    const headers = this.cookie === undefined ? {} : { cookie: this.cookie };
    return decided(this.#gateway, line, { headers });
  }

  take({ setCookies }: ForwardDecision): void {
    const [pair] = setCookies[0]?.split(";") ?? [];
    if (pair !== undefined) this.cookie = pair;
  }

  ask(line?: string): string {
    const decision = this.decide(line);
    this.#gateway.start(decision);
    this.#gateway.report(decision, { kind: "response", status: 200, totalMs: 1 });
    this.take(decision);
    return decision.instance.id + "*".repeat(decision.setCookies.length);
  }
}

const eject = (gateway: Gateway, ...ids: readonly string[]) => {
  const instances = Object.fromEntries(ids.map((id) => [id, { ejectedForMs: 30_000 }]));
  gateway.restore({ services: { s: { instances } } });
};

describe("a client with affinity", () => {
  it("gets a cookie once, and goes where it leads from then on", () => {
    const { gateway } = started();
    const [one, two] = [new Client(gateway), new Client(gateway)];
    expect([one.ask(), two.ask(), one.ask(), one.ask(), two.ask()]).toEqual([
      ...["a*", "b*", "a", "a", "b"],
    ]);
  });

  it("carries nothing but a hash, the same for everybody at one instance", () => {
    const instances = ["http://10.0.0.1:8080", "http://10.0.0.2:8080"];
    const { gateway } = started({ cookie: {} }, { instances });
    const values = new Set<string | undefined>();
    for (let client = 0; client < 8; client++) {
      const decision = decided(gateway);
      gateway.start(decision);
      expect(decision.setCookies).toHaveLength(1);
      expect(decision.setCookies[0]).not.toMatch(/10\.|8080|http/);
      values.add(LINE.exec(decision.setCookies[0] as string)?.[1]);
    }
    expect(values.size).toBe(2);
    expect(values).not.toContain(undefined);
  });

  it("gets the attributes that are asked for", () => {
    const { gateway } = started({
      cookie: { name: "pin", ttlS: 60, path: "/shop", domain: "shop.com", sameSite: "none" },
    });
    expect(decided(gateway).setCookies[0]).toMatch(
      /^pin=\S{22}; Max-Age=60; Domain=shop\.com; Path=\/shop; Secure; HttpOnly; SameSite=None$/,
    );
  });

  it("gets a Secure cookie over https, also where a trusted proxy says so", () => {
    const { gateway, env } = started();
    expect(decided(gateway, "GET /", { protocol: "https" }).setCookies[0]).toContain("; Secure;");
    const proxied = {
      remoteAddress: "10.0.0.1",
      headers: { "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https" },
    };
    expect(decided(gateway, "GET /", proxied).setCookies[0]).not.toContain("Secure");
    const config = { ...configOf({ cookie: {} }), trustedProxies: ["10.0.0.0/8"] };
    const trusting: Gateway = createGateway(config, { env });
    expect(decided(trusting, "GET /", proxied).setCookies[0]).toContain("; Secure;");
  });

  it("gets it anew with each answer where it slides", () => {
    const { gateway } = started({ cookie: { ttlS: 60, sliding: true } });
    const client = new Client(gateway);
    expect([client.ask(), client.ask(), client.ask()]).toEqual(["a*", "a*", "a*"]);
  });

  it("is recognised in the flat headers of Node, beside other cookies", () => {
    const { gateway } = started();
    const client = new Client(gateway);
    client.ask();
    const rawHeaders = ["Cookie", "uid=7", "COOKIE", `${client.cookie}; x=y`];
    const decision = gateway.decide({ method: "GET", url: "/", rawHeaders });
    expect(decision).toMatchObject({ instance: { id: "a" }, setCookies: [] });
  });
});

describe("a client is pinned anew", () => {
  it("when its instance is ejected, and stays with the new one when that has returned", () => {
    const { env, gateway } = started();
    const client = new Client(gateway);
    client.ask();
    eject(gateway, "a");
    expect([client.ask(), client.ask()]).toEqual(["b*", "b"]);
    env.advance(60_000);
    expect(client.ask()).toBe("b");
  });

  it("when its instance fails its probes", () => {
    const { gateway, service } = started({ cookie: {} }, { probe: { unhealthyAfter: 1 } });
    for (const id of ["a", "b", "c"]) service.reportProbe(id, true);
    const client = new Client(gateway);
    client.ask();
    service.reportProbe("a", false);
    expect([client.ask(), client.ask()]).toEqual(["c*", "c"]);
  });

  it("when its instance is removed, and does not come back to one of the same id by itself", () => {
    const { gateway, service } = started();
    const client = new Client(gateway);
    client.ask();
    service.remove("a");
    expect([client.ask(), client.ask()]).toEqual(["c*", "c"]);
    service.add({ id: "a", url: "http://a" });
    expect(client.ask()).toBe("c");
  });

  it("when an update takes its instance away", () => {
    const { gateway } = started();
    const client = new Client(gateway);
    client.ask();
    gateway.update(configOf({ cookie: {} }, { instances: [{ id: "b", url: "http://b" }] }));
    expect([client.ask(), client.ask()]).toEqual(["b*", "b"]);
  });

  it.each<["retry" | "hedge"]>([["retry"], ["hedge"]])(
    "by the %s that another instance takes",
    (kind) => {
      const { gateway } = started();
      const client = new Client(gateway);
      client.ask();
      const first = client.decide();
      gateway.start(first);
      const next =
        kind === "retry"
          ? gateway.retry(first, refused, { replayable: true })
          : gateway.hedge(first, { replayable: true });
      if (next.kind !== "retry") throw new Error(next.reason);
      expect(first.setCookies).toEqual([]);
      expect(next.decision.setCookies).toHaveLength(1);
      client.take(next.decision);
      const { id } = next.decision.instance;
      expect(id).not.toBe("a");
      expect([client.ask(), client.ask()]).toEqual([id, id]);
    },
  );

  it("not while nobody is eligible and all are tried", () => {
    const { env, gateway } = started();
    const client = new Client(gateway);
    client.ask();
    eject(gateway, "a", "b", "c");
    expect([client.ask(), client.ask()]).toEqual(["a", "a"]);
    env.advance(30_000);
    expect(client.ask()).toBe("a");
  });

  it("not where nobody may be tried: it is refused", () => {
    const { gateway } = started({ cookie: {} }, { whenNoneEligible: "reject" });
    const client = new Client(gateway);
    client.ask();
    eject(gateway, "a", "b", "c");
    const view = request("GET /", { headers: { cookie: client.cookie as string } });
    expect(gateway.decide(view)).toMatchObject({ kind: "reject", reason: "no-instance" });
    expect(gateway.explain(view).decision).toEqual(gateway.decide(view));
  });
});

describe("an instance that drains", () => {
  it("keeps the clients that it has until its deadline, and gets no others", () => {
    const { env, gateway, service } = started();
    const client = new Client(gateway);
    client.ask();
    void service.drain("a", { deadlineMs: 5_000 });
    const others = Array.from({ length: 4 }, () => new Client(gateway).ask());
    expect(others.toSorted()).toEqual(["b*", "b*", "c*", "c*"]);
    env.advance(4_999);
    expect(client.ask()).toBe("a");
    env.advance(1);
    expect(client.ask()).toMatch(/^[bc]\*$/);
  });

  it("gives them up at once without a deadline, and when it is ejected", () => {
    const { gateway, service } = started();
    const client = new Client(gateway);
    client.ask();
    void service.drain("a");
    expect(client.ask()).toBe("c*");
    const state = { ejectedForMs: 9_000, drainForMs: 60_000 };
    gateway.restore({ services: { s: { instances: { c: state } } } });
    expect(client.ask()).toBe("a*");
  });

  it("keeps them while all others are ejected", () => {
    const { gateway } = started();
    const client = new Client(gateway);
    client.ask();
    const out = { ejectedForMs: 9_000 };
    gateway.restore({
      services: { s: { instances: { a: { drainForMs: 60_000 }, b: out, c: out } } },
    });
    expect(client.ask()).toBe("a");
    expect(new Client(gateway).ask()).toMatch(/^[bc]\*$/);
  });
});

it("a copy of a request sets no cookie, and has no pin", () => {
  const { gateway } = started();
  const client = new Client(gateway);
  const decision = client.decide("GET /copied");
  expect(decision.setCookies).toHaveLength(1);
  expect(decision.mirrors.map(({ setCookies }) => setCookies)).toEqual([[]]);
});

it("pins stay over an update that says something else of the service, and over a restore", () => {
  const { gateway } = started();
  const client = new Client(gateway);
  client.ask();
  gateway.update(configOf({ cookie: { ttlS: 60 } }, { balancer: "random" }));
  expect(client.ask()).toBe("a");
  gateway.restore(gateway.snapshot());
  expect(client.ask()).toBe("a");
  gateway.restore({});
  expect(client.ask()).toBe("a");
});
