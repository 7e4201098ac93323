import type { ConfigInput } from "../config/config.js";
import { createGateway, type Gateway } from "../gateway.js";
import type { Decision } from "../decision.js";
import type { RequestView } from "../request.js";

/** Where a request goes, as far as configurations are compared by it. */
export interface Destination {
  readonly kind: Decision["kind"];
  /** Undefined when no route holds. */
  readonly route: string | undefined;
  readonly service: string | undefined;
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

/** A drawn split is read at the middles of so many equal parts of [0, 1). */
const POINTS = 100;
const MAX_EXAMPLES = 5;

/**
 * What would change: where requests go under one configuration and under another. Nothing is sent. A split that is
 * drawn is read at 100 points, so that a shift from 10 to 20 % shows as a share of 0.1; one that is sticky is read at
 * the key of the request. Where requests go is compared, not how: header changes, time limits, retries, mirrors, CORS
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
      const group = groups.get(key) ?? {
        fields,
        was,
        is,
        views: new Set<RequestView>(),
        weight: 0,
      };
      groups.set(key, group);
      group.views.add(view);
      group.weight += weight;
    }
  }
  const ratio = (weight: number): number => (count === 0 ? 0 : round(weight / count));
  const changes = [...groups.values()].map((group) => changeOf(group, ratio(group.weight)));
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
  readonly views: Set<RequestView>;
  weight: number;
}

function changeOf({ fields, was, is, views }: Group, share: number): ConfigChange {
  const examples = Object.freeze([...views].slice(0, MAX_EXAMPLES));
  return Object.freeze({ fields, before: was, after: is, requests: views.size, share, examples });
}

interface Transition {
  /** Part of the request. */
  readonly weight: number;
  readonly was: Destination;
  readonly is: Destination;
}

// At every point where either side reads one.
function transitions(old: Reader, next: Reader, view: RequestView): Transition[] {
  if (!old.draws(view) && !next.draws(view))
    return [{ weight: 1, was: old.at(view, 0), is: next.at(view, 0) }];
  return Array.from({ length: POINTS }, (_, index) => {
    const point = (index + 0.5) / POINTS;
    return { weight: 1 / POINTS, was: old.at(view, point), is: next.at(view, point) };
  });
}

/** Asks a gateway where requests go, at points of the caller's choice. */
class Reader {
  readonly #gateway: Gateway;
  #point = 0;
  #isDrawn = false;

  constructor(config: ConfigInput) {
    // Nothing is started or reported, so the clock may stand still.
    const random = (purpose: string): number => {
      if (purpose !== "split") return 0;
      this.#isDrawn = true;
      return this.#point;
    };
    this.#gateway = createGateway(config, { env: { now: () => 1, random, randomId: () => "" } });
  }

  /** Whether a number is drawn for the split of a request. */
  draws(view: RequestView): boolean {
    this.#isDrawn = false;
    this.#gateway.decide(view);
    return this.#isDrawn;
  }

  at(view: RequestView, point: number): Destination {
    this.#point = point;
    const match = this.#gateway.match(view);
    const decision = this.#gateway.decide(view, match);
    return destinationOf(decision, match.kind === "match" ? match.policies : []);
  }
}

function destinationOf(decision: Decision, policies: readonly string[]): Destination {
  const isForward = decision.kind === "forward";
  return {
    kind: decision.kind,
    route: decision.kind === "none" ? undefined : decision.route,
    service: isForward ? decision.service : undefined,
    version: isForward ? decision.version : undefined,
    path: isForward
      ? decision.request.path
      : decision.kind === "redirect"
        ? decision.location
        : undefined,
    host: isForward ? decision.request.host : undefined,
    status: isForward || decision.kind === "none" ? undefined : decision.status,
    policies,
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

// Shares are sums of hundredths: what is behind the ninth digit is noise.
function round(ratio: number): number {
  return Math.round(ratio * 1e9) / 1e9;
}
