import {
  decodeQuery,
  eachHeader,
  headerOf,
  joinLines,
  MAX_QUERY_PARAMETERS,
  type ParsedRequest,
  type RequestView,
} from "../request.js";

/**
 * The headers, query parameters and cookies of a request by their name, each gathered when it is first asked for.
 * For conditions of which there are many: asking for one name after the other goes through all of them each time.
 */
export class RequestTexts {
  readonly #request: ParsedRequest;
  #headers: ReadonlyMap<string, string> | undefined = undefined;
  #query: ReadonlyMap<string, string> | undefined = undefined;
  #cookies: ReadonlyMap<string, string> | undefined = undefined;

  constructor(request: ParsedRequest) {
    this.#request = request;
  }

  /** As `headerOf`. */
  header(name: string): string | undefined {
    this.#headers ??= headersByName(this.#request.view);
    return this.#headers.get(name);
  }

  /** As `queryValueOf`. */
  query(name: string): string | undefined {
    this.#query ??= queryByName(this.#request.query);
    return this.#query.get(name);
  }

  /** As `cookieOf`. */
  cookie(name: string): string | undefined {
    this.#cookies ??= cookiesByName(headerOf(this.#request.view, "cookie") ?? "");
    return this.#cookies.get(name);
  }
}

function headersByName(view: RequestView): Map<string, string> {
  const headers = new Map<string, string>();
  const isRecord = view.rawHeaders === undefined;
  eachHeader(view, (given, value) => {
    const name = isRecord ? given : given.toLowerCase();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : joinLines(before, value, name));
  });
  return headers;
}

function queryByName(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const text of query.slice(1).split("&", MAX_QUERY_PARAMETERS)) {
    const equals = text.indexOf("=");
    const name = decodeQuery(equals === -1 ? text : text.slice(0, equals));
    if (!parameters.has(name))
      parameters.set(name, equals === -1 ? "" : decodeQuery(text.slice(equals + 1)));
  }
  return parameters;
}

function cookiesByName(header: string): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const text of header.split(";")) {
    const equals = text.indexOf("=");
    if (equals === -1) continue;
    const name = text.slice(0, equals).replace(/^[ \t]+/, "");
    if (!cookies.has(name)) cookies.set(name, text.slice(equals + 1).replace(/[ \t]+$/, ""));
  }
  return cookies;
}
