import type { HeaderRecord, RequestView } from "../request.js";

/** What a request of a test has beside its first line. */
export interface RequestParts {
  /** Names in any case. */
  readonly headers?: HeaderRecord;
  /** Version of HTTP that the client speaks, such as `2.0`. */
  readonly httpVersion?: string;
  readonly protocol?: "http" | "https";
  readonly remoteAddress?: string;
  readonly localPort?: number;
  readonly facts?: NonNullable<RequestView["facts"]>;
}

/**
 * A request view from a line such as `GET /users/7` or `GET api.shop.com/users/7`: without a host in it, the
 * request names none.
 *
 * @throws RangeError when the line is not a method, a space and a target
 *
 * @example
 * gateway.decide(request("GET api.shop.com/users/7", { headers: { "x-beta": "1" } }));
 */
export function request(line: string, parts: RequestParts = {}): RequestView {
  const match =
    /^(\S+) ()([A-Za-z][A-Za-z0-9+.-]*:\/\/.*|\*)$/.exec(line) ??
    /^(\S+) ([^\s/]*)(\/.*)$/s.exec(line);
  if (match === null)
    throw new RangeError(
      `expected a method, a space and a target such as "GET /users/7", got ${JSON.stringify(line)}`,
    );
  const [, method = "", host = "", url = ""] = match;
  const named = Object.entries(parts.headers ?? {}).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  const headers = Object.fromEntries([...(host === "" ? [] : [["host", host] as const]), ...named]);
  return { method, url, ...parts, headers };
}
