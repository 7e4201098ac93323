import { expect, it } from "vitest";
import { compileConfig } from "../../src/config/compile.js";
import type { ConfigInput } from "../../src/config/config.js";
import { canonicalPath } from "../../src/match/path.js";
import { fits, schema } from "./ajv.js";

interface Definition {
  readonly anyOf?: readonly Definition[];
  readonly properties?: Readonly<Record<string, { readonly default?: unknown }>>;
}

/** The defaults that the schema names for the fields of a record. */
function defaultsOf(name: string): Readonly<Record<string, unknown>> {
  const definition = schema.$defs[name] as Definition;
  const { properties = {} } = [definition, ...(definition.anyOf ?? [])].find(
    (form) => form.properties !== undefined,
  ) as Definition;
  const fields = Object.entries(properties).filter(([, field]) => field.default !== undefined);
  return Object.fromEntries(fields.map(([field, part]) => [field, part.default]));
}

/** A config with records of every kind that has defaults. */
const configWith = (fieldsOf: (name: string) => object) => ({
  ...fieldsOf("GatewayConfig"),
  services: {
    a: {
      instances: [{ url: "http://a", ...fieldsOf("InstanceConfig") }],
      outlier: fieldsOf("OutlierConfig"),
      connect: fieldsOf("ConnectConfig"),
      ...fieldsOf("ServiceConfig"),
    },
  },
  routes: [
    {
      to: [{ service: "a", ...fieldsOf("WeightedBackendConfig") }],
      timeouts: fieldsOf("TimeoutsConfig"),
      mirror: [{ service: "a", ...fieldsOf("MirrorConfig") }],
      cors: { allowOrigins: ["*"], ...fieldsOf("CorsConfig") },
      ...fieldsOf("RouteConfig"),
    },
    { redirect: fieldsOf("RedirectConfig"), match: { path: "/old" } },
  ],
});

/** The compiled config, without the functions in it and what it was made of. */
function planOf(config: object): unknown {
  const plain = (_key: string, value: unknown) => (value instanceof Map ? [...value] : value);
  const plan = { ...compileConfig(config as ConfigInput), checked: undefined };
  return JSON.parse(JSON.stringify(plan, plain));
}

it("a default that is written out changes nothing", () => {
  const written = configWith(defaultsOf);
  const left = configWith(() => ({}));
  expect(fits(written)).toBe(true);
  expect(planOf(written)).toEqual(planOf(left));
  expect(canonicalPath("/a//./b%2fc", defaultsOf("PathOptions"))).toEqual(
    canonicalPath("/a//./b%2fc"),
  );
});

it("reads numbers, words and flags", () => {
  expect(defaultsOf("ConnectConfig")).toEqual({
    ...{ timeoutMs: 5_000, connections: 256, queue: 1_024, queueMs: 5_000, keepAliveMs: 4_000 },
    ...{ protocol: "http1", streams: 100 },
  });
  expect(defaultsOf("RedirectConfig")).toEqual({ status: 302, query: "keep" });
  expect(defaultsOf("PathOptions")).toMatchObject({ mergeSlashes: true });
});
