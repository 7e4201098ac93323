import type { HeaderChanges } from "../decision.js";
import type { HeaderRecord } from "../request.js";
import { foldedName, spellingOf } from "./field-text.js";

/**
 * Applies sets of header changes, in their order, to a flat list (name, value, name, value) in place.
 * `set` overwrites, `add` appends to the value that is there with `,` (a line of its own for `Set-Cookie`; what
 * `Vary` names already is not said twice), `remove` deletes. Names ignore case.
 *
 * Source: Kubernetes Gateway API, HTTPHeaderFilter.
 */
export function applyHeaderChanges(headers: string[], levels: readonly HeaderChanges[]): void {
  for (const changes of levels) {
    for (const [name, value] of changes.set) {
      removeHeader(headers, name);
      headers.push(name, value);
    }
    for (const [name, value] of changes.add) addHeader(headers, name, value);
    for (const name of changes.remove) removeHeader(headers, name);
  }
}

/** All names that changes touch, in lower case. */
export function namesIn(levels: readonly HeaderChanges[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { set, add, remove } of levels) {
    for (const [name] of set) names.add(name);
    for (const [name] of add) names.add(name);
    for (const name of remove) names.add(name);
  }
  return names;
}

/** Whether an odd name is another spelling of one of these, and none of them: lenient servers take both for the same. */
export function isAliasOf(name: string, names: ReadonlySet<string>): boolean {
  if (names.size === 0 || spellingOf(name) !== "odd") return false;
  const lowerName = name.toLowerCase();
  if (names.has(lowerName)) return false;
  const folded = foldedName(lowerName);
  for (const known of names) if (foldedName(known) === folded) return true;
  return false;
}

/** Headers of an answer of our own after the configured changes. */
export function changedHeaders(
  headers: HeaderRecord,
  changes: readonly HeaderChanges[],
): HeaderRecord {
  const flat = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().flatMap((line) => [name, line]),
  );
  applyHeaderChanges(flat, changes);
  const changed: Record<string, string | string[]> = {};
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] as string;
    const before = Object.hasOwn(changed, name) ? changed[name] : undefined;
    const value = flat[i + 1] as string;
    changed[name] = before === undefined ? value : [before, value].flat();
  }
  return Object.freeze(changed);
}

/** Position of the first line of a name in a flat list, or -1. */
export function findHeader(headers: readonly string[], lowerName: string, from = 0): number {
  for (let i = from; i < headers.length; i += 2)
    if (isNamed(headers[i] as string, lowerName)) return i;
  return -1;
}

/** Removes all lines of a name from a flat list. */
export function removeHeader(headers: string[], lowerName: string): void {
  let kept = 0;
  for (let i = 0; i < headers.length; i += 2)
    if (!isNamed(headers[i] as string, lowerName)) kept = keepAt(headers, i, kept);
  headers.length = kept;
}

/** Removes all lines of several names from a flat list, in one walk: both may be long. */
export function removeHeaders(headers: string[], lowerNames: ReadonlySet<string>): void {
  let kept = 0;
  for (let i = 0; i < headers.length; i += 2)
    if (!lowerNames.has((headers[i] as string).toLowerCase())) kept = keepAt(headers, i, kept);
  headers.length = kept;
}

function keepAt(headers: string[], from: number, to: number): number {
  headers[to] = headers[from] as string;
  headers[to + 1] = headers[from + 1] as string;
  return to + 2;
}

function addHeader(headers: string[], name: string, value: string): void {
  const last = name === "set-cookie" ? -1 : lastHeader(headers, name);
  if (last === -1) headers.push(name, value);
  else if (name !== "vary" || !namesAll(headers[last + 1] as string, value))
    headers[last + 1] = `${headers[last + 1] as string},${value}`;
}

// Whether a list of names holds all those of another.
function namesAll(list: string, names: string): boolean {
  const split = (text: string) => text.split(",").map((name) => name.trim().toLowerCase());
  const known = split(list);
  return known.includes("*") || split(names).every((name) => known.includes(name));
}

/** Position of the last line of a name in a flat list, or -1. */
export function lastHeader(headers: readonly string[], lowerName: string): number {
  for (let i = headers.length - 2; i >= 0; i -= 2)
    if (isNamed(headers[i] as string, lowerName)) return i;
  return -1;
}

function isNamed(given: string, lowerName: string): boolean {
  return (
    given === lowerName || (given.length === lowerName.length && given.toLowerCase() === lowerName)
  );
}
