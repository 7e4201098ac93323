import { describe, expect, it } from "vitest";
import { configTypes, type FieldPlace, type Place } from "../../scripts/config-types.js";
import { jsonSchemaOf } from "../../scripts/json-schema.js";
import { onlyCode, outlined } from "../../src/config/outline.js";
import {
  anything,
  either,
  isText,
  judged,
  list,
  map,
  optional,
  record,
  text,
  type Schema,
} from "../../src/config/schema.js";

/** A place whose types say nothing but the doc comments of fields. */
const placeOf = (docs: Readonly<Record<string, string>> = {}): Place => ({
  name: undefined,
  doc: "",
  entries: () => placeOf(docs),
  record: () => ({
    name: undefined,
    doc: "",
    field: (name): FieldPlace => ({ ...placeOf(docs), ownDoc: docs[name] ?? "" }),
  }),
});
const written = (schema: Schema, docs?: Readonly<Record<string, string>>) =>
  jsonSchemaOf(schema, placeOf(docs));
const word = text("TYPE", "a word", "text");
const call = () => judged((value) => typeof value === "function", "TYPE", "a call", "a function");

const NOT_SAID =
  "a part of the check does not say what it takes. An either names its forms in its second argument; a judged value says what it is by outlined(…), or by onlyCode(…) that JSON cannot hold it";

describe("a part that does not say what it takes is named", () => {
  it("when an either does not name its forms", () => {
    const field = either((input) => (isText(input) ? word : list("words", word)));
    const schema = record("a thing", { routes: list("routes", record("a route", { field })) });
    expect(() => written(schema)).toThrow(`routes[].field: ${NOT_SAID}`);
  });

  it("when a value is only judged", () => {
    const schema = record("a thing", { names: optional(map("names", word, call())) });
    expect(() => written(schema)).toThrow(`names.*: ${NOT_SAID}`);
  });

  it("when only code could stand there", () => {
    const form = either(call, () => [onlyCode(call())]);
    expect(() => written(record("a thing", { form }))).toThrow(
      "form: none of the forms can be written in JSON",
    );
    expect(() => written(record("a thing", { calls: list("calls", onlyCode(call())) }))).toThrow(
      "calls[]: JSON cannot say it",
    );
  });
});

describe("what only code can hold is left out", () => {
  it("of the forms of a value", () => {
    const form = either(
      (input) => (isText(input) ? word : call()),
      () => [word, onlyCode(call())],
    );
    expect(written(record("a thing", { form }))).toMatchObject({
      properties: { form: { type: "string" } },
    });
  });

  it("of the fields of a record", () => {
    const schema = record("a thing", { word, call: optional(onlyCode(call())) });
    expect(written(schema)).toEqual({
      type: "object",
      properties: { word: { type: "string" } },
      required: ["word"],
      additionalProperties: false,
      $defs: {},
    });
  });
});

it("a judged value is what it is outlined as", () => {
  const on = outlined(
    judged((value) => value === true, "TYPE", "on", "true"),
    { const: true },
  );
  expect(written(record("a thing", { on }))).toMatchObject({ properties: { on: { const: true } } });
});

describe("a doc comment becomes", () => {
  const fieldOf = (doc: string, field: Schema = anything) =>
    (written(record("a thing", { field }), { field: doc }) as { properties: { field: object } })
      .properties.field;

  it("the description, with what the value must be", () => {
    const upper = text("TYPE", "a word", "text in capitals", /^[A-Z]+$/);
    expect(fieldOf("What it means.", upper)).toEqual({
      description: "What it means.\n\nA word must be text in capitals.",
      type: "string",
      pattern: "^[A-Z]+$",
    });
    expect(fieldOf("", anything)).toEqual({});
  });

  it.each([
    ["Default: 30 000.", 30_000],
    ["Share. Default: 0.5. Weight 0 gets nothing.", 0.5],
    ["Default: true.", true],
    ['Default: `"keep"` as data.', "keep"],
    ["Default: `[1]`, for now.", [1]],
  ])("the default: %s", (doc, value) => {
    expect(fieldOf(doc)).toEqual({ description: doc, default: value });
  });

  it.each(["Default: none.", "Default: 25 and 250.", "Default: every path, as if `/`."])(
    "no default: %s",
    (doc) => expect(fieldOf(doc)).toEqual({ description: doc }),
  );
});

describe("the types of a configuration", () => {
  const typeOf = configTypes();

  it("have names and doc comments", () => {
    expect(typeOf("ConnectConfig")).toMatchObject({
      name: "ConnectConfig",
      doc: "The pool of connections to each instance of a service.",
    });
    expect(typeOf("ShortRouteConfig").name).toBe("ShortRouteConfig");
  });

  it("keep the paragraphs of a doc comment, not its lines", () => {
    expect(typeOf("CorsConfig").doc).toMatch(/^What [^\n]*\.\n\nSource: [^\n]*\.$/);
  });

  it("must have the fields that the check has", () => {
    expect(() => typeOf("SplitConfig").record(["v1"])).toThrow(
      "the check has a record of { v1 }, the types have SplitConfig",
    );
    expect(() => typeOf("StickyConfig").record(["cokie"])).toThrow(
      "the check has a record of { cokie }, the types have { cookie } or { header } or { query } or { fact }",
    );
    expect(() => typeOf("DefaultsConfig").record(["outlier"])).toThrow(
      "the check has a record of { outlier }, the types have { balancer, breaker, connect, limits, outlier, probe, retry, retryBudget, slowStartMs, timeouts }",
    );
  });

  it("must have entries where the check has a list", () => {
    expect(() => typeOf("TimeoutsConfig").entries()).toThrow("no list or map among TimeoutsConfig");
  });
});
