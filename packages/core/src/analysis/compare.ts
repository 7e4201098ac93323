import type { ConfigInput } from "../config/config.js";
import { createGateway, type Gateway } from "../gateway.js";
import type { Decision } from "../decision.js";
import type { Explanation } from "../explanation.js";
import type { RequestView } from "../request.js";

/** Where a request goes, as far as configurations are compared by it. */
export interface Destination {
  readonly kind: Decision["kind"];
  /** Undefined when no route holds. */
  readonly route: string | undefined;
  readonly service: string | undefined;
  /** Of the backend; undefined where it is every version. */
  readonly version: string | undefined;
  /** Path with query as it is forwarded, or the location of a redirect; undefined for others. */
  readonly path: string | undefined;
  /** The host that is sent; undefined when nothing is forwarded. */
  readonly host: string | undefined;
  /** Status of an answer of the gateway's own. */
  readonly status: number | undefined;
  readonly policies: readonly string[];
}

/** A field in which two destinations may differ. */
export type DestinationField = keyof Destination;

/** Requests that go elsewhere in the same way. */
export interface ConfigChange {
  /** What differs. */
  readonly fields: readonly DestinationField[];
  /** Of the first example. The others of the group have the same but for the path. */
  readonly before: Destination;
  readonly after: Destination;
  /** Requests that are in it, in whole or by a share of the points at which their split is read. */
  readonly requests: number;
  /** Ratio of all compared requests: one that goes elsewhere at one point in ten counts a tenth. */
  readonly share: number;
  /** Up to five of the requests. */
  readonly examples: readonly RequestView[];
}

/** What a change of the configuration does to requests. */
export interface ConfigComparison {
  readonly requests: number;
  /** Ratio of the requests that go where they went before, in [0, 1]. */
  readonly unchanged: number;
  /** The largest share first. */
  readonly changes: readonly ConfigChange[];
}

const MAX_EXAMPLES = 5;

/**
 * What would change: where requests go under one configuration and under another. Nothing is sent. A split that is
 * drawn counts by its shares, so that a shift from 10 to 20 % shows as a share of 0.1; one that is sticky is read at the
 * key of the request. Where requests go is compared, not how: header changes, time limits, retries, mirrors, CORS
 * and instances are left out.
 *
 * @param requests recorded ones, or those of `generateRequests`
 * @throws GatewayConfigError when one of the configurations does not pass its check
 *
 * @example
 * const { changes } = compareConfigs(before, after, generateRequests(before));
 * changes.map(({ share, before, after }) => `${share} of requests: ${before.version} -> ${after.version}`);
 */
export function compareConfigs(
  before: ConfigInput,
  after: ConfigInput,
  requests: Iterable<RequestView>,
): ConfigComparison {
  const old = new Reader(before);
  const next = new Reader(after);
  const groups = new Map<string, Group>();
  let count = 0;
  let changed = 0;
  for (const view of requests) {
    count++;
    for (const { weight, was, is } of transitions(old, next, view)) {
      const fields = differing(was, is);
      if (fields.length === 0) continue;
      changed += weight;
      const key = JSON.stringify([fields, { ...was, path: "" }, { ...is, path: "" }]);
      const group = groups.get(key) ?? newGroup(fields, was, is);
      groups.set(key, group);
      addTo(group, view, count, weight);
    }
  }
  const changes = [...groups.values()].map((group) => changeOf(group, count));
  return Object.freeze({
    requests: count,
    unchanged: count === 0 ? 1 : round(1 - changed / count),
    changes: Object.freeze(changes.sort((a, b) => b.share - a.share)),
  });
}

interface Group {
  readonly fields: readonly DestinationField[];
  readonly was: Destination;
  readonly is: Destination;
  readonly examples: RequestView[];
  requests: number;
  /** Number of the latest request, which may be in it by several of its points. */
  latest: number;
  weight: number;
}

function newGroup(fields: readonly DestinationField[], was: Destination, is: Destination): Group {
  return { fields, was, is, examples: [], requests: 0, latest: 0, weight: 0 };
}

function addTo(group: Group, view: RequestView, number: number, weight: number): void {
  group.weight += weight;
  if (group.latest === number) return;
  group.latest = number;
  group.requests++;
  if (group.examples.length < MAX_EXAMPLES) group.examples.push(view);
}

function changeOf(
  { fields, was, is, examples, requests, weight }: Group,
  all: number,
): ConfigChange {
  const share = round(weight / all);
  const base = { fields, before: was, after: is, requests, share };
  return Object.freeze({ ...base, examples: Object.freeze(examples) });
}

interface Transition {
  /** Part of the request. */
  readonly weight: number;
  readonly was: Destination;
  readonly is: Destination;
}

// Between two neighbouring ends of shares, of either side, every point leads to the same place.
function transitions(old: Reader, next: Reader, view: RequestView): Transition[] {
  const ends = [...new Set([...old.ends(view), ...next.ends(view), 1])].sort((a, b) => a - b);
  let from = 0;
  return ends.map((end) => {
    const point = (from + end) / 2;
    const weight = end - from;
    from = end;
    return { weight, was: old.at(view, point), is: next.at(view, point) };
  });
}

/** Asks a gateway where requests go, at points of the caller's choice. */
class Reader {
  readonly #gateway: Gateway;
  #point = 0;

  constructor(config: ConfigInput) {
    // Nothing is started or reported, so the clock may stand still.
    const random = (purpose: string): number => (purpose === "split" ? this.#point : 0);
    this.#gateway = createGateway(config, { env: { now: () => 1, random, randomId: () => "" } });
  }

  /** Where the shares end that a drawn point decides between; none when it decides nothing. */
  ends(view: RequestView): number[] {
    const { split } = this.#gateway.explain(view, { everyRoute: false });
    if (split === undefined || split.point === undefined || split.key !== undefined) return [];
    let end = 0;
    return split.backends.map(({ share }) => (end += share)).filter((each) => each > 0 && each < 1);
  }

  at(view: RequestView, point: number): Destination {
    this.#point = point;
    const match = this.#gateway.match(view);
    const policies = match.kind === "match" ? match.policies : [];
    return destinationOf(this.#gateway.explain(view, { everyRoute: false }), policies);
  }
}

// The version is that of the backend: which instance it comes to is for the balancer to say.
function destinationOf({ decision, pools }: Explanation, policies: readonly string[]): Destination {
  const base = {
    kind: decision.kind,
    route: decision.kind === "none" ? undefined : decision.route,
    policies,
  };
  if (decision.kind !== "forward") {
    const path = decision.kind === "redirect" ? decision.location : undefined;
    const status = decision.kind === "none" ? undefined : decision.status;
    return { ...base, service: undefined, version: undefined, path, host: undefined, status };
  }
  const pool = pools.find(({ instances }) => instances.some(({ verdict }) => verdict === "chosen"));
  const { path, host } = decision.request;
  return {
    ...base,
    service: decision.service,
    version: pool?.version,
    path,
    host,
    status: undefined,
  };
}

const FIELDS = [
  "kind",
  "route",
  "service",
  "version",
  "path",
  "host",
  "status",
  "policies",
] as const;

function differing(was: Destination, is: Destination): DestinationField[] {
  return FIELDS.filter((field) =>
    field === "policies"
      ? was.policies.join("\n") !== is.policies.join("\n")
      : was[field] !== is[field],
  );
}

// Shares are sums of ratios: what is behind the ninth digit is noise.
function round(ratio: number): number {
  return Math.round(ratio * 1e9) / 1e9;
}
