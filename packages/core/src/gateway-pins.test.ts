import { describe, expect, it } from "vitest";
import type { AffinityConfig } from "./affinity/affinity-config.js";
import { cookieValue } from "./affinity/cookie-value.js";
import type { GatewayConfig } from "./config/config.js";
import type { DrawPurpose } from "./env.js";
import { createGateway, type Gateway } from "./gateway.js";
import type { Outcome } from "./outcome.js";
import { testEnv } from "./testing/env.js";
import { request, type RequestParts } from "./testing/request.js";

const refused: Outcome = { kind: "failure", stage: "connect", cause: "refused" };
const SECRETS = ["Yq3vQ0cTq1mZ7u5kWc2e", "8kQ2mXv7Zp4LrT0aBn6s"];
const INSTANCES = [
  ...["a", "b"].map((id) => ({ id, url: `http://${id}`, version: "v1" })),
  ...["c", "d"].map((id) => ({ id, url: `http://${id}`, version: "v2" })),
];

const configOf = (affinity: AffinityConfig, split: { readonly [version: string]: number }) =>
  ({
    services: {
      s: { instances: INSTANCES, balancer: "round-robin", affinity },
      other: { instances: ["http://x", "http://y"], affinity: { cookie: {} } },
    },
    routes: [
      { id: "v2", match: { path: "/v2" }, to: { service: "s", version: "v2" } },
      {
        id: "sticky",
        match: { path: "/sticky" },
        to: { service: "s", split, sticky: { header: "x-user" } },
      },
      { id: "split", match: { path: "/split" }, to: { service: "s", split } },
      { id: "mixed", match: { path: "/mixed" }, to: [{ service: "other" }, { service: "s" }] },
      {
        id: "safe",
        match: { path: "/safe" },
        to: { service: "s", version: "v2", fallback: { service: "other" } },
      },
      { id: "all", to: "s", retry: { attempts: 3 } },
    ],
  }) satisfies GatewayConfig;

function started(affinity: AffinityConfig = { cookie: {} }, split = { v1: 50, v2: 50 }) {
  const env = testEnv();
  const drawn: DrawPurpose[] = [];
  let point = 0;
  env.random = (purpose) => {
    drawn.push(purpose);
    return purpose === "split" ? point : 0;
  };
  const gateway: Gateway = createGateway(configOf(affinity, split), { env });
  const ask = (line: string, headers: RequestParts["headers"] = {}) => {
    const view = request(line, { headers });
    const decision = gateway.decide(view);
    if (decision.kind !== "forward") throw new Error(decision.kind);
    const { decision: explained, pools, split: read } = gateway.explain(view);
    expect(explained).toEqual(decision);
    expect(read?.point).toBe(decision.point);
    const chosen = pools.flatMap(({ instances }) =>
      instances.filter(({ verdict }) => verdict === "chosen"),
    );
    expect(chosen.map(({ id }) => id)).toEqual([decision.instance.id]);
    gateway.start(decision);
    gateway.report(decision, { kind: "response", status: 200, totalMs: 1 });
    return decision;
  };
  const pinOf = (id: string, service = "s") => {
    const name = service === "s" ? "affinity-s" : "affinity-other";
    return { cookie: `${name}=${cookieValue(service, id)}` };
  };
  const drawAt = (at: number) => void (point = at);
  return { env, gateway, ask, pinOf, drawn, drawAt };
}

describe("a pin", () => {
  it("leaves the turns of round-robin to those that have none", () => {
    const { ask, pinOf } = started();
    const turns = Array.from({ length: 8 }, () => {
      ask("GET /all", pinOf("a"));
      return ask("GET /all").instance.id;
    });
    expect(turns).toEqual(["a", "b", "c", "d", "a", "b", "c", "d"]);
  });

  it("gives way to a route that names another version, and holds inside the same one", () => {
    const { ask, pinOf } = started();
    expect(ask("GET /v2", pinOf("a"))).toMatchObject({ version: "v2", setCookies: [/./] });
    expect(ask("GET /v2", pinOf("d"))).toMatchObject({ instance: { id: "d" }, setCookies: [] });
  });

  it("gives way to a sticky split, and holds inside the version that this gives", () => {
    const { ask, pinOf } = started();
    for (const user of ["u1", "u2", "u3", "u4", "u5", "u6"]) {
      const plain = ask("GET /sticky", { "x-user": user });
      for (const id of ["b", "d"]) {
        const pinned = ask("GET /sticky", { "x-user": user, ...pinOf(id) });
        expect(pinned).toMatchObject({ version: plain.version, point: plain.point });
        const isInside = (plain.version === "v1") === (id === "b");
        expect(pinned.setCookies).toHaveLength(isInside ? 0 : 1);
        if (isInside) expect(pinned.instance.id).toBe(id);
      }
    }
  });

  it("keeps its version of an unsticky split: no point is drawn", () => {
    const { ask, pinOf, drawn, drawAt } = started();
    drawAt(0.9);
    expect(ask("GET /split", pinOf("b"))).toMatchObject({
      ...{ version: "v1", point: undefined, instance: { id: "b" }, setCookies: [] },
    });
    drawAt(0);
    expect(ask("GET /split", pinOf("d"))).toMatchObject({ version: "v2", point: undefined });
    expect(drawn).toEqual([]);
    expect(ask("GET /split")).toMatchObject({ version: "v1", point: 0 });
  });

  it("keeps its version while its instance is out, and only that long while it has a weight", () => {
    const { gateway, ask, pinOf, drawAt } = started();
    drawAt(0.9);
    gateway.restore({ services: { s: { instances: { b: { ejectedForMs: 9_000 } } } } });
    const moved = ask("GET /split", pinOf("b"));
    expect(moved).toMatchObject({ version: "v1", instance: { id: "a" }, point: undefined });
    expect(moved.setCookies).toHaveLength(1);
    gateway.update(configOf({ cookie: {} }, { v1: 0, v2: 50 }));
    const gone = ask("GET /split", pinOf("b"));
    expect(gone).toMatchObject({ version: "v2", point: 0.9 });
    expect(gone.setCookies).toHaveLength(1);
  });

  it("keeps nothing of an instance that has left", () => {
    const { gateway, ask, pinOf, drawAt } = started();
    drawAt(0.9);
    const { services, routes } = configOf({ cookie: {} }, { v1: 1, v2: 1 });
    const s = { ...services.s, instances: INSTANCES.filter(({ id }) => id !== "b") };
    gateway.update({ services: { ...services, s }, routes });
    expect(ask("GET /split", pinOf("b"))).toMatchObject({ version: "v2", point: 0.9 });
  });

  it("keeps its service of several, by the cookie of that service", () => {
    const { ask, pinOf, drawAt } = started();
    drawAt(0);
    expect(ask("GET /mixed")).toMatchObject({ service: "other", point: 0 });
    expect(ask("GET /mixed", pinOf("d"))).toMatchObject({ service: "s", instance: { id: "d" } });
    const pinned = ask("GET /mixed", pinOf("http://y", "other"));
    expect(pinned).toMatchObject({ service: "other", instance: { id: "http://y" } });
  });

  it("at a fallback is one of that service, and leaves that of the first alone", () => {
    const { gateway, ask, pinOf } = started();
    const state = { ejectedForMs: 9_000 };
    gateway.restore({ services: { s: { instances: { c: state, d: state } } } });
    const decision = ask("GET /safe", pinOf("d"));
    expect(decision).toMatchObject({ service: "other" });
    expect(decision.setCookies).toEqual([expect.stringMatching(/^affinity-other=/)]);
  });
});

describe("a cookie that the gateway did not give", () => {
  const pinned = { cookie: `affinity-s=${cookieValue("s", "d")}` };

  it.each<[what: string, value: string]>([
    ["the id itself", "d"],
    ["an address", "http://d"],
    ["one of the right length", "A".repeat(22)],
    ["the value of another service", cookieValue("other", "d")],
    ["one with something behind it", `${cookieValue("s", "d")}A`],
    ["a name of every object", "__proto__"],
    ["an empty one", ""],
    ["a long one", "A".repeat(4_000)],
  ])("leads nowhere: %s", (_, value) => {
    const { ask } = started();
    expect(ask("GET /", { cookie: `affinity-s=${value}` })).toMatchObject({
      ...{ instance: { id: "a" }, setCookies: [expect.stringMatching(/^affinity-s=\S{22};/)] },
    });
  });

  it("is believed of an unsigned service, where it can be made by whoever knows the id", () => {
    expect(started().ask("GET /", pinned)).toMatchObject({ instance: { id: "d" } });
    const { ask } = started({ cookie: { sign: SECRETS[0] as string } });
    expect(ask("GET /", pinned)).toMatchObject({ instance: { id: "a" }, setCookies: [/./] });
  });

  it("is believed of an older secret, and replaced", () => {
    const [fresh, old] = SECRETS as [string, string];
    const { ask } = started({ cookie: { sign: [fresh, old] } });
    const given = (secret: string) => ({ cookie: `affinity-s=${cookieValue("s", "d", secret)}` });
    const line = `affinity-s=${cookieValue("s", "d", fresh)}; Path=/; HttpOnly; SameSite=Lax`;
    expect(ask("GET /", given(old))).toMatchObject({ instance: { id: "d" }, setCookies: [line] });
    expect(ask("GET /", given(fresh))).toMatchObject({ instance: { id: "d" }, setCookies: [] });
    const strangers = "another secret of nobody";
    expect(ask("GET /", given(strangers))).toMatchObject({ instance: { id: "a" } });
  });
});

describe("affinity by a header", () => {
  const session = (id: string) => ({ "x-session": id });
  const byHeader = { header: "X-Session" } as const;

  it("remembers the instance of a session once that was started, and sets no cookie", () => {
    const { gateway, ask } = started(byHeader);
    const view = request("GET /", { headers: session("s1") });
    expect([gateway.decide(view), gateway.decide(view)]).toMatchObject([
      ...[{ instance: { id: "a" } }, { instance: { id: "a" } }],
    ]);
    const ids = ["s1", "s2", "s1", "s3", "s2", "s1"].map((id) => {
      const decision = ask("GET /", session(id));
      expect(decision.setCookies).toEqual([]);
      return decision.instance.id;
    });
    expect(ids.join("")).toBe("abacba");
    expect([ask("GET /"), ask("GET /")].map(({ instance }) => instance.id)).not.toEqual(["a", "a"]);
  });

  it("goes with the attempt that answers, and not with one that is only started", () => {
    const { gateway } = started(byHeader);
    const first = gateway.decide(request("GET /", { headers: session("s1") }));
    if (first.kind !== "forward") throw new Error(first.kind);
    gateway.start(first);
    const next = gateway.retry(first, refused, { replayable: true });
    if (next.kind !== "retry") throw new Error(next.reason);
    expect(next.decision.setCookies).toEqual([]);
    gateway.start(next.decision);
    expect(next.decision.instance.id).not.toBe("a");
    const pinned = () => {
      const decision = gateway.decide(request("GET /", { headers: session("s1") }));
      return decision.kind === "forward" ? decision.instance : undefined;
    };
    expect(pinned()).toBe(first.instance);
    gateway.report(next.decision, { kind: "head", status: 200, headMs: 1 });
    expect(pinned()).toBe(next.decision.instance);
  });

  it("forgets a session that was idle for too long, or for the longest", () => {
    const { env, ask } = started({ header: "x-session", ttlS: 60, capacity: 2 });
    expect(ask("GET /", session("s1")).instance.id).toBe("a");
    env.advance(59_999);
    expect(ask("GET /", session("s1")).instance.id).toBe("a");
    env.advance(60_001);
    expect(ask("GET /", session("s1")).instance.id).toBe("b");
    ask("GET /", session("s2"));
    ask("GET /", session("s3"));
    expect(ask("GET /", session("s1")).instance.id).not.toBe("b");
  });

  it("is kept over an update and a restore, for the instances that stay", () => {
    const { gateway, ask } = started(byHeader);
    expect(ask("GET /", session("s1")).instance.id).toBe("a");
    gateway.update(configOf({ header: "x-session", ttlS: 60 }, { v1: 1, v2: 1 }));
    expect(ask("GET /", session("s1")).instance.id).toBe("a");
    gateway.restore(gateway.snapshot());
    expect(ask("GET /", session("s1")).instance.id).toBe("a");
  });
});
