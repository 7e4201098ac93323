import {
  name,
  headerName,
  method,
  whole,
  port,
  addressRange,
  hostPattern,
  regex,
  path,
  absolutePath,
} from "./leaf-shapes.js";
import { oneOrMany } from "./one-or-many.js";
import { outlined } from "./outline.js";
import {
  checked,
  choice,
  either,
  flag,
  isObject,
  isText,
  list,
  map,
  nothing,
  oneForm,
  optional,
  record,
  text,
  type Schema,
} from "./schema.js";
import { PATH_PATTERN } from "./text-patterns.js";

/** Conditions may be nested in `not` this deep. */
const MAX_NESTING = 20;

const plainText = text("TYPE", "a text condition", "text");
const chooseCondition = oneForm(
  "CONDITION",
  "a text condition",
  {
    equals: plainText,
    startsWith: plainText,
    endsWith: plainText,
    contains: plainText,
    regex,
    oneOf: list("oneOf", plainText),
    range: outlined(
      checked(
        record("a range", {
          from: optional(whole("RANGE", "from", Number.MIN_SAFE_INTEGER)),
          to: optional(whole("RANGE", "to", Number.MIN_SAFE_INTEGER)),
        }),
        (range) => {
          const { from, to } = range as { from?: number; to?: number };
          return from !== undefined || to !== undefined
            ? (from ?? -Infinity) < (to ?? Infinity)
            : false;
        },
        "RANGE",
        "a range",
        "from below to, at least one of the two",
      ),
      { minProperties: 1 },
    ),
    present: flag("present"),
    not: either(
      (input) =>
        nesting(input) > MAX_NESTING
          ? nothing("CONDITION", "a text condition", `at most ${MAX_NESTING} deep`)
          : condition,
      () => [condition],
    ),
  },
  (form) =>
    ["range", "present", "not"].includes(form) ? {} : { ignoreCase: optional(flag("ignoreCase")) },
);
const condition: Schema = either(
  (input) =>
    isText(input)
      ? plainText
      : isObject(input)
        ? chooseCondition(input)
        : nothing("CONDITION", "a text condition", "text or a record with one form"),
  () => [plainText, ...chooseCondition.forms],
);

function nesting(input: unknown): number {
  let depth = 0;
  for (
    let inner = input;
    isObject(inner) && depth <= MAX_NESTING && Object.hasOwn(inner, "not");
    depth++
  )
    inner = (inner as { not: unknown }).not;
  return depth;
}

const choosePath = oneForm("PATH", "a path condition", {
  exact: absolutePath,
  prefix: path((value) => ({ prefix: value })),
  startsWith: path((value) => ({ startsWith: value })),
  regex,
});
const pathPattern = path((value) => value, {
  expected: 'one of whole segments such as "/orders/:id" or "/orders/*"',
  pattern: PATH_PATTERN,
});
const pathCondition = either(
  (input) => (isObject(input) ? choosePath(input) : pathPattern),
  () => [pathPattern, ...choosePath.forms],
);

export const matchFields = {
  path: optional(pathCondition),
  host: optional(oneOrMany("host", hostPattern)),
  method: optional(oneOrMany("method", method)),
  headers: optional(map("headers", headerName, condition)),
  query: optional(map("query", name("a query parameter"), condition)),
  cookies: optional(map("cookies", name("a cookie"), condition)),
  params: optional(map("params", name("a path parameter"), condition)),
  facts: optional(map("facts", name("a fact"), condition)),
  clientAddress: optional(oneOrMany("clientAddress", addressRange)),
  protocol: optional(choice("PROTOCOL", "protocol", ["http", "https"])),
  port: optional(oneOrMany("port", port)),
};
export const match = oneOrMany("match", record("a match", matchFields));
