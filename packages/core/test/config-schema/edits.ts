import fc from "fast-check";
import { numbers, texts } from "./values.js";

/** One change of a config: what is done at the n-th place of it. */
export interface Edit {
  readonly at: number;
  readonly kind: "drop" | "rename" | "replace" | "double";
  readonly name: string;
  readonly value: unknown;
}

/** Changes of configs; what they put in comes from elsewhere in the given ones, or is anything. */
export function editsOf(configs: readonly unknown[]): fc.Arbitrary<readonly Edit[]> {
  const values = configs.flatMap((config) => [
    config,
    ...placesOf(config).map(({ value }) => value),
  ]);
  const names = [...new Set(configs.flatMap(placesOf).map(({ key }) => String(key)))];
  return fc.array(
    fc.record({
      at: fc.nat(),
      kind: fc.constantFrom("drop", "rename", "replace", "double"),
      name: fc.oneof(fc.constantFrom(...names), fc.constantFrom(...texts)),
      value: fc.oneof(
        fc.constantFrom(...values),
        fc.constantFrom<unknown>(...texts, ...numbers, true, false, null),
        fc.jsonValue({ maxDepth: 1 }),
      ),
    }),
    { minLength: 1, maxLength: 2 },
  );
}

/** A config with changes made to a copy of it. */
export function edited(config: unknown, edits: readonly Edit[]): unknown {
  const root = { config: structuredClone(config) };
  for (const edit of edits) {
    const places = placesOf(root);
    const place = places[edit.at % Math.max(1, places.length)];
    if (place !== undefined) change(place, edit);
  }
  return root.config;
}

interface Place {
  readonly owner: Record<string, unknown> | unknown[];
  readonly key: string | number;
  readonly value: unknown;
}

function placesOf(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const owner = value as Record<string, unknown> | unknown[];
  return Object.entries(owner).flatMap(([name, inner]: [string, unknown]) => {
    const key = Array.isArray(owner) ? Number(name) : name;
    return [{ owner, key, value: inner }, ...placesOf(inner)];
  });
}

function change({ owner, key, value }: Place, edit: Edit): void {
  if (Array.isArray(owner)) {
    const index = key as number;
    if (edit.kind === "replace") owner.splice(index, 1, structuredClone(edit.value));
    else if (edit.kind === "double") owner.splice(index, 0, structuredClone(value));
    else owner.splice(index, 1);
    return;
  }
  const put = (name: string, given: unknown) =>
    Object.defineProperty(owner, name, {
      value: structuredClone(given),
      ...{ enumerable: true, configurable: true, writable: true },
    });
  if (edit.kind === "drop" || edit.kind === "rename") delete owner[key];
  if (edit.kind === "rename" || edit.kind === "double") put(edit.name, value);
  if (edit.kind === "replace") put(key as string, edit.value);
}
