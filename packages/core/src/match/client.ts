import { headerOf, type RequestView } from "../request.js";
import { plainAddress, type AddressSet } from "./address.js";

/** Hops past this number are not walked: a bound on what a client can make us read. */
export const MAX_HOPS = 50;

/** Takes as many addresses as are trusted, whatever they are. */
export function firstAddresses(count: number): AddressSet {
  let left = count;
  return () => left-- > 0;
}

/**
 * The address of the client behind a trusted peer: the entries of `X-Forwarded-For` are walked from right to
 * left, as long as they are trusted. An entry that is no address ends the walk.
 *
 * Source: RFC 7239 section 8.1.
 */
export function clientAddressOf(peer: string, view: RequestView, trusted: AddressSet): string {
  const forwarded = headerOf(view, "x-forwarded-for");
  if (forwarded === undefined) return peer;
  let address = peer;
  let end = forwarded.length;
  for (let hops = 0; hops < MAX_HOPS && end > 0; hops++) {
    const comma = forwarded.lastIndexOf(",", end - 1);
    const entry = plainAddress(forwarded.slice(comma + 1, end).trim());
    if (entry === undefined) return address;
    address = entry;
    if (!trusted(entry)) return address;
    end = comma === -1 ? 0 : comma;
  }
  return address;
}
