import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { checkConfig } from "../../src/config/check.js";
import { fits } from "./ajv.js";
import { badConfigs, beyondSchema } from "./bad-configs.js";
import { goodConfigs } from "./good-configs.js";

const page = readFileSync(
  path.join(import.meta.dirname, "../../../../docs/config-schema.md"),
  "utf8",
);

describe("what the check takes, the schema takes", () => {
  it.each(goodConfigs)("%#", (config) => {
    expect(checkConfig(config).filter(({ severity }) => severity === undefined)).toEqual([]);
    expect(fits(config)).toBe(true);
  });
});

describe("both refuse", () => {
  it.each(badConfigs)("%s", (_what, config) => {
    expect(checkConfig(config)).not.toEqual([]);
    expect(fits(config)).toBe(false);
  });
});

describe("only the check refuses", () => {
  it.each(Object.entries(beyondSchema))("%s", (code, config) => {
    expect(checkConfig(config).map((problem) => problem.code)).toEqual([code]);
    expect(fits(config)).toBe(true);
  });
});

it("docs/config-schema.md names every code that a schema cannot say, and no other", () => {
  const named = [...page.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, code]) => code);
  expect(named).toEqual(Object.keys(beyondSchema));
});
