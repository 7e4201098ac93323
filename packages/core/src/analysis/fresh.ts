/** A word that stands in none of the given texts: it escapes every condition that names a text. */
export function freshWord(texts: readonly string[]): string {
  let word = "zq7";
  for (let number = 0; texts.some((text) => text.toLowerCase().includes(word)); number++)
    word = `zq${number}z`;
  return word;
}
