import type { InstanceReference, InstanceState } from "./state.js";
import type { HeaderRecord } from "./request.js";

/** Path parameters in canonical form, not decoded. `*` is what a final `/*` took. */
export type Params = { readonly [name: string]: string };

/** One set of header changes in compiled form; names are in lower case. */
export interface HeaderChanges {
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly add: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
}

/** Limits of time that hold for a request. Unit: milliseconds; 0 means none. */
export interface Timeouts {
  readonly requestMs: number;
  readonly attemptMs: number;
  readonly headMs: number;
  readonly idleMs: number;
}

/** Limits of size that hold for a forwarded request. Unit: bytes; 0 means none. */
export interface ForwardLimits {
  readonly bodyBytes: number;
  /** How much of the body is worth keeping for another attempt or a copy; 0 where none can follow. */
  readonly replayBytes: number;
  /** Least bytes a second of a request body over HTTP/1. */
  readonly uploadBytesPerS: number;
}

/** A second attempt while the first is still waited for. */
export interface HedgeRule {
  readonly delayMs: number;
  readonly attempts: number;
}

/** What is compared between the answer of an instance and that to a copy of the request. */
export interface MirrorCompare {
  readonly status: boolean;
  /** In lower case. */
  readonly headers: readonly string[];
}

/** What of a route holds for forwarding whatever instance is chosen. */
export interface ForwardRules {
  readonly timeouts: Timeouts;
  readonly limits: ForwardLimits;
  readonly hedge: HedgeRule | undefined;
  readonly compare: MirrorCompare | undefined;
}

/** The request line and host that will be sent. */
export interface RequestTarget {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly host: string;
}

/** Marks that the gateway leaves on a forwarded request beside `X-Forwarded-*`. */
export interface Trail {
  /** Whether `Forwarded` is written. */
  readonly forwarded: boolean;
  /** The pseudonym that is added to `Via`; undefined when none is. */
  readonly via: string | undefined;
  /** Host that the client named, as `Forwarded` of trusted proxies says. Default: none of them says so. */
  readonly host?: string;
  /** `X-Request-Id` for a request that has none. Default: none is given. */
  readonly requestId?: string;
}

/** How a response of an instance is brought to the client's side of the gateway. */
export interface ResponseRewrite {
  /** Whether `Location` and `Content-Location` that lead to the instance lead through here. */
  readonly location: boolean;
  /** What replaces the domain of the instance in cookies; empty: cookies have none. Undefined: it stays. */
  readonly cookieDomain: string | undefined;
  /** Prefixes of the paths of cookies and what replaces each, the longest first; or `undo`, as for locations. */
  readonly cookiePath: "undo" | readonly (readonly [from: string, to: string])[] | undefined;
  /** What `replacePrefix` did to the path, without final slashes. Undefined when another rewrite did something that has no way back. */
  readonly prefix: { readonly client: string; readonly instance: string } | undefined;
}

/** The request goes to an instance. */
export interface ForwardDecision {
  readonly kind: "forward";
  readonly route: string;
  readonly params: Params;
  readonly service: string;
  /** Version of the chosen instance; undefined when it has none. */
  readonly version: string | undefined;
  readonly instance: InstanceReference;
  /** Where the split was read, in [0, 1); undefined when there was nothing to split. */
  readonly point: number | undefined;
  /** 1 for the first. */
  readonly attempt: number;
  /** Ids of the instances of earlier attempts. */
  readonly tried: readonly string[];
  readonly request: RequestTarget;
  /** Changes in the order in which they act: those of the route, then those of the backend. */
  readonly requestHeaders: readonly HeaderChanges[];
  readonly responseHeaders: readonly HeaderChanges[];
  /** Values of `Set-Cookie` lines that the gateway adds to the response. */
  readonly setCookies: readonly string[];
  /** Empty when unknown. */
  readonly clientAddress: string;
  /** Address of the peer of the socket; empty when unknown. */
  readonly peerAddress: string;
  /** Host with port, as the client named it; empty when it named none. */
  readonly authority: string;
  readonly protocol: "http" | "https";
  /** Whether the peer of the socket may speak for others: then its `X-Forwarded-*` are kept and added to. */
  readonly peerTrusted: boolean;
  readonly timeouts: Timeouts;
  readonly limits: ForwardLimits;
  /** Undefined when there is no hedging. */
  readonly hedge: HedgeRule | undefined;
  /** Of a copy: what of its answer is compared. Undefined when nothing is. */
  readonly compare: MirrorCompare | undefined;
  /** Copies of the request that go elsewhere. */
  readonly mirrors: readonly ForwardDecision[];
  /** Undefined where the gateway writes neither `Forwarded` nor `Via`. */
  readonly trail?: Trail | undefined;
  /** Undefined where the response goes to the client as it is. */
  readonly responseRewrite?: ResponseRewrite | undefined;
}

/** The client is sent elsewhere. */
export interface RedirectDecision {
  readonly kind: "redirect";
  readonly route: string;
  readonly status: number;
  readonly location: string;
  readonly headers: HeaderRecord;
}

/** The gateway answers itself. */
export interface RespondDecision {
  readonly kind: "respond";
  readonly route: string;
  readonly status: number;
  readonly headers: HeaderRecord;
  readonly body: string;
}

/** Why a request is refused. */
export type RejectReason =
  | "bad-request"
  | "method-not-allowed"
  | "loop"
  | "no-backend"
  | "no-instance"
  | "too-large"
  | "circuit-open"
  | "overloaded"
  | "timeout"
  | "internal";

/** The request is refused. */
export interface RejectDecision {
  readonly kind: "reject";
  /** Undefined when the request was refused before a route was found. */
  readonly route?: string;
  readonly status: number;
  readonly headers: HeaderRecord;
  readonly reason: RejectReason;
  /** The reason in words, for logs. Never sent to the client. */
  readonly detail: string;
  readonly retryAfterMs?: number;
  /** The service that has no room, of `overloaded`, or that is left alone, of `circuit-open`. */
  readonly service?: string;
  /** Limit of the whole request, of `overloaded`: how long it may wait for room. 0 means none. Unit: milliseconds. */
  readonly requestMs?: number;
}

/** No route holds: the server that the gateway lives in answers. */
export interface NoneDecision {
  readonly kind: "none";
}

/** What to do with a request. Frozen. */
export type Decision =
  ForwardDecision | RedirectDecision | RespondDecision | RejectDecision | NoneDecision;

/** What may be known of the retry rule of a route once it is compiled. */
export interface RetryRule {
  readonly attempts: number;
  /** Whether the route asked for it: the rule that holds without asking retries less. */
  readonly asked: boolean;
  readonly statuses: readonly number[];
  readonly methods: readonly string[];
  readonly baseMs: number;
  readonly maxMs: number;
}

/** What the way back needs of a decision and a user does not. */
export interface Origin {
  readonly retryRule: RetryRule;
  /** Version of the pool that the instance was chosen from: empty for all of the service. */
  readonly pool: string;
  /** Whether it is a copy of another request. */
  readonly isCopy: boolean;
}

/** What a service knows a client by, where it asks for it. */
export interface KnownClient {
  /** Hash of what the balancer knows the request by. */
  readonly key: number | undefined;
  /** Session that a request header names. */
  readonly session: string | undefined;
  /** Whether a pin chose the instance of the first attempt, and no balancer. */
  readonly isPinned: boolean;
}

/**
 * A forward decision as the gateway makes it: plain frozen data to look at, and privately how far the attempt
 * has come, so that a second start or report changes nothing.
 */
export class Forward implements ForwardDecision {
  readonly kind = "forward";
  readonly #origin: Origin;
  #progress: "decided" | "started" | "judged" | "blamed" | "reported" = "decided";
  readonly #basePath: string;
  readonly #known: KnownClient | undefined;
  readonly #rules: ForwardRules;
  #instance: InstanceState | undefined = undefined;
  /** Of the circuit breaker, when it was started. */
  #period = 0;
  readonly timeouts: Timeouts;
  readonly limits: ForwardLimits;
  readonly hedge: HedgeRule | undefined;
  readonly compare: MirrorCompare | undefined;

  constructor(
    origin: Origin,
    /** Path of the base URL of the instance, which the path of the request begins with. */
    basePath: string,
    readonly route: string,
    readonly params: Params,
    readonly service: string,
    readonly version: string | undefined,
    readonly instance: InstanceReference,
    readonly point: number | undefined,
    readonly attempt: number,
    readonly tried: readonly string[],
    readonly request: RequestTarget,
    readonly requestHeaders: readonly HeaderChanges[],
    readonly responseHeaders: readonly HeaderChanges[],
    readonly setCookies: readonly string[],
    readonly clientAddress: string,
    readonly peerAddress: string,
    readonly authority: string,
    readonly protocol: "http" | "https",
    readonly peerTrusted: boolean,
    rules: ForwardRules,
    readonly mirrors: readonly ForwardDecision[],
    readonly trail: Trail | undefined,
    readonly responseRewrite: ResponseRewrite | undefined,
    known: KnownClient | undefined,
  ) {
    this.timeouts = rules.timeouts;
    this.limits = rules.limits;
    this.hedge = rules.hedge;
    this.compare = rules.compare;
    this.#rules = rules;
    this.#origin = origin;
    this.#basePath = basePath;
    this.#known = known;
    Object.freeze(this);
  }

  static originOf(decision: Forward): Origin {
    return decision.#origin;
  }

  static knownOf(decision: Forward): KnownClient | undefined {
    return decision.#known;
  }

  static rulesOf(decision: Forward): ForwardRules {
    return decision.#rules;
  }

  /** Marks the attempt as started at an instance; false when it was before. */
  static start(decision: Forward, instance: InstanceState): boolean {
    if (decision.#progress !== "decided") return false;
    decision.#progress = "started";
    decision.#instance = instance;
    return true;
  }

  /** Notes the period of the circuit breaker that the attempt belongs to. */
  static belongTo(decision: Forward, period: number): void {
    decision.#period = period;
  }

  static periodOf(decision: Forward): number {
    return decision.#period;
  }

  /** The path and query of the request without the path of the instance's base URL. */
  static tailOf(decision: Forward): string {
    return decision.request.path.slice(decision.#basePath.length);
  }

  /** Marks the head as seen; undefined when the attempt was not started, or was judged or reported before. */
  static judge(decision: Forward, isFailure: boolean): InstanceState | undefined {
    if (decision.#progress !== "started") return undefined;
    decision.#progress = isFailure ? "blamed" : "judged";
    return decision.#instance;
  }

  /** Marks the attempt as ended; undefined when it was not started or has ended before. */
  static end(decision: Forward): Ended | undefined {
    const before = decision.#progress;
    if (before === "decided" || before === "reported") return undefined;
    decision.#progress = "reported";
    const isBlamed = before === "blamed";
    const instance = decision.#instance as InstanceState;
    return { instance, isJudged: isBlamed || before === "judged", isBlamed };
  }
}

/** An attempt as it ends. */
interface Ended {
  readonly instance: InstanceState;
  /** Whether the status of its head was taken into account. */
  readonly isJudged: boolean;
  /** Whether that status was a failure. */
  readonly isBlamed: boolean;
}
