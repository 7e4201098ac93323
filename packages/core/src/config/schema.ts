import * as v from "valibot";
import type { ConfigCode } from "./codes.js";
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

export function text(
  code: ConfigCode,
  about: string,
  expected: string,
  holds: (value: string) => boolean = () => true,
) {
  const message = says(code, about, expected);
  return v.pipe(v.string(message), v.check(holds, message));
}

export function number(
  code: ConfigCode,
  about: string,
  expected: string,
  holds: (value: number) => boolean,
) {
  const message = says(code, about, expected);
  return v.pipe(v.number(message), v.check(holds, message));
}

export function choice<const T extends readonly (string | number | boolean)[]>(
  code: ConfigCode,
  about: string,
  options: T,
) {
  return v.picklist(
    options as unknown as readonly (string | number)[],
    says(code, about, `one of ${options.map(describeValue).join(", ")}`),
  );
}

export function flag(about: string) {
  return v.boolean(says("TYPE", about, "true or false"));
}

export type Schema = v.GenericSchema;

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
  return either((input) => {
    if (!isObject(input)) return none;
    // Valibot's own strict records tell the first unknown field only.
    const others = Object.keys(input).filter((name) => !Object.hasOwn(all, name));
    if (others.length === 0) return known;
    const wrong = Object.fromEntries(others.map((name) => [name, unknown]));
    return v.object({ ...all, ...wrong }, missing);
  });
}

/** A record by names of the user's own. Valibot's own leaves out entries such as `constructor` unchecked. */
export function map(about: string, key: v.GenericSchema<string>, value: Schema): Schema {
  const none = nothing("TYPE", about, "a record");
  return either((input) => {
    if (!isObject(input)) return none;
    const names = Object.keys(input);
    return v.object(Object.fromEntries(names.map((name) => [name, entry(name, key, value)])));
  });
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
  return v.array(of, says("TYPE", about, "a list"));
}

/** A value that takes one form or another by its own look, so that only the form that was meant complains. */
export function either(choose: (input: unknown) => Schema) {
  return v.lazy(choose);
}

export function nothing(...saying: Saying) {
  return v.custom<never>(() => false, says(...saying));
}

export const isText = (input: unknown): input is string => typeof input === "string";
export const isObject = (input: unknown): input is object =>
  typeof input === "object" && input !== null && !Array.isArray(input);

/** A field that may be left out. */
export function optional(schema: Schema): Schema {
  return v.optional(schema);
}

/** Whatever it is. */
export const anything: Schema = v.unknown();

/** Text that can be wrong in several ways; `expectedOf` says what it must be, and undefined when it is. */
export function explained(
  code: ConfigCode,
  about: string,
  expectedOf: (value: string) => string | undefined,
): Schema {
  return v.pipe(
    v.string(says("TYPE", about, "text")),
    v.check(
      (value) => expectedOf(value) === undefined,
      ({ input }) => says(code, about, expectedOf(input as string) ?? ""),
    ),
  );
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

/** A value with exactly one of several fields; `extra` says what may stand beside one. */
export function oneForm(
  code: ConfigCode,
  about: string,
  forms: Record<string, Schema>,
  extra: (form: string) => Record<string, Schema> = () => ({}),
) {
  const names = Object.keys(forms);
  const schemas = new Map(
    names.map((form) => [form, record(about, { [form]: forms[form] as Schema, ...extra(form) })]),
  );
  const none = nothing(code, about, `exactly one of ${names.join(", ")}`);
  return (input: object): Schema => {
    const given = names.filter((form) => Object.hasOwn(input, form));
    return given.length === 1 ? (schemas.get(given[0] as string) as Schema) : none;
  };
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
