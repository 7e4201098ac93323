/** The length that a flat list of headers announces; -1 for none. */
export function lengthIn(headers: readonly string[]): number {
  const at = lengthAt(headers);
  return at === -1 ? -1 : Number(headers[at + 1]);
}

/** Takes the length of a body out of a flat list of headers, because it will be another. */
export function dropLength(headers: string[]): number {
  const at = lengthAt(headers);
  if (at !== -1) headers.splice(at, 2);
  return -1;
}

function lengthAt(headers: readonly string[]): number {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (name.length === 14 && name.toLowerCase() === "content-length") return i;
  }
  return -1;
}
