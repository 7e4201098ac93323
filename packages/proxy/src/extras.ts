import { recordOf } from "./head-record.js";
import { TE, TRAILER } from "./request-marks.js";
import type { RequestExtras } from "./slot.js";
import { passedTrailers, trailerNames } from "./trailers.js";
import type { ServerRequest } from "./view.js";

/**
 * What a request asks for beside being sent; undefined for nearly all.
 *
 * @param marks of its head
 * @param expectsContinue whether the client waits for leave to send its body
 */
export function extrasOf(
  req: ServerRequest,
  marks: number,
  expectsContinue: boolean,
): RequestExtras | undefined {
  if ((marks & (TE | TRAILER)) === 0 && !expectsContinue) return undefined;
  const { te, trailer } = req.headers;
  const announced = trailerNames(trailer);
  const takes = te !== undefined && takesTrailers(req);
  if (!takes && announced === undefined && !expectsContinue) return undefined;
  return {
    expectsContinue,
    takesTrailers: takes,
    announced,
    trailers: () => passedTrailers(recordOf(req.rawTrailers)) ?? [],
  };
}

/** The same for an attempt beside another one: it has the whole body, and asks for no leave to send it. */
export function extrasBeside(extras: RequestExtras | undefined): RequestExtras | undefined {
  if (extras?.expectsContinue !== true) return extras;
  const { takesTrailers: takes, announced } = extras;
  return takes || announced !== undefined ? { ...extras, expectsContinue: false } : undefined;
}

/**
 * Whether the client takes trailers of this connection: over HTTP/1.1 only when `Connection` names `TE`, which else may
 * be another's that a proxy let through. Source: RFC 9110 section 10.1.4.
 */
export function takesTrailers(req: ServerRequest): boolean {
  const { te, connection } = req.headers;
  if (te === undefined || !/(^|,)[ \t]*trailers[ \t]*(;|,|$)/i.test(String(te))) return false;
  return req.httpVersionMajor >= 2 || /(^|,)[ \t]*te[ \t]*(,|$)/i.test(connection ?? "");
}
