/** Headers by their name in lower case; repeated ones as lists, in their order. */
export type HeaderRecord = Record<string, string | string[]>;

/** A flat list (name, value, name, value) by names. The prototype is none of the headers' business. */
export function flatToRecord(flat: readonly string[]): HeaderRecord {
  const record = Object.create(null) as HeaderRecord;
  for (let i = 0; i < flat.length; i += 2) {
    const name = (flat[i] as string).toLowerCase();
    const value = flat[i + 1] as string;
    const before = record[name];
    record[name] = before === undefined ? value : [before, value].flat();
  }
  return record;
}
