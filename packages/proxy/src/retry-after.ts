/**
 * How long an instance asks to be left alone. Unit: milliseconds; undefined where it says nothing that can be read.
 *
 * @param wallClock milliseconds since the epoch, for a date
 *
 * Source: RFC 9110 section 10.2.3.
 */
export function retryAfterOf(
  value: string | readonly string[] | undefined,
  wallClock = Date.now(),
): number | undefined {
  if (typeof value !== "string") return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  // Each form of a date that HTTP has ends so, and a bare number that Date.parse takes for a year does not.
  if (!/(?:GMT|\d\d:\d\d:\d\d \d{4})$/.test(value)) return undefined;
  const at = Date.parse(value.endsWith("GMT") ? value : `${value} GMT`);
  return Number.isNaN(at) ? undefined : Math.max(0, at - wallClock);
}
