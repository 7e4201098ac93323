/** Header or trailer fields by lower-case name. */
export type Headers = Record<string, string | string[] | undefined>;

/** Fields by lower-case name, of a flat list; several lines of one name become a list. */
export function recordOf(flat: readonly string[]): Record<string, string | string[]> {
  const record = Object.create(null) as Record<string, string | string[]>;
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = (flat[i] as string).toLowerCase();
    const value = flat[i + 1] as string;
    const before = record[name];
    if (before === undefined) record[name] = value;
    else if (typeof before === "string") record[name] = [before, value];
    else before.push(value);
  }
  return record;
}
