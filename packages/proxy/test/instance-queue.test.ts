import type { ServerResponse } from "node:http";
import { describe, expect, it, vi } from "vitest";
import { inFlight, send, until } from "./kit.js";
import { rig } from "./rig.js";

const { backend, gatewayTo } = rig();

/** Instances that answer when they are told to, and what they have under way. */
async function started(service: object) {
  const held: { readonly id: string; readonly res: ServerResponse }[] = [];
  const most = { a: 0, b: 0 };
  const open = { a: 0, b: 0 };
  const begin = async (id: "a" | "b") => {
    const { url } = await backend((_, res) => {
      open[id]++;
      most[id] = Math.max(most[id], open[id]);
      res.on("close", () => open[id]--);
      held.push({ id, res });
    });
    return { id, url };
  };
  const made = await gatewayTo({
    services: { s: { instances: [await begin("a"), await begin("b")], ...service } },
    routes: [{ to: "s" }],
  });
  const release = () => {
    const next = held.shift();
    next?.res.end(next.id);
  };
  const decide = vi.spyOn(made.gateway, "decide");
  /** Somebody has found no place. */
  const someoneWaits = () =>
    until(() => decide.mock.results.some(({ value }) => value.kind === "reject"));
  return { ...made, held, most, release, someoneWaits };
}

describe("where each instance has a limit, and the service a queue", () => {
  const limits = { perInstance: 1, queue: 4, queueMs: 5_000 };

  it("requests wait for the place of any instance, and none gets more than its limit", async () => {
    const { url, held, most, release, gateway } = await started({ limits });
    const answers = Array.from({ length: 6 }, (_, index) => send(url, `/${index}`));
    await until(() => held.length === 2);
    const statuses = Promise.all(answers.map(async (answer) => (await answer).status));
    for (let answered = 0; answered < 6; answered++) {
      await until(() => held.length > 0);
      release();
    }
    expect(await statuses).toEqual([200, 200, 200, 200, 200, 200]);
    expect(most).toEqual({ a: 1, b: 1 });
    expect(inFlight(gateway)).toBe(0);
  });

  it("who finds no place in the queue is refused at once, and who waits too long later", async () => {
    const short = { ...limits, queue: 1, queueMs: 60 };
    const { url, held, release, gateway } = await started({ limits: short });
    const served = [send(url, "/1"), send(url, "/2")];
    await until(() => held.length === 2);
    const refused = await Promise.all([send(url, "/3"), send(url, "/4")]);
    expect(refused.map(({ status }) => status)).toEqual([503, 503]);
    expect(held).toHaveLength(2);
    release();
    release();
    expect((await Promise.all(served)).map(({ status }) => status)).toEqual([200, 200]);
    expect(inFlight(gateway)).toBe(0);
  });

  it("an instance that joins takes those that wait", async () => {
    const { url, held, release, gateway, someoneWaits } = await started({ limits });
    const served = [send(url, "/1"), send(url, "/2")];
    await until(() => held.length === 2);
    const waiting = send(url, "/3");
    await someoneWaits();
    const { url: more } = await backend((_, res) => res.end("c"));
    gateway.service("s").add({ id: "c", url: more });
    expect(await waiting).toMatchObject({ status: 200, body: "c" });
    release();
    release();
    await Promise.all(served);
  });

  it("a pinned client goes elsewhere for good where its instance is full, and waits where all are", async () => {
    const service = { limits, affinity: { cookie: { name: "pin" } } };
    const { url, held, release, someoneWaits } = await started(service);
    const first = send(url, "/1");
    await until(() => held.length === 1);
    const own = held[0]?.id;
    release();
    const [cookie = ""] = String((await first).headers["set-cookie"]).split(";");
    const kept = send(url, "/2", { headers: { cookie } });
    await until(() => held.length === 1);
    const moved = send(url, "/3", { headers: { cookie } });
    await until(() => held.length === 2);
    const late = send(url, "/4", { headers: { cookie } });
    await someoneWaits();
    expect(held.map(({ id }) => id === own)).toEqual([true, false]);
    held.reverse();
    release();
    const { body, headers } = await moved;
    expect(body).not.toBe(own);
    expect(String(headers["set-cookie"])).toMatch(/^pin=/);
    expect(String(headers["set-cookie"])).not.toContain(cookie);
    await until(() => held.length === 2);
    release();
    release();
    expect((await kept).headers).not.toHaveProperty("set-cookie");
    expect((await late).status).toBe(200);
  });
});

it("a version that is full holds up no requests for another one", async () => {
  const held: Record<string, ServerResponse[]> = { v1: [], v2: [] };
  const begin = async (version: string) => {
    const { url } = await backend((_, res) => void held[version]?.push(res));
    return { id: version, version, url };
  };
  const { url, gateway, proxy } = await gatewayTo({
    services: {
      s: {
        instances: [await begin("v1"), await begin("v2")],
        limits: { perInstance: 1, queue: 10, queueMs: 60_000 },
      },
    },
    routes: ["v1", "v2"].map((version) => ({
      match: { path: `/${version}` },
      to: { service: "s", version },
    })),
  });
  const answers = [send(url, "/v1"), send(url, "/v2")];
  await until(
    () => inFlight(gateway) === 2 && held["v1"]?.length === 1 && held["v2"]?.length === 1,
  );
  answers.push(send(url, "/v1"));
  await until(() => proxy.counts.waiting === 1);
  answers.push(send(url, "/v2"));
  await until(() => proxy.counts.waiting === 2);
  held["v2"]?.shift()?.end();
  await until(() => held["v2"]?.length === 1);
  expect(proxy.counts.waiting).toBe(1);
  held["v2"]?.shift()?.end();
  held["v1"]?.shift()?.end();
  await until(() => held["v1"]?.length === 1);
  held["v1"]?.shift()?.end();
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});
