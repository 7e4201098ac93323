import { outlined } from "./outline.js";
import { checked, either, list, type Schema } from "./schema.js";

/** One value, or a list of such that is not empty: nothing could ever hold of none. */
export function oneOrMany(about: string, one: Schema): Schema {
  const many = outlined(
    checked(
      list(about, one),
      (items) => (items as unknown[]).length > 0,
      "EMPTY",
      about,
      "a list with at least one entry",
    ),
    { minItems: 1 },
  );
  return either(
    (input) => (Array.isArray(input) ? many : one),
    () => [one, many],
  );
}
