import { isAddressRange } from "../match/address.js";
import { isHostPattern, parseHost } from "../match/host.js";
import { compilePath, isPatternProblem } from "../match/pattern.js";
import { regexProblem } from "../match/regex.js";
import type { ConfigCode } from "./codes.js";
import { explained, number, text, type Schema } from "./schema.js";
import * as patterns from "./text-patterns.js";

export const name = (about: string) =>
  text("NAME", about, "non-empty text without control characters", patterns.NAME);
export const headerName = text(
  "HEADER_NAME",
  "a header name",
  "a token of RFC 9110 (letters, digits, -)",
  patterns.TOKEN,
);
export const headerValue = text(
  "HEADER_VALUE",
  "a header value",
  "text without control characters or characters beyond U+00FF",
  patterns.HEADER_VALUE,
);
export const pseudonym = text(
  "VIA",
  "via",
  'a token such as "edge-1" (letters, digits, -)',
  patterns.TOKEN,
);
export const method = text(
  "METHOD",
  "a method",
  "an upper-case token such as GET",
  patterns.METHOD,
);
export const weight = number(
  "SPLIT_WEIGHT",
  "weight",
  "a finite number >= 0",
  (value) => Number.isFinite(value) && value >= 0,
  { minimum: 0 },
);
/** Timers count in 32 bits: a longer time would pass at once. About 24.8 days. */
const MOST_MS = 2_147_483_647;
export const milliseconds = (about: string, least = 0) =>
  number(
    "TIME",
    about,
    `a number of milliseconds from ${least} to ${MOST_MS}`,
    (value) => value >= least && value <= MOST_MS,
    { minimum: least, maximum: MOST_MS },
  );
function boundsOf(least: number, most: number): string {
  if (most !== Number.MAX_SAFE_INTEGER) return ` from ${least} to ${most}`;
  return least === Number.MIN_SAFE_INTEGER ? "" : ` >= ${least}`;
}

export const whole = (
  code: ConfigCode,
  about: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
) =>
  number(
    code,
    about,
    `a whole number${boundsOf(least, most)}`,
    (value) => Number.isInteger(value) && value >= least && value <= most,
    { type: "integer", minimum: least, maximum: most },
  );
export const ratio = (about: string) =>
  number("RATIO", about, "a number from 0 to 1", (value) => value >= 0 && value <= 1, {
    minimum: 0,
    maximum: 1,
  });
export const port = whole("PORT", "a port", 1, 65_535);
export const addressRange = text(
  "ADDRESS",
  "an address",
  'an IP address or a CIDR range such as "10.0.0.0/8"',
  isAddressRange,
);
export const hostPattern = text(
  "HOST",
  "a host",
  'a host name without port such as "api.shop.com" or "*.shop.com"',
  isHostPattern,
  patterns.HOST_PATTERN,
);
export const hostName = text(
  "HOST",
  "a host",
  "a host name without port",
  (value) => isHostPattern(value) && !value.startsWith("*"),
  patterns.HOST,
);
export const authority = text(
  "HOST",
  "a host",
  'a host name, with a port if need be, such as "api.shop.com:8080"',
  (value) => value !== "" && parseHost(value) !== undefined,
  patterns.AUTHORITY,
);

export const regex = explained("REGEX", "a regex", regexProblem, {
  expected: "one of JavaScript and RE2 at once: without look-around and back-references",
});

export function path(
  condition: (value: string) => Parameters<typeof compilePath>[0],
  looks = { expected: 'one such as "/orders"', pattern: patterns.PATH },
): Schema {
  const expectedOf = (value: string) => {
    const compiled = compilePath(condition(value));
    return isPatternProblem(compiled) ? `well formed: ${compiled.problem}` : undefined;
  };
  return explained("PATH", "a path", expectedOf, looks);
}

/** Of which a part behind `?` is as free as queries are. */
export const pathAndQuery = explained(
  "PATH",
  "a path",
  (value) => {
    const [first = "", ...query] = value.split("?");
    const compiled = compilePath({ exact: first });
    if (isPatternProblem(compiled)) return `well formed: ${compiled.problem}`;
    return patterns.QUERY.test(query.join("?")) ? undefined : "one without # in its query";
  },
  { expected: 'one such as "/healthz?deep=1"', pattern: patterns.PATH_AND_QUERY },
);
export const absolutePath = path((value) => ({ exact: value }));
