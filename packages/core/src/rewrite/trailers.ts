import { headerOf, type RequestView } from "../request.js";

/**
 * Whether a client takes trailers: its `TE` lists `trailers`. On HTTP/1 its `Connection` has to name `TE`, or the field
 * may be that of somebody further away; a view without `httpVersion` is believed.
 *
 * @example
 * acceptsTrailers({ method: "GET", url: "/", headers: { te: "trailers" } }); // true
 *
 * Source: RFC 9110 sections 6.5.1 and 10.1.4, RFC 9113 section 8.2.2.
 */
export function acceptsTrailers(view: RequestView): boolean {
  const te = headerOf(view, "te", "TE");
  if (te === undefined || !lists(te, "trailers")) return false;
  if (view.httpVersion?.startsWith("1.") !== true) return true;
  return lists(headerOf(view, "connection", "Connection") ?? "", "te");
}

function lists(list: string, wanted: string): boolean {
  return list.split(",").some((entry) => entry.trim().toLowerCase() === wanted);
}
