import { distance } from "fastest-levenshtein";

/** The known name that was probably meant by an unknown one; undefined when none is near. */
export function suggest(given: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const name of known) {
    if (Math.abs(name.length - given.length) >= least) continue;
    const edits = editsBetween(given.toLowerCase(), name.toLowerCase());
    if (edits < least) {
      least = edits;
      best = name;
    }
  }
  return best;
}

// Two neighbours the wrong way round are one slip of the fingers, not two.
function editsBetween(given: string, name: string): number {
  const at = [...given].findIndex((char, index) => char !== name[index]);
  const swapped =
    given.slice(0, at) +
    given.slice(at + 1, at + 2) +
    given.slice(at, at + 1) +
    given.slice(at + 2);
  return at !== -1 && swapped === name ? 1 : distance(given, name);
}
