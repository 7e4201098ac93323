import { createGateway } from "@signalbox/core";
import { expect, it } from "vitest";
import { gatewayPlugin } from "../src/index.js";
import { makeApp } from "./kit.js";

const gateway = createGateway([]);

it.each<[string, object]>([
  ["expected a gateway, got undefined; make one with createGateway(config)", {}],
  [
    "expected a gateway, got an array; make one with createGateway(config)",
    { gateway: [{ path: "/*", to: "http://127.0.0.1:9" }] },
  ],
  ["graceMs must be a number of milliseconds >= 0, got NaN", { gateway, graceMs: NaN }],
  ['there is no option "prefx"; did you mean "prefix"?', { gateway, prefx: "/a" }],
])("gatewayPlugin says: %s", async (problem, options) => {
  await expect(makeApp().register(gatewayPlugin, options as never)).rejects.toThrow(
    new TypeError(`gatewayPlugin: ${problem}`),
  );
});

it("gatewayPlugin leaves the options of register to Fastify", async () => {
  const options = { gateway, prefix: "/a", logLevel: "warn" as const };
  await makeApp().register(gatewayPlugin, options);
});
