import fc from "fast-check";
import { schema } from "./ajv.js";
import { numbers, texts } from "./values.js";

interface Part {
  readonly $ref?: string;
  readonly anyOf?: readonly Part[];
  readonly oneOf?: readonly { readonly required: readonly string[] }[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly properties?: Readonly<Record<string, Part>>;
  readonly required?: readonly string[];
  readonly propertyNames?: Part;
  readonly additionalProperties?: Part | false;
  readonly items?: Part;
}

/**
 * Configs that look like what the schema describes: of each part the right form and mostly the right value,
 * with texts and numbers near the bounds on both sides.
 */
export const nearConfigs: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  ...Object.fromEntries(
    Object.entries(schema.$defs).map(([name, part]) => [name, arbitraryOf(part as Part, tie)]),
  ),
  config: arbitraryOf(schema as Part, tie),
}))["config"] as fc.Arbitrary<unknown>;

type Tie = (name: string) => fc.Arbitrary<unknown>;

function arbitraryOf(part: Part, tie: Tie): fc.Arbitrary<unknown> {
  if (part.$ref !== undefined) return tie(part.$ref.slice("#/$defs/".length));
  if (part.anyOf !== undefined)
    return fc.oneof(
      { maxDepth: 6, depthIdentifier: "config" },
      ...part.anyOf.map((form) => arbitraryOf(form, tie)),
    );
  if ("const" in part) return fc.constant(part.const);
  if (part.enum !== undefined) return fc.constantFrom(...part.enum);
  switch (part.type) {
    case "string":
      return textOf(part.pattern);
    case "number":
    case "integer":
      return numberOf(part);
    case "boolean":
      return fc.boolean();
    case "array":
      return fc.array(arbitraryOf(part.items as Part, tie), { maxLength: 2 });
    case "object":
      return part.properties === undefined ? mapOf(part, tie) : recordOf(part, tie);
    default:
      return fc.jsonValue({ maxDepth: 1 });
  }
}

function mostly(good: readonly unknown[], any: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    { arbitrary: fc.constantFrom(...good), weight: 29 },
    { arbitrary: fc.constantFrom(...any), weight: 1 },
  );
}

function textOf(pattern: string | undefined): fc.Arbitrary<unknown> {
  const regex = new RegExp(pattern ?? "", "u");
  return mostly(
    texts.filter((text) => regex.test(text)),
    texts,
  );
}

function numberOf(part: Part): fc.Arbitrary<unknown> {
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity } = part;
  const isGood = (number: number) =>
    number >= minimum &&
    number <= maximum &&
    number > exclusiveMinimum &&
    (part.type === "number" || Number.isInteger(number));
  return mostly(numbers.filter(isGood), numbers);
}

function mapOf(part: Part, tie: Tie): fc.Arbitrary<unknown> {
  const key = textOf(part.propertyNames?.pattern) as fc.Arbitrary<string>;
  const value = arbitraryOf(part.additionalProperties as Part, tie);
  return fc.array(fc.tuple(key, value), { maxLength: 2 }).map(Object.fromEntries);
}

function recordOf(part: Part, tie: Tie): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], oneOf } = part;
  const groups = (oneOf ?? []).map((group) => group.required);
  const fields = Object.entries(properties).map(([name, inner]) => {
    const value = arbitraryOf(inner, tie);
    if (required.includes(name) || groups.flat().includes(name)) return value;
    return fc.oneof(
      { arbitrary: fc.constant(undefined), weight: 4 },
      { arbitrary: value, weight: 1 },
    );
  });
  const names = Object.keys(properties);
  const others =
    groups.length === 0
      ? [[]]
      : groups.map((kept) => groups.flat().filter((name) => !kept.includes(name)));
  return fc
    .tuple(fc.tuple(...fields), fc.constantFrom(...others))
    .map(([values, left]) =>
      Object.fromEntries(
        names.flatMap((name, index) =>
          values[index] === undefined || left.includes(name) ? [] : [[name, values[index]]],
        ),
      ),
    );
}
