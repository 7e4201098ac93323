/** A record of which nothing is known. */
export type Loose = { readonly [field: string]: unknown };

// Reads what may be anything: the shape of each part is checked elsewhere, so what has the wrong one is left out here.

export const isRecord = (value: unknown): value is Loose =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const recordOf = (value: unknown): Loose => (isRecord(value) ? value : {});

export const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** One value or a list of them, as a list; nothing for undefined. */
export const manyOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];
