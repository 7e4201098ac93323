import { isAddressRange } from "../match/address.js";
import { isHostPattern, parseHost } from "../match/host.js";
import { compilePath, isPatternProblem } from "../match/pattern.js";
import { regexProblem } from "../match/regex.js";
import type { ConfigCode } from "./codes.js";
import { explained, number, text, type Schema } from "./schema.js";

export const CONTROL = /[\u0000-\u001f\u007f]/;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

export const name = (about: string) =>
  text(
    "NAME",
    about,
    "non-empty text without control characters",
    (value) => value !== "" && !CONTROL.test(value),
  );
export const headerName = text(
  "HEADER_NAME",
  "a header name",
  "a token of RFC 9110 (letters, digits, -)",
  (value) => TOKEN.test(value),
);
export const headerValue = text(
  "HEADER_VALUE",
  "a header value",
  "text without control characters",
  (value) => !CONTROL.test(value.replaceAll("\t", "")),
);
export const method = text(
  "METHOD",
  "a method",
  "an upper-case token such as GET",
  (value) => TOKEN.test(value) && value === value.toUpperCase(),
);
export const weight = number(
  "SPLIT_WEIGHT",
  "weight",
  "a finite number >= 0",
  (value) => Number.isFinite(value) && value >= 0,
);
export const milliseconds = (about: string, least = 0) =>
  number(
    "TIME",
    about,
    `a finite number of milliseconds >= ${least}`,
    (value) => Number.isFinite(value) && value >= least,
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
  number(code, about, `a whole number${boundsOf(least, most)}`, (value) => {
    return Number.isInteger(value) && value >= least && value <= most;
  });
export const ratio = (about: string) =>
  number("RATIO", about, "a number from 0 to 1", (value) => value >= 0 && value <= 1);
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
);
export const hostName = text(
  "HOST",
  "a host",
  "a host name without port",
  (value) => isHostPattern(value) && !value.startsWith("*"),
);
export const authority = text(
  "HOST",
  "a host",
  'a host name, with a port if need be, such as "api.shop.com:8080"',
  (value) => value !== "" && parseHost(value) !== undefined,
);

export const regex = explained("REGEX", "a regex", regexProblem);

export function path(condition: (value: string) => Parameters<typeof compilePath>[0]): Schema {
  return explained("PATH", "a path", (value) => {
    const compiled = compilePath(condition(value));
    return isPatternProblem(compiled) ? `well formed: ${compiled.problem}` : undefined;
  });
}

export const absolutePath = path((value) => ({ exact: value }));
