/** Text that is not empty and holds no control character. */
export const NAME = /^[^\u0000-\u001f\u007f]+$/;
/** A token. Source: RFC 9110 section 5.6.2. */
export const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
export const METHOD = /^[!#$%&'*+.^_`|~0-9A-Z-]+$/;
/** Text without control characters, but for tabs, of which each character is one byte: no other can stand in a head. */
export const HEADER_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;
export const NO_CONTROL = /^[^\u0000-\u001f\u007f]*$/;

// What follows says of hosts, paths and URLs as much as a pattern can: all that the functions which check
// them take, and little more.
const host = String.raw`(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\])`;
const authority = `${host}(?::[0-9]{0,5})?`;
const escape = "%[0-9A-Fa-f]{2}";
const path = String.raw`/(?:[^?#%\\\u0000-\u001f\u007f]|${escape})*`;
const baseUrl = `[Hh][Tt][Tt][Pp][Ss]?://${authority}(?:${path})?`;
const parameter = ":[A-Za-z_][A-Za-z0-9_]*";
const literal = String.raw`(?!:)(?:[^/*?#%\\\u0000-\u001f\u007f]|${escape})*`;
const noUrl = String.raw`(?:[^:\u0000-\u001f\u007f]|:(?!//))+`;

const whole = (source: string) => new RegExp(`^${source}$`);

export const HOST = whole(host);
export const HOST_PATTERN = whole(String.raw`(?:\*\.)?${host}`);
export const AUTHORITY = whole(authority);
export const PATH = whole(path);
const query = String.raw`[^#\u0000-\u001f\u007f]*`;
export const QUERY = whole(query);
export const PATH_AND_QUERY = whole(String.raw`${path}(?:\?${query})?`);
export const COOKIE_PATH = whole(path.replace("[^", "[^;"));
/** Parameters and literal segments, and a star at the end. */
export const PATH_PATTERN = whole(String.raw`(?=/)(?:/(?:${parameter}|${literal}))*(?:/\*)?`);
export const TEMPLATE = /^\//;
export const BASE_URL = whole(baseUrl);
/** A PEM block anywhere in the text: what is around it is comment. Source: RFC 7468. */
export const PEM_CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/;
export const PEM_KEY =
  /-----BEGIN (?:RSA |EC )?PRIVATE KEY-----[\s\S]+-----END (?:RSA |EC )?PRIVATE KEY-----/;
/** 32 bytes. */
export const SHA256_BASE64 = /^[A-Za-z0-9+/]{43}=$/;
/** A host name that is no IPv4 address: SNI has none. Source: RFC 6066 section 3. */
export const SERVER_NAME =
  /^(?![0-9.]+$)[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/;
/** The kernel takes 107 bytes and a NUL. Source: unix(7). */
export const SOCKET_PATH = /^(?:\/|\\\\)[^\u0000-\u001f\u007f]{1,106}$/;
/** `*`, or a scheme and a host without a path. */
export const ORIGIN = whole(String.raw`(?:\*|[^:/]+://[^/]+)`);
/** A base URL, or a name, which holds no `://`. */
export const TARGET = whole(`(?:${noUrl}|${baseUrl})`);
