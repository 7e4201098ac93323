import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkConfig } from "../../src/config/check.js";
import type { Outline } from "../../src/config/outline.js";
import { problemsOf, type Schema } from "../../src/config/schema.js";
import { checkShape, configInput } from "../../src/config/shape.js";
import { fits } from "./ajv.js";
import { beyondSchema } from "./bad-configs.js";
import { edited, editsOf } from "./edits.js";
import { config as generated } from "../generated.js";
import { goodConfigs } from "./good-configs.js";
import { nearConfigs } from "./near-configs.js";

/** Relations of fields that the schema says although the check of the shape does not. */
const saidRelations = ["ACTION", "SHORT_FORM", "SPLIT_AND_VERSION", "STICKY", "TLS"];

const changed = (configs: fc.Arbitrary<unknown>) =>
  fc.tuple(configs, editsOf(goodConfigs)).map(([given, edits]) => edited(given, edits));

describe.each([
  ["configs near the schema", nearConfigs],
  ["configs near the schema, changed", changed(nearConfigs)],
  ["good configs, changed", changed(fc.oneof(fc.constantFrom(...goodConfigs), generated))],
])("for %s", (_what, configs) => {
  it("the schema takes every shape that the check takes", () => {
    let taken = 0;
    const property = fc.property(configs, (given) => {
      if (checkShape(given).length > 0) return;
      if (checkConfig(given).some(({ code }) => saidRelations.includes(code))) return;
      taken++;
      expect(fits(given)).toBe(true);
    });
    fc.assert(property, { numRuns: 1_000 });
    expect(taken).toBeGreaterThan(50);
  });

  it("the check finds nothing in what the schema takes but what no schema can say", () => {
    let refused = 0;
    const property = fc.property(configs, (given) => {
      if (!fits(given)) return void refused++;
      const codes = checkConfig(given).map(({ code }) => code);
      expect(codes.filter((code) => !Object.hasOwn(beyondSchema, code))).toEqual([]);
    });
    fc.assert(property, { numRuns: 1_000 });
    expect(refused).toBeGreaterThan(50);
  });
});

it("the schema takes every config that is generated to be good", () => {
  fc.assert(fc.property(generated, (given) => fits(given)));
});

describe("for every text, a pattern takes what its check takes", () => {
  const pieces = [
    ...["/", "//", "/a", "/:id", ":", "::1", "*", "*.", ".", "..", "[", "]", "%2F", "%zz", "%00"],
    ...["http://", "HTTPS://", "://", "a", "Z9_-", ":80", ":99999", "?", "#", "\\", "@", "~", " "],
    ...["\t", "\n", "\u0000", "\u007f", "é", "\u2028", "\ud83d", "😀", "__proto__", "GET"],
  ];
  const starts = ["", "/", "/:", "*.", "[::1]", "http://", "http://a", "/a/"];
  const texts = fc
    .tuple(fc.constantFrom(...starts), fc.array(fc.constantFrom(...pieces), { maxLength: 4 }))
    .map(([start, rest]) => start + rest.join(""));

  it.each(patternsIn(configInput))("%s", (pattern, leaf) => {
    const regex = new RegExp(pattern, "u");
    const property = fc.property(texts, (text) => {
      if (problemsOf(leaf, text).length === 0) expect(text).toMatch(regex);
    });
    fc.assert(property, { numRuns: 3_000 });
  });
});

/** Every leaf of a schema that has a pattern, with the pattern. */
function patternsIn(root: Schema): readonly (readonly [pattern: string, leaf: Schema])[] {
  const seen = new Set<Schema>();
  const visit = (schema: Schema): readonly Schema[] => {
    if (seen.has(schema)) return [];
    seen.add(schema);
    return [schema, ...partsOf(schema.outline).flatMap(visit)];
  };
  const found = new Map<string, Schema>();
  for (const leaf of visit(root)) {
    const pattern = leaf.outline?.keywords?.["pattern"];
    if (leaf.outline?.kind === "leaf" && typeof pattern === "string") found.set(pattern, leaf);
  }
  return [...found];
}

function partsOf(outline: Outline | undefined): readonly Schema[] {
  switch (outline?.kind) {
    case "optional":
    case "list":
      return [outline.of];
    case "map":
      return [outline.key, outline.of];
    case "record":
      return Object.values(outline.fields);
    case "either":
      return outline.forms();
    case "leaf":
    case "code":
    case undefined:
      return [];
  }
}
