import { headerOf, type RequestView } from "../request.js";
import { plainAddress, type AddressSet } from "./address.js";

/** Hops past this number are not walked: a bound on what a client can make us read. */
const MAX_HOPS = 50;

/** The client as far as it can be known, and whether the peer may speak for others. */
export interface Client {
  readonly address: string;
  readonly peerTrusted: boolean;
  readonly peer: string;
}

const UNKNOWN: Client = { address: "", peer: "", peerTrusted: false };

/**
 * Works out the address of the client: the peer of the socket, unless that is a trusted proxy; then the
 * entries of `X-Forwarded-For` are walked from right to left, as long as they are trusted. An entry that
 * is no address ends the walk.
 *
 * Source: RFC 7239 section 8.1.
 */
export function clientOf(view: RequestView, trusted: AddressSet | undefined): Client {
  const remote = view.remoteAddress;
  if (remote === undefined) return UNKNOWN;
  const peer = remote.startsWith("::ffff:") ? (plainAddress(remote) ?? remote) : remote;
  if (trusted === undefined || !trusted(peer)) return { address: peer, peer, peerTrusted: false };
  const forwarded = headerOf(view, "x-forwarded-for");
  if (forwarded === undefined) return { address: peer, peer, peerTrusted: true };
  return { address: walk(peer, forwarded, trusted), peer, peerTrusted: true };
}

function walk(peer: string, forwarded: string, trusted: AddressSet): string {
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
