import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { checkConfig, createGateway, type GatewayConfig } from "@signalbox/core";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, it } from "vitest";
import { shopConfig } from "../examples/shop/src/routes.ts";
import { config } from "../examples/unit-test-only/routes.ts";

const file = fileURLToPath(import.meta.resolve("@signalbox/core/config.schema.json"));
const fits = new Ajv2020({ strict: true }).compile(JSON.parse(readFileSync(file, "utf8")));

const instances = [
  { service: "products", version: "v1", id: "p1", url: "http://127.0.0.1:8001" },
  { service: "products", version: "v2", id: "p2", url: "http://127.0.0.1:8002" },
  ...["orders", "payments", "shipping"].map((service, index) => ({
    ...{ service, version: "v1", id: service, url: `http://127.0.0.1:${8010 + index}` },
  })),
];

it.each([
  ["shop", shopConfig(instances, { v1: 95, v2: 5 })],
  ["unit-test-only", config],
])("the config of the example %s fits the schema", (_name, given) => {
  expect(checkConfig(given)).toEqual([]);
  expect(fits(given)).toBe(true);
});

it("a file that names its schema is a config as it is, and fits", () => {
  const page = readFileSync(new URL("../docs/config-schema.md", import.meta.url), "utf8");
  const json = /```json\n(.*?)```/s.exec(page)?.[1] ?? "";
  const given = JSON.parse(json) as GatewayConfig;
  expect(given.$schema).toBe("./node_modules/@signalbox/core/config.schema.json");
  expect(fits(given)).toBe(true);
  const match = createGateway(given).match({ method: "GET", url: "/orders/7", headers: {} });
  expect(match).toMatchObject({ kind: "match" });
});
