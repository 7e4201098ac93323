import { isAddress } from "./cookie-name.js";

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
/** Visible ASCII without `;`, which would end the attribute. */
const PATH = /^\/[\u0021-\u003a\u003c-\u007e]{0,1023}$/;
const LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
const DOMAIN = new RegExp(`^(?=.{1,253}$)(?!(?:.*\\.)?\\d+$)${LABEL}(?:\\.${LABEL})*$`);
/** Characters of the shortest secret. */
export const LEAST_SECRET = 16;
/** 400 days. */
export const MOST_TTL_S = 34_560_000;
/** The memory takes its space when it is made. */
export const MOST_CAPACITY = 1_000_000;

/** What the name of a cookie must be; undefined when it is. Source: RFC 6265bis section 4.1.1. */
export function cookieNameProblem(name: string): string | undefined {
  if (NAME.test(name)) return undefined;
  return "a token of RFC 9110 (letters, digits, -) of at most 128 characters";
}

/** What the path of a cookie must be; undefined when it is. Source: RFC 6265bis sections 4.1.1 and 5.6. */
export function cookiePathProblem(path: string): string | undefined {
  if (PATH.test(path)) return undefined;
  return 'a path such as "/shop" in visible ASCII, without ";", of at most 1024 characters';
}

/** What the domain of a cookie must be; undefined when it is. Source: RFC 6265bis section 4.1.2.3. */
export function cookieDomainProblem(domain: string): string | undefined {
  if (DOMAIN.test(domain)) return undefined;
  return 'a host name without port or leading dot such as "shop.com", no address';
}

/** What a secret must be; undefined when it is. Never shows the secret: nor should a message around it. */
export function secretProblem(secret: string): string | undefined {
  if (secret.length >= LEAST_SECRET) return undefined;
  return `text of at least ${LEAST_SECRET} characters that nobody can guess`;
}

/** What a time to live must be; undefined when it is. Source: RFC 6265bis section 5.5. */
export function ttlProblem(ttlS: number): string | undefined {
  if (Number.isInteger(ttlS) && ttlS >= 1 && ttlS <= MOST_TTL_S) return undefined;
  return `a whole number of seconds from 1 to ${MOST_TTL_S}`;
}

/** A field of an affinity that does not go with the others. */
export interface AffinityProblem {
  /** Names that lead to it from the affinity. */
  readonly at: readonly string[];
  readonly about: string;
  /** What it must be. */
  readonly expected: string;
}

/**
 * What the fields of an affinity say against each other. Looks at each in the right type only: whether it has that
 * is for the checks of single fields.
 */
export function checkAffinity(service: string, affinity: unknown): readonly AffinityProblem[] {
  const cookie = recordOf(recordOf(affinity)["cookie"]);
  if (cookie === NOTHING) return [];
  const problems: AffinityProblem[] = [];
  const must = (field: string, expected: string) =>
    problems.push({ at: ["cookie", field], about: field, expected });
  const { name, sign } = cookie;
  if (name === undefined && isAddress(service)) {
    must("name", "given where the service is named by an address, which a cookie must not show");
  }
  const reason = secureReason(cookie);
  if (reason !== undefined) must("secure", reason);
  if (typeof name === "string") checkPrefix(name, cookie, must);
  if (cookie["sliding"] === true && cookie["ttlS"] === undefined) {
    must("sliding", "left out where there is no ttlS that could begin again");
  }
  if (Array.isArray(sign)) {
    if (sign.length === 0) must("sign", "a secret, or several");
    if (new Set(sign).size < sign.length) must("sign", "a list in which each secret stands once");
  }
  return problems;
}

type Fields = { readonly [name: string]: unknown };

const NOTHING: Fields = Object.freeze({});

function recordOf(input: unknown): Fields {
  return typeof input === "object" && input !== null ? (input as Fields) : NOTHING;
}

// Clients drop a cookie that breaks one of these without a word.
function secureReason({ secure, sameSite, partitioned }: Fields): string | undefined {
  if (secure !== false) return undefined;
  if (sameSite === "none") return 'true or left out where sameSite is "none"';
  return partitioned === true ? "true or left out where partitioned is true" : undefined;
}

// Source: RFC 6265bis section 4.1.3, which tells prefixes whatever their case.
function checkPrefix(
  name: string,
  { secure, path = "/", domain, httpOnly }: Fields,
  must: (field: string, expected: string) => void,
): void {
  const prefix = /^__(?:secure|http|host(?:-http)?)-/i.exec(name)?.[0].toLowerCase();
  if (prefix === undefined) return;
  const where = `where the name begins with ${name.slice(0, prefix.length)}`;
  if (secure !== true) must("secure", `true ${where}`);
  if (prefix.includes("http-") && httpOnly === false) must("httpOnly", `true or left out ${where}`);
  if (!prefix.startsWith("__host-")) return;
  if (path !== "/") must("path", `"/" or left out ${where}`);
  if (domain !== undefined) must("domain", `left out ${where}`);
}
