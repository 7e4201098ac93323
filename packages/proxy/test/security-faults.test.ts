import { once } from "node:events";
import { systemEnv, type Balancer } from "@signalbox/core";
import { describe, expect, it } from "vitest";
import type { Policy, ProxyOptions } from "../src/index.js";
import { deadUrl, inFlight, open, send, until, type TestProxy } from "./kit.js";
import { oneService, rig } from "./rig.js";
import { chatConfig, rawInstance, SWITCH, upgradeRequest } from "./upgrade-kit.js";

const { backend, gatewayTo } = rig();

const fail = (): never => {
  throw new Error("thrown in a hook");
};
const reject = (): Promise<never> => Promise.reject(new Error("rejected in a hook"));

interface Fault {
  readonly config?: object;
  readonly service?: object;
  readonly options?: ProxyOptions & { readonly env?: ReturnType<typeof systemEnv> };
  /** Done to the gateway once it runs. */
  readonly arm?: (proxy: TestProxy) => void;
  /** The path that is asked for, where it is not that of an instance. */
  readonly path?: string;
  readonly status: number;
}

const policy = (bad: Policy): Fault => ({
  config: { policies: ["bad"] },
  options: { policies: { bad } },
  status: 500,
});

const balancer = (pick: Balancer["pick"]): Fault => ({
  service: { balancer: { name: "bad", pick } },
  status: 503,
});

// Chance works until the gateway runs.
function chance(): Fault {
  const env = { ...systemEnv() };
  const routes = [{ match: { path: "/*" }, to: [{ service: "s" }, { service: "s" }] }];
  return { config: { routes }, options: { env }, arm: () => void (env.random = fail), status: 500 };
}

const faults: readonly (readonly [where: string, fault: Fault])[] = [
  ["the hook of ends", { options: { onEnd: fail }, status: 200 }],
  ["the hook of errors", { options: { onError: fail }, path: "/a%00", status: 400 }],
  ["the hook of copies", { options: { onMirror: fail }, status: 200 }],
  ["a listener of changes", { arm: ({ gateway }) => void gateway.onChange(fail), status: 200 }],
  ["the request step of a policy", policy({ onRequest: fail })],
  ["the request step of a policy, late", policy({ onRequest: reject })],
  ["the response step of a policy", policy({ onResponse: fail })],
  ["the response step of a policy, late", policy({ onResponse: reject })],
  ["the last step of a policy", { ...policy({ onEnd: fail }), status: 200 }],
  ["the body that a policy makes", policy({ onResponse: () => ({ body: fail }) })],
  ["a balancer", balancer(fail)],
  ["a balancer that picks what is not there", balancer(() => 7)],
  ["chance", chance()],
];

describe("what throws is the end of one request at most", () => {
  it.each(faults)("in %s", async (_, fault) => {
    const instance = await backend((_req, res) => res.end("ok"));
    const other = await backend((_req, res) => res.end("ok"));
    const { config = {}, service = {}, options = {}, arm, path = "/", status } = fault;
    const base = oneService([instance.url, other.url], { mirror: [{ service: "s" }] }, service);
    const proxy = await gatewayTo({ ...base, ...config }, options);
    arm?.(proxy);
    expect(await send(proxy.url, path)).toMatchObject({ status });
    // The next one gets an answer too, over the same proxy.
    expect(await send(proxy.url, path)).toMatchObject({ status });
    await until(() => proxy.proxy.counts.requests === 0 && proxy.proxy.counts.mirrors === 0);
    expect(inFlight(proxy.gateway)).toBe(0);
  });

  it("in the hook of errors, where no instance takes a connection", async () => {
    const { url, gateway } = await gatewayTo(oneService([await deadUrl()]), { onError: fail });
    expect(await send(url, "/")).toMatchObject({ status: 502, body: "502 Bad Gateway\n" });
    expect(inFlight(gateway)).toBe(0);
  });

  it.each<readonly [where: string, bad: Policy, status: number]>([
    ["the request step of a policy", { onRequest: fail }, 500],
    ["the request step of a policy, late", { onRequest: reject }, 500],
    ["the last step of a policy", { onEnd: fail }, 101],
  ])("in %s of an upgrade", async (_, bad, status) => {
    const instance = await rawInstance((socket) => socket.write(SWITCH));
    const proxy = await gatewayTo(
      { ...chatConfig(instance.url), policies: ["bad"] },
      { policies: { bad } },
    );
    const client = await open(proxy.port);
    client.write(upgradeRequest());
    await until(() => client.received().includes("\r\n\r\n"));
    expect(client.received()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    client.destroy();
    if (!client.closed) await once(client, "close");
    await until(() => proxy.proxy.counts.upgrades + proxy.proxy.counts.requests === 0);
    await instance.close();
  });
});

describe("policies guard upgrades as they guard requests", () => {
  const guard: Policy = {
    onRequest: ({ view }) =>
      view.rawHeaders?.includes("Bearer good") === true ? undefined : { answer: { status: 401 } },
  };

  it.each(["the whole gateway", "the route"])("a policy of %s", async (of) => {
    const asked: string[] = [];
    const instance = await rawInstance((socket, req) => {
      asked.push(String(req.headers.authorization));
      socket.write(SWITCH);
    });
    const { services, routes } = chatConfig(instance.url);
    const config =
      of === "the route"
        ? { services, routes: routes.map((route) => ({ ...route, policies: ["guard"] })) }
        : { services, routes, policies: ["guard"] };
    const { port, ended } = await gatewayTo(config as never, { policies: { guard } });
    const stranger = await open(port);
    stranger.write(upgradeRequest());
    await once(stranger, "close");
    expect(stranger.received()).toMatch(/^HTTP\/1.1 401 /);
    expect(asked).toEqual([]);
    expect(await ended()).toMatchObject({ status: 401, attempts: 0 });
    const friend = await open(port);
    friend.write(upgradeRequest("/chat/a", "Authorization: Bearer good\r\n"));
    await until(() => friend.received().includes("\r\n\r\n"));
    expect(friend.received()).toMatch(/^HTTP\/1.1 101 /);
    expect(asked).toEqual(["Bearer good"]);
    friend.destroy();
    await instance.close();
  });
});

describe("a websocket from another site", () => {
  it.each([
    ["https://shop.test", 101],
    ["https://evil.test", 404],
    ["https://shop.test.evil.test", 404],
    ["null", 404],
    [undefined, 404],
  ])("is taken by a route that lists origins only from those: %s", async (origin, status) => {
    let asked = 0;
    const instance = await rawInstance((socket) => {
      asked++;
      socket.write(SWITCH);
    });
    const { port } = await gatewayTo([
      {
        path: "/chat/*",
        headers: { origin: { oneOf: ["https://shop.test"] } },
        to: instance.url,
      },
    ]);
    const client = await open(port);
    client.write(upgradeRequest("/chat/a", origin === undefined ? "" : `Origin: ${origin}\r\n`));
    await until(() => client.received().includes("\r\n\r\n"));
    expect(client.received()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(asked).toBe(status === 101 ? 1 : 0);
    client.destroy();
    await instance.close();
  });
});
