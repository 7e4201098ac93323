import type { CookieRule, CookieValues } from "./affinity-rule.js";

/** Who is meant by a value. */
export interface Pinned<Instance> {
  readonly instance: Instance;
  /** Whether the value is the one that is given out now; false for one of an older secret. */
  readonly isCurrent: boolean;
}

interface HasId {
  readonly id: string;
}

/**
 * The instances of a service by the values of their cookies. Values are looked up and never compared character by
 * character, so the time that it takes says nothing about how near a guess was.
 */
export interface PinTable<Instance extends HasId> {
  readonly rule: CookieRule;
  /** By value, those of older secrets too. */
  readonly pinned: Map<string, Pinned<Instance>>;
  /** By id of the instance. */
  readonly values: Map<string, CookieValues>;
}

/** A table that knows no instance yet. */
export function newPinTable<Instance extends HasId>(rule: CookieRule): PinTable<Instance> {
  return { rule, pinned: new Map(), values: new Map() };
}

/** Whether the table stays right under a rule, which may set cookies in another way but makes the same values. */
export function suits(table: PinTable<HasId>, rule: CookieRule): boolean {
  return table.rule.fingerprint === rule.fingerprint;
}

/** Takes an instance in, in the place of another of the same id. Writes. O(secrets). */
export function addPin<Instance extends HasId>(
  table: PinTable<Instance>,
  instance: Instance,
): void {
  const { id } = instance;
  const values = table.values.get(id) ?? table.rule.valuesOf(id);
  table.values.set(id, values);
  const older: Pinned<Instance> = { instance, isCurrent: false };
  for (const value of values) table.pinned.set(value, older);
  table.pinned.set(values[0], { instance, isCurrent: true });
}

/** Takes an instance out; nothing happens when another object has taken its id. Writes. O(secrets). */
export function removePin<Instance extends HasId>(
  table: PinTable<Instance>,
  instance: Instance,
): void {
  const values = table.values.get(instance.id);
  if (values === undefined || table.pinned.get(values[0])?.instance !== instance) return;
  for (const value of values) table.pinned.delete(value);
  table.values.delete(instance.id);
}

/** Who is meant by the value that a client brought; undefined for every value that is not of this table. O(1). */
export function pinnedBy<Instance extends HasId>(
  table: PinTable<Instance>,
  value: string,
): Pinned<Instance> | undefined {
  return table.pinned.get(value);
}

/** The value to give out for an instance; undefined when the table does not know it. O(1). */
export function valueOf(table: PinTable<HasId>, { id }: HasId): string | undefined {
  return table.values.get(id)?.[0];
}
