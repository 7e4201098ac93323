import type { HeaderChangesConfig } from "../config/rewrite-config.js";
import type { HeaderChanges } from "../decision.js";
import { eachHeader, type Fact, type RequestView } from "../request.js";
import { applyHeaderChanges, isAliasOf, namesIn } from "./header-changes.js";
import { isHopByHop, nominatedNames } from "./hop-by-hop.js";

/** What is to be changed of a request. */
export interface ViewChange {
  /** Laid over the facts that are there. */
  readonly facts?: { readonly [name: string]: Fact } | undefined;
  readonly headers?: HeaderChangesConfig | undefined;
  readonly method?: string | undefined;
  readonly url?: string | undefined;
}

/**
 * The view of a request with some changes; the view itself stays as it is.
 *
 * @throws TypeError when a header cannot be changed so, or its value holds what no header may
 *
 * @example
 * changeRequest(view, { headers: { set: { "x-user": "ada" } } });
 */
export function changeRequest(view: RequestView, change: ViewChange): RequestView {
  const { facts, headers, method, url } = change;
  const changed: { -readonly [Field in keyof RequestView]: RequestView[Field] } = { ...view };
  if (method !== undefined) changed.method = checked(method, TOKEN, "method");
  if (url !== undefined) changed.url = checked(url, TARGET, "url");
  if (facts !== undefined) changed.facts = { ...view.facts, ...facts };
  if (headers === undefined) return changed as RequestView;
  const flat: string[] = [];
  eachHeader(view, (name, value) => flat.push(name, value));
  const changes = changesOf(headers);
  changed.rawHeaders = claimed(flat, namesIn([changes]));
  applyHeaderChanges(changed.rawHeaders as string[], [changes]);
  delete changed.headers;
  return changed as RequestView;
}

/**
 * Changes a flat list of headers (name, value, name, value) in place: `set` overwrites, `add` appends, `remove` deletes.
 *
 * @throws TypeError when a header cannot be changed so, or its value holds what no header may
 */
export function changeHeaders(headers: string[], config: HeaderChangesConfig): void {
  applyHeaderChanges(headers, [changesOf(config)]);
}

/**
 * A header as it may be sent in an answer: its name in lower case, and its value.
 *
 * @throws TypeError when the name or the value is none that a header may have, or the header belongs to the connection
 *
 * @example
 * checkHeader("X-User", "ada"); // ["x-user", "ada"]
 */
export function checkHeader(name: string, value: string): readonly [name: string, value: string] {
  return checkedPair([name, value]);
}

function changesOf({ set = {}, add = {}, remove = [] }: HeaderChangesConfig): HeaderChanges {
  return {
    set: Object.entries(set).map(checkedPair),
    add: Object.entries(add).map(checkedPair),
    remove: remove.map(checkedName),
  };
}

// The fields of a client without its say in some names: a field that its `Connection` names is not passed on and is
// gone, but from then on the name is ours. Other spellings of it go too.
function claimed(headers: readonly string[], names: ReadonlySet<string>): string[] {
  const lines = headers.filter((_, i) => i % 2 === 1 && isConnection(headers[i - 1] as string));
  const nominated = lines.length === 0 ? undefined : nominatedNames(lines.join(","));
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const lowerName = name.toLowerCase();
    const isGone = names.has(lowerName) && nominated?.has(lowerName) === true;
    if (isGone || isAliasOf(name, names)) continue;
    const value = headers[i + 1] as string;
    kept.push(name, lowerName === "connection" ? withoutOptions(value, names) : value);
  }
  return kept;
}

function isConnection(name: string): boolean {
  return name.toLowerCase() === "connection";
}

function withoutOptions(connection: string, names: ReadonlySet<string>): string {
  return connection
    .split(",")
    .filter((option) => !names.has(option.trim().toLowerCase()))
    .join(",");
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Field values of RFC 9110 section 5.5: visible characters, blanks, and bytes above them. */
const VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;
const TARGET = /^[^\u0000-\u0020\u007f]+$/;

/** Framing, routing and leave to send a body belong to the forwarder. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  ...["host", "content-length", "transfer-encoding", "expect"],
]);

function checkedPair([name, value]: readonly [string, string]): readonly [string, string] {
  return [checkedName(name), checked(value, VALUE, `value of the header ${JSON.stringify(name)}`)];
}

function checkedName(name: string): string {
  const lower = checked(name, TOKEN, "name of a header").toLowerCase();
  if (!FORBIDDEN.has(lower) && !isHopByHop(lower)) return lower;
  throw new TypeError(`the header ${lower} cannot be changed: it belongs to the connection`);
}

function checked(text: string, pattern: RegExp, about: string): string {
  if (typeof text === "string" && pattern.test(text)) return text;
  throw new TypeError(`the ${about} cannot be ${JSON.stringify(text)}`);
}
