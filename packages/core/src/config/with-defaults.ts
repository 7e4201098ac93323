/**
 * Fields laid over others, the later ones over the earlier. A field that is undefined is one that is left
 * out: it hides nothing.
 */
export function withDefaults<T extends object>(
  defaults: T,
  ...layers: readonly (Partial<T> | undefined)[]
): T {
  const result = { ...defaults };
  for (const layer of layers) {
    for (const [field, value] of Object.entries(layer ?? {}))
      if (value !== undefined) Object.assign(result, { [field]: value });
  }
  return result;
}
