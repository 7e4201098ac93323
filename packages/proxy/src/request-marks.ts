import type { ServerRequest } from "./view.js";

/** The head has a length for the body that is not 0. */
export const LENGTH = 1;
/** It has a transfer coding. */
export const ENCODING = 2;
/** It has the field `TE`. */
export const TE = 4;
/** It announces trailers. */
export const TRAILER = 8;

/**
 * What a head says of the body behind it, as a sum of marks. `headers` of Node would make an object of all fields
 * first, which nothing else asks for.
 */
export function marksOf({ rawHeaders }: ServerRequest): number {
  let marks = 0;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    // Names of no other length are worth a look.
    switch (name.length) {
      case 2:
        if (name.toLowerCase() === "te") marks |= TE;
        break;
      case 7:
        if (name.toLowerCase() === "trailer") marks |= TRAILER;
        break;
      case 14:
        if (name.toLowerCase() === "content-length" && rawHeaders[i + 1] !== "0") marks |= LENGTH;
        break;
      case 17:
        if (name.toLowerCase() === "transfer-encoding") marks |= ENCODING;
    }
  }
  return marks;
}
