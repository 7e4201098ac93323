import { parseHost } from "../match/host.js";
import { canonicalPath } from "../match/path.js";

/** A base URL of an instance in its normal form. */
export interface InstanceUrl {
  /** Scheme and host in lower case, without the scheme's own port and without a final slash. */
  readonly url: string;
  /** Path of it without a final slash; empty for the root. */
  readonly basePath: string;
}

const URL_PARTS = /^(https?):\/\/([^/?#]+)([^?#]*)$/i;

/** Parses `http(s)://host[:port][/path]`. Undefined for anything else: userinfo, query, fragment, other schemes. */
export function instanceUrl(text: string): InstanceUrl | undefined {
  const match = URL_PARTS.exec(text);
  if (match === null) return undefined;
  const host = parseHost(match[2] as string);
  const path = canonicalPath(match[3] === "" ? "/" : (match[3] as string));
  if (host === undefined || !path.ok) return undefined;
  const scheme = (match[1] as string).toLowerCase();
  const isDefault = host.port === 0 || host.port === (scheme === "http" ? 80 : 443);
  const basePath = path.path.endsWith("/") ? path.path.slice(0, -1) : path.path;
  return {
    url: `${scheme}://${host.name}${isDefault ? "" : `:${host.port}`}${basePath}`,
    basePath,
  };
}

/** The id of an instance that was given none: one of its own for each place. */
export function instanceId(instance: {
  readonly url: string;
  readonly socketPath?: string | undefined;
}): string {
  const url = instanceUrl(instance.url)?.url ?? instance.url;
  return instance.socketPath === undefined ? url : `${url} at ${instance.socketPath}`;
}
