import { headerOf, type RequestView } from "../request.js";
import { lastHeader } from "./header-changes.js";

/**
 * Whether `Via` names a pseudonym, so that the request was here before. Comments are read like the rest: an open
 * parenthesis of a client must not hide a loop.
 *
 * Source: RFC 9110 section 7.6.3.
 */
export function hasVia(view: RequestView, pseudonym: string): boolean {
  const via = headerOf(view, "via", "Via");
  if (via === undefined) return false;
  const wanted = pseudonym.toLowerCase();
  return via.split(",").some((entry) => {
    const [, by] = entry.trim().split(/[ \t]+/, 2);
    return by?.toLowerCase() === wanted;
  });
}

/** Adds a pseudonym to the last line of `Via` in a flat list, with the version of HTTP that the client spoke. */
export function addVia(headers: string[], pseudonym: string, view: RequestView): void {
  const entry = `${receivedVersion(view)} ${pseudonym}`;
  const last = lastHeader(headers, "via");
  if (last === -1) headers.push("via", entry);
  else if (headers[last + 1] === "") headers[last + 1] = entry;
  else headers[last + 1] = `${headers[last + 1] as string}, ${entry}`;
}

function receivedVersion({ httpVersion }: RequestView): string {
  if (httpVersion === "1.0") return "1.0";
  if (httpVersion === "2.0" || httpVersion === "2") return "2";
  return httpVersion === "3.0" || httpVersion === "3" ? "3" : "1.1";
}
