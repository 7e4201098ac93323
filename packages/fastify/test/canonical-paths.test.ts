import type { onRequestAsyncHookHandler } from "fastify";
import { describe, expect, it } from "vitest";
import { gatewayPlugin } from "../src/index.js";
import { makeApp, options, OTHER_FORMS, start, startChat, startEcho, statusOf } from "./kit.js";

const guard: onRequestAsyncHookHandler = async (_request, reply) => reply.code(401).send("who?");

/** An application whose scope below `/admin` is guarded, with a gateway there and one for all else. */
async function guarded(to: string, otherPaths?: "forward"): Promise<string> {
  const app = makeApp();
  const routes = [{ path: "/admin/*", to }];
  await app.register(
    async (scope) => {
      scope.addHook("onRequest", guard);
      await scope.register(gatewayPlugin, options(routes));
    },
    { prefix: "/admin" },
  );
  await app.register(gatewayPlugin, options(routes, otherPaths && { otherPaths }));
  return start(app);
}

// The router of Fastify decodes paths before it matches: only that one it sees as what it is.
const expected = (target: string): readonly unknown[] => [
  target,
  target === "/%61dmin/x" || target === "http://h/%61dmin/x" ? 401 : 400,
];

describe("a scope that is guarded", () => {
  it("is so for every form of the path that the gateway would forward", async () => {
    const url = await guarded(await startEcho());
    expect(await statusOf(url, "/admin/x")).toBe(401);
    for (const target of OTHER_FORMS)
      expect.soft([target, await statusOf(url, target)]).toEqual(expected(target));
  });

  it("is so for websockets", async () => {
    const url = await guarded(await startChat());
    expect(await statusOf(url, "/admin/x", "upgrade")).toBe(401);
    for (const target of OTHER_FORMS)
      expect.soft([target, await statusOf(url, target, "upgrade")]).toEqual(expected(target));
  });

  it("is passed by other forms where the gateway is told to forward them", async () => {
    const url = await guarded(await startEcho(), "forward");
    expect(await statusOf(url, "//admin/x")).toBe(200);
  });
});

describe("a prefix", () => {
  it("confines the gateway", async () => {
    const app = makeApp();
    const to = await startEcho();
    const routes = [
      { path: "/admin/*", to },
      { path: "/public/*", to },
    ];
    await app.register(gatewayPlugin, { ...options(routes), prefix: "/public" });
    const url = await start(app);
    expect(await statusOf(url, "/public/x?a=//..")).toBe(200);
    for (const target of ["/public/../admin/x", "/public/%2e%2e/admin/x", "/public/..//admin/x"])
      for (const kind of ["request", "upgrade"] as const)
        expect.soft([target, await statusOf(url, target, kind)]).toEqual([target, 400]);
  });
});
