/** A host as it stands in a request: its name for matching, and the port if one was given. */
export interface ParsedHost {
  /** Lower case, without port and final dot. */
  readonly name: string;
  /** 0 when none is given. */
  readonly port: number;
}

/** A name of 255 characters with a port. */
const MAX_HOST = 261;
const NO_HOST: ParsedHost = { name: "", port: 0 };
const HOST =
  /^(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[(?=[^\]]*:[^\]]*:)[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{0,5}))?$/;

/**
 * Parses `host[:port]`. Undefined for what no host is: userinfo, spaces, lists, a port that is none.
 *
 * Source: RFC 9112 section 3.2, RFC 9110 section 4.2.
 */
export function parseHost(text: string): ParsedHost | undefined {
  if (text === "") return NO_HOST;
  if (text.length > MAX_HOST) return undefined;
  const match = HOST.exec(text);
  if (match === null) return undefined;
  const digits = match[1];
  const port = digits === undefined || digits === "" ? 0 : Number(digits);
  if (port > 65_535) return undefined;
  let name = digits === undefined ? text : text.slice(0, text.length - digits.length - 1);
  if (name.endsWith(".")) name = name.slice(0, -1);
  return { name: name.toLowerCase(), port };
}

/** Whether a text is lower-case labels with single dots between them: the usual case, which needs no parsing. */
export function isPlainHost(text: string): boolean {
  if (text.length > MAX_HOST) return false;
  let wasDot = true;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 45 || code === 95) {
      wasDot = false;
    } else if (code === 46 && !wasDot) {
      wasDot = true;
    } else {
      return false;
    }
  }
  return !wasDot;
}

/** A host of the configuration in the form of requests: lower case, without a final dot. */
export function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
}

/** Whether a configured host is well formed: a name, an IP address, or `*.` and a name. */
export function isHostPattern(host: string): boolean {
  const bare = host.startsWith("*.") ? host.slice(2) : host;
  const parsed = parseHost(bare);
  return (
    bare !== "" &&
    parsed !== undefined &&
    parsed.port === 0 &&
    !/:[0-9]*$/.test(bare.replace(/^\[.*\]/, ""))
  );
}

/** Calls back for each wildcard that takes a host, longest first: `b.c`, then `c`, for `a.b.c`. */
export function wildcardSuffixes(host: string): string[] {
  const suffixes: string[] = [];
  if (host.startsWith("[")) return suffixes;
  for (let dot = host.indexOf("."); dot !== -1; dot = host.indexOf(".", dot + 1))
    suffixes.push(host.slice(dot + 1));
  return suffixes;
}

/** Whether a configured host (canonical; empty for every host) takes that of a request. */
export function takesHost(pattern: string, host: string): boolean {
  if (pattern === "") return true;
  return pattern.startsWith("*.")
    ? wildcardSuffixes(host).includes(pattern.slice(2))
    : pattern === host;
}
