/**
 * What went wrong:
 *
 * - `failed`: the source failed, or ended without a list. `cause` is what it gave.
 * - `empty`: the list was empty and the one of before is kept.
 * - `refused`: the service did not take the list (`cause` is a GatewayConfigError for a bad one); the one of before is kept.
 * - `stale`: there was no good list for `maxStaleMs`, and the service was emptied.
 * - `closed`: it was closed before the first list.
 */
export type DiscoveryErrorKind = "failed" | "empty" | "refused" | "stale" | "closed";

/** Something that kept a list from being applied. */
export class DiscoveryError extends Error {
  override readonly name = "DiscoveryError";
  readonly kind: DiscoveryErrorKind;

  constructor(kind: DiscoveryErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** What was thrown, in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
