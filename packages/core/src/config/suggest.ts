import { distance } from "fastest-levenshtein";

/** The known name that was probably meant by an unknown one; undefined when none is near. */
export function suggest(given: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const name of known) {
    if (Math.abs(name.length - given.length) >= least) continue;
    const edits = distance(given.toLowerCase(), name.toLowerCase());
    if (edits < least) {
      least = edits;
      best = name;
    }
  }
  return best;
}
