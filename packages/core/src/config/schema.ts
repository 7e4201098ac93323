import * as v from "valibot";
import type { ConfigCode } from "./codes.js";
import { withOutline, type Keywords, type Outlined } from "./outline.js";
import { describeValue, pointerOf, type ConfigProblem } from "./problem.js";
import { MATCH_FIELDS } from "./short-form.js";
import { suggest } from "./suggest.js";

/**
 * What every leaf says when it does not hold: a stable code, what it is about, what it must be, and what
 * was found if that is not the value in its place.
 */
type Saying = [code: ConfigCode, about: string, expected: string, found?: string];

// Valibot carries texts only, so all travel as one.
function says(...saying: Saying): string {
  return saying.join("\u0000");
}

function said(message: string): Saying {
  return message.split("\u0000") as Saying;
}

/**
 * Text; a pattern is a check of its own, or says beside one as much as a pattern can. It takes all that
 * the check takes.
 */
export function text(
  code: ConfigCode,
  about: string,
  expected: string,
  holds?: RegExp | ((value: string) => boolean),
  pattern = holds instanceof RegExp ? holds : undefined,
) {
  const message = says(code, about, expected);
  const check = holds instanceof RegExp ? (value: string) => holds.test(value) : holds;
  return withOutline(v.pipe(v.string(message), v.check(check ?? (() => true), message)), {
    kind: "leaf",
    keywords: textKeywords(pattern),
    expected: holds && `${about} must be ${expected}`,
  });
}

// A RegExp escapes the slashes of its source, which means nothing outside of a literal.
function textKeywords(pattern: RegExp | undefined): Keywords {
  if (pattern === undefined) return { type: "string" };
  const source = pattern.source.replace(/\\(.)/g, (pair, char) => (char === "/" ? "/" : pair));
  return { type: "string", pattern: source };
}

/** A number; `bounds` say in keywords what the check takes. */
export function number(
  code: ConfigCode,
  about: string,
  expected: string,
  holds: (value: number) => boolean,
  bounds: Keywords = {},
) {
  const message = says(code, about, expected);
  return withOutline(v.pipe(v.number(message), v.check(holds, message)), {
    kind: "leaf",
    keywords: { type: "number", ...bounds },
  });
}

export function choice<const T extends readonly (string | number | boolean)[]>(
  code: ConfigCode,
  about: string,
  options: T,
) {
  const schema = v.picklist(
    options as unknown as readonly (string | number)[],
    says(code, about, `one of ${options.map(describeValue).join(", ")}`),
  );
  return withOutline(schema, { kind: "leaf", keywords: { enum: options } });
}

export function flag(about: string) {
  const schema = v.boolean(says("TYPE", about, "true or false"));
  return withOutline(schema, { kind: "leaf", keywords: { type: "boolean" } });
}

export type Schema = v.GenericSchema & Outlined;

/**
 * A record with exactly these fields; wrap those that may be left out in `optional`. Messages offer
 * `fields` only, not those that are `alsoTaken`.
 */
export function record(
  about: string,
  fields: Record<string, Schema>,
  alsoTaken: Record<string, Schema> = {},
): Schema {
  const all = { ...alsoTaken, ...fields };
  const names = Object.keys(fields).join(", ");
  const none = nothing("TYPE", about, `a record of ${names}`);
  const unknown = nothing("UNKNOWN_FIELD", about, names);
  const missing = says("MISSING", about, names);
  const known = v.object(all, missing);
  const choose = (input: unknown): Schema => {
    if (!isObject(input)) return none;
    // Valibot's own strict records tell the first unknown field only.
    const others = Object.keys(input).filter((name) => !Object.hasOwn(all, name));
    if (others.length === 0) return known;
    const wrong = Object.fromEntries(others.map((name) => [name, unknown]));
    return v.object({ ...all, ...wrong }, missing);
  };
  return withOutline(v.lazy(choose), { kind: "record", fields: all });
}

/** A record by names of the user's own. Valibot's own leaves out entries such as `constructor` unchecked. */
export function map(about: string, key: v.GenericSchema<string>, value: Schema): Schema {
  const none = nothing("TYPE", about, "a record");
  const choose = (input: unknown): Schema => {
    if (!isObject(input)) return none;
    const names = Object.keys(input);
    return v.object(Object.fromEntries(names.map((name) => [name, entry(name, key, value)])));
  };
  return withOutline(v.lazy(choose), { kind: "map", key, of: value });
}

function entry(name: string, key: v.GenericSchema<string>, value: Schema): Schema {
  const reserved = says("NAME", "a name", "no reserved name such as __proto__");
  const problem =
    name === "__proto__"
      ? reserved
      : v.safeParse(key, name, { abortEarly: true }).issues?.[0].message;
  if (problem === undefined) return value;
  const [code, about, expected] = said(problem);
  return v.intersect([nothing(code, about, expected, describeValue(name)), value]);
}

export function list(about: string, of: Schema) {
  return withOutline(v.array(of, says("TYPE", about, "a list")), { kind: "list", of });
}

/**
 * A value that takes one form or another by its own look, so that only the form that was meant complains.
 * `forms` names them all: `choose` alone does not say which there are.
 */
export function either(choose: (input: unknown) => Schema, forms?: () => readonly Schema[]) {
  const schema: v.LazySchema<Schema> & Outlined = v.lazy(choose);
  return forms === undefined ? schema : withOutline(schema, { kind: "either", forms });
}

export function nothing(...saying: Saying) {
  return v.custom<never>(() => false, says(...saying));
}

export const isText = (input: unknown): input is string => typeof input === "string";
export const isObject = (input: unknown): input is object =>
  typeof input === "object" && input !== null && !Array.isArray(input);

/** A field that may be left out. */
export function optional(schema: Schema): Schema {
  return withOutline(v.optional(schema), { kind: "optional", of: schema });
}

/** Whatever it is. */
export const anything: Schema = withOutline(v.unknown(), { kind: "leaf" });

/**
 * Text that can be wrong in several ways; `expectedOf` says what it must be, and undefined when it is.
 * `expected` says it before there is a value, and `pattern` as much of it as a pattern can.
 */
export function explained(
  code: ConfigCode,
  about: string,
  expectedOf: (value: string) => string | undefined,
  { expected, pattern }: { readonly expected?: string; readonly pattern?: RegExp } = {},
): Schema {
  const schema = v.pipe(
    v.string(says("TYPE", about, "text")),
    v.check(
      (value) => expectedOf(value) === undefined,
      ({ input }) => says(code, about, expectedOf(input as string) ?? ""),
    ),
  );
  return withOutline(schema, {
    kind: "leaf",
    keywords: textKeywords(pattern),
    expected: expected && `${about} must be ${expected}`,
  });
}

/** A schema and what must hold beyond it. */
export function checked(
  schema: Schema,
  holds: (value: unknown) => boolean,
  ...saying: Saying
): Schema {
  return v.pipe(schema, v.check(holds, says(...saying)));
}

/** A value that only a function can judge. */
export function judged(holds: (value: unknown) => boolean, ...saying: Saying): Schema {
  return v.custom(holds, says(...saying));
}

/** Chooses a form of a record; `forms` are those that there are. */
export type OneForm = ((input: object) => Schema) & { readonly forms: readonly Schema[] };

/** A value with exactly one of several fields; `extra` says what may stand beside one. */
export function oneForm(
  code: ConfigCode,
  about: string,
  forms: Record<string, Schema>,
  extra: (form: string) => Record<string, Schema> = () => ({}),
): OneForm {
  const names = Object.keys(forms);
  const schemas = new Map(
    names.map((form) => [form, record(about, { [form]: forms[form] as Schema, ...extra(form) })]),
  );
  const none = nothing(code, about, `exactly one of ${names.join(", ")}`);
  const choose = (input: object): Schema => {
    const given = names.filter((form) => Object.hasOwn(input, form));
    return given.length === 1 ? (schemas.get(given[0] as string) as Schema) : none;
  };
  return Object.assign(choose, { forms: [...schemas.values()] });
}

/** Every problem of a value, by a schema. */
export function problemsOf(schema: Schema, input: unknown): ConfigProblem[] {
  const result = v.safeParse(schema, input);
  return result.success ? [] : result.issues.map(problemOf);
}

function problemOf(issue: v.BaseIssue<unknown>): ConfigProblem {
  const keys = (issue.path ?? []).map(({ key }) => key as string | number);
  const pointer = pointerOf(keys);
  const [code, about, expected, what] = said(issue.message);
  if (code === "UNKNOWN_FIELD") return unknownField(pointer, String(keys.at(-1)), about, expected);
  if (code === "MISSING") {
    const field = String(keys.at(-1));
    return {
      pointer,
      code: "MISSING",
      message: `${about} needs "${field}"`,
      found: "nothing",
      expected: `"${field}"`,
    };
  }
  const found = what ?? describeValue(issue.input);
  const near =
    issue.type === "picklist" && isText(issue.input)
      ? suggest(issue.input, choicesIn(expected))
      : undefined;
  const message = `${about} must be ${expected}, got ${found}${near === undefined ? "" : `; did you mean "${near}"?`}`;
  return {
    pointer,
    code,
    message,
    found,
    expected,
    ...(near === undefined ? {} : { suggestion: near }),
  };
}

function unknownField(
  pointer: string,
  field: string,
  about: string,
  expected: string,
): ConfigProblem {
  const known = expected.split(", ");
  const near = suggest(field, known);
  const isMatchField = about === "a route" && MATCH_FIELDS.some((name) => name === field);
  const others = `; it may have ${known.join(", ")}`;
  const guess = near === undefined ? others : `; did you mean "${near}"?`;
  const hint = isMatchField ? `; put it in "match"` : guess;
  const message = `${about} has no field "${field}"${hint}`;
  return {
    pointer,
    code: "UNKNOWN_FIELD",
    message,
    found: `"${field}"`,
    expected: known.join(", "),
    ...(near === undefined || isMatchField ? {} : { suggestion: near }),
  };
}

function choicesIn(expected: string): string[] {
  return [...expected.matchAll(/"([^"]*)"/g)].map((found) => found[1] as string);
}
