import type { Schema } from "./schema.js";

/** Keywords of JSON Schema (draft 2020-12). */
export interface Keywords {
  readonly [keyword: string]: unknown;
}

/**
 * What a schema takes, as data that others can read: the schema itself holds functions. `keywords` say
 * what JSON Schema can say beside the kind.
 */
export type Outline = { readonly keywords?: Keywords } & (
  | {
      readonly kind: "leaf";
      /** What it must be, in a sentence, where the keywords do not say it all. */
      readonly expected?: string | undefined;
    }
  | { readonly kind: "optional" | "list"; readonly of: Schema }
  | { readonly kind: "map"; readonly key: Schema; readonly of: Schema }
  | { readonly kind: "record"; readonly fields: Readonly<Record<string, Schema>> }
  /** A function, because forms may hold one another. */
  | { readonly kind: "either"; readonly forms: () => readonly Schema[] }
  /** A value that JSON cannot carry. */
  | { readonly kind: "code" }
);

/** A schema that says what it takes. */
export interface Outlined {
  readonly outline?: Outline;
}

/** Says of a schema that was just made what it takes, in place. */
export function withOutline<S extends object>(schema: S, outline: Outline): S & Outlined {
  return Object.assign(schema, { outline });
}

/**
 * Says of a schema that was just made what JSON Schema can say beyond its parts, in place. A schema that
 * only a function judges has no parts: the keywords are all that is said of it.
 */
export function outlined<S extends Schema>(schema: S, keywords: Keywords): S {
  const { outline = { kind: "leaf" } } = schema as Outlined;
  return withOutline(schema, { ...outline, keywords: { ...outline.keywords, ...keywords } });
}

/** Says of a schema that was just made that what it takes cannot be written in JSON. */
export function onlyCode<S extends Schema>(schema: S): S {
  return withOutline(schema, { kind: "code" });
}
