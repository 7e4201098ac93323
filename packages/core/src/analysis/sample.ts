import type { Fact, RequestView } from "../request.js";
import type { TextPlace } from "./parts.js";

/** The method of a request, or that which a preflight asks for. */
export interface MethodValue {
  readonly method: string;
  readonly isPreflight: boolean;
}

/** The method that an alternative sees. */
export function methodText({ method, isPreflight }: MethodValue, takesPreflight: boolean): string {
  return isPreflight && !takesPreflight ? "OPTIONS" : method;
}

/** The values that make up a request. */
export interface Sample {
  readonly method: MethodValue;
  /** Empty for none. */
  readonly host: string;
  /** Empty for unknown. */
  readonly address: string;
  readonly path: string;
  readonly texts: readonly {
    readonly on: TextPlace;
    readonly name: string;
    readonly value: string;
  }[];
}

/** A request view of these values. */
export function viewOf({ method, host, address, path, texts }: Sample): RequestView {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  const facts: Record<string, Fact> = {};
  const query: string[] = [];
  const cookies: string[] = [];
  let more: Partial<RequestView> = address === "" ? {} : { remoteAddress: address };
  if (host !== "") headers["host"] = host;
  for (const { on, name, value } of texts) {
    if (on === "header") headers[name] = value;
    else if (on === "query") query.push(`${escape(name)}=${escape(value)}`);
    else if (on === "cookie") cookies.push(`${name}=${value}`);
    else if (on === "fact") facts[name] = value;
    else if (on === "port") more = { ...more, localPort: Number(value) };
    else more = { ...more, protocol: value as "http" | "https" };
  }
  if (cookies.length > 0) headers["cookie"] = cookies.join("; ");
  if (method.isPreflight) {
    headers["origin"] ??= "https://zq7.test";
    headers["access-control-request-method"] = method.method;
  }
  const url = query.length === 0 ? path : `${path}?${query.join("&")}`;
  const base = { method: method.isPreflight ? "OPTIONS" : method.method, url };
  const withFacts = Object.keys(facts).length === 0 ? {} : { facts };
  return { ...base, headers: { ...headers }, ...more, ...withFacts } as RequestView;
}

function escape(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
