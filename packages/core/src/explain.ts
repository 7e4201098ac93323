import { actionOf, type ActionPlan, type ForwardPlan } from "./config/plan.js";
import type { Draws } from "./choose.js";
import { decideStages, matchStage } from "./decide.js";
import { Forward, type Decision, type ForwardDecision } from "./decision.js";
import type {
  ExplainedBackend,
  ExplainedCors,
  ExplainedInstance,
  ExplainedMirror,
  ExplainedPool,
  ExplainedRequest,
  ExplainedRoute,
  ExplainedSplit,
  Explanation,
  ExplainOptions,
} from "./explanation.js";
import { isHealthy } from "./health/eligible.js";
import { keptSplit } from "./place.js";
import { freshen, whyUnused } from "./pool-levels.js";
import type { Alternative } from "./match/table.js";
import { isBad, parseRequest } from "./match/target.js";
import { failedPlace, firstFailed } from "./match/trace.js";
import { linesOf, preflightMethod, type ParsedRequest, type RequestView } from "./request.js";
import { corsChanges } from "./rewrite/cors.js";
import { buildClientResponse } from "./rewrite/client-response.js";
import { buildUpstreamRequest } from "./rewrite/upstream-request.js";
import type { Runtime } from "./runtime.js";
import { readSplit, type SplitReading } from "./split/read-split.js";
import { whyLeftOut } from "./why-left-out.js";

/** Tables of up to this many alternatives, and services of as many instances, are listed whole. */
const MOST_LISTED = 50;

/** The walk of `decide`, with reasons. The decision in it is made by the same stages, with draws that are noted. */
export function explainRequest(
  runtime: Runtime,
  view: RequestView,
  draws: Draws,
  options: ExplainOptions = {},
): Explanation {
  const noted = new NotedDraws(draws);
  const matched = matchStage(runtime.plan, view);
  const decision =
    matched.kind === "final"
      ? matched.decision
      : decideStages(runtime, matched.request, matched.alternative, noted);
  const request = parseRequest(view, runtime.plan.parse);
  const parsed = isBad(request) ? undefined : request;
  const taken = parsed && runtime.plan.table.find(parsed);
  const routes = parsed === undefined ? [] : explainRoutes(runtime, parsed, taken, options);
  const choice =
    matched.kind === "match"
      ? explainChoice(runtime, matched.request, matched.alternative, decision, noted)
      : NO_CHOICE;
  return Object.freeze({
    decision,
    request: explainedRequest(view, parsed),
    routes,
    unlisted: parsed === undefined ? 0 : runtime.plan.table.alternatives.length - routes.length,
    ...choice,
    policies: taken === undefined ? [] : actionOf(runtime.plan, taken).policies,
    cors: taken && explainCors(actionOf(runtime.plan, taken), view),
    upstreamRequest: decision.kind === "forward" ? buildUpstreamRequest(view, decision) : undefined,
    clientResponse:
      decision.kind === "forward" || decision.kind === "none"
        ? undefined
        : buildClientResponse(decision, undefined, view),
    draws: noted.list,
  });
}

type Choice = Pick<Explanation, "split" | "pools" | "mirrors">;

const NO_CHOICE: Choice = { split: undefined, pools: [], mirrors: [] };

/** Draws that are passed on and noted. */
class NotedDraws implements Draws {
  readonly list: { readonly purpose: string; readonly value: number }[] = [];
  readonly split: () => number;
  readonly balance: () => number;
  readonly level: () => number;
  readonly mirror: () => number;
  readonly ofMirror: Draws["ofMirror"];
  readonly isCopy = false;
  readonly retry: () => number;
  readonly requestId: () => string;
  readonly now: () => number;

  constructor(draws: Draws) {
    const now = draws.now();
    this.now = () => now;
    this.split = this.#noted("split", draws.split);
    this.balance = this.#noted("balance", draws.balance);
    this.level = this.#noted("level", draws.level);
    this.mirror = this.#noted("mirror", draws.mirror);
    this.retry = draws.retry;
    this.requestId = draws.requestId;
    this.ofMirror = {
      balance: this.#noted("mirror-balance", draws.ofMirror.balance),
      level: this.#noted("mirror-level", draws.ofMirror.level),
      isCopy: true,
    };
  }

  #noted(purpose: string, draw: () => number): () => number {
    return () => {
      const value = draw();
      this.list.push({ purpose, value });
      return value;
    };
  }
}

function explainedRequest(view: RequestView, parsed: ParsedRequest | undefined): ExplainedRequest {
  return {
    method: view.method,
    url: view.url,
    path: parsed?.path,
    host: parsed?.host === "" ? undefined : parsed?.host,
    protocol: parsed?.protocol,
    preflightFor: preflightMethod(view),
    clientAddress: parsed?.clientAddress === "" ? undefined : parsed?.clientAddress,
  };
}

function explainRoutes(
  { plan: { table } }: Runtime,
  request: ParsedRequest,
  taken: Alternative | undefined,
  { everyRoute }: ExplainOptions,
): ExplainedRoute[] {
  const reached = table.reached(request);
  const isReached = new Set(reached);
  const isWhole = everyRoute ?? table.alternatives.length <= MOST_LISTED;
  const all = isWhole ? table.alternatives : reached;
  const listed = everyRoute === true ? all : firstOf(all, taken);
  let isTaken = false;
  return listed.map((alternative) => {
    const failed = isReached.has(alternative)
      ? firstFailed(alternative, request)
      : failedPlace(alternative, request);
    const entry = explainedRoute(alternative, failed, isTaken);
    isTaken ||= failed === undefined;
    return entry;
  });
}

// The first of a long list, and the one that matters.
function firstOf<T>(all: readonly T[], wanted: T | undefined): readonly T[] {
  if (all.length <= MOST_LISTED) return all;
  const first = all.slice(0, MOST_LISTED);
  return wanted === undefined || first.includes(wanted) ? first : [...first, wanted];
}

function explainedRoute(
  { id, precedence }: Alternative,
  failed: ExplainedRoute["failed"],
  isTaken: boolean,
): ExplainedRoute {
  const base = { route: id, alternative: precedence.alternative, host: named(precedence.host) };
  if (failed !== undefined) return { ...base, verdict: "failed", failed };
  return { ...base, verdict: isTaken ? "outranked" : "taken" };
}

function explainChoice(
  runtime: Runtime,
  request: ParsedRequest,
  alternative: Alternative,
  decision: Decision,
  noted: NotedDraws,
): Choice {
  const action = actionOf(runtime.plan, alternative);
  if (action.kind !== "forward") return NO_CHOICE;
  const drawn = noted.list.find(({ purpose }) => purpose === "split")?.value;
  const matched = { request, params: {}, prefixSegments: 0 };
  const reading =
    keptSplit(runtime, action.split, matched, noted) ??
    readSplit(action.split, request, () => drawn as number);
  return {
    split: explainSplit(action, reading),
    pools: explainPools(runtime, action, reading.index, decision, noted.now()),
    mirrors: decision.kind === "forward" ? explainMirrors(action, decision, runtime, noted) : [],
  };
}

// Draws and copies stand in the order of the mirrors: one draw for each, a copy for each that was drawn.
function explainMirrors(
  { mirrors }: ForwardPlan,
  decision: ForwardDecision,
  { plan }: Runtime,
  noted: NotedDraws,
): ExplainedMirror[] {
  const draws = noted.list.filter(({ purpose }) => purpose === "mirror");
  const copies = [...decision.mirrors];
  return mirrors.map(({ service, target, ratio }, index): ExplainedMirror => {
    const draw = draws[index]?.value ?? 1;
    const version = named(plan.targets[target]?.version ?? "");
    const isDrawn = draw < ratio;
    const next = copies[0];
    const isNext = next?.service === service && (version ?? next.version) === next.version;
    const copy = isDrawn && isNext ? copies.shift() : undefined;
    const base = { service, version, ratio, instance: copy?.instance.url };
    if (copy !== undefined) return base;
    const reason = isDrawn ? "there is no instance" : `${draw} was drawn, not below ${ratio}`;
    return { ...base, reason };
  });
}

function explainCors({ cors }: ActionPlan, view: RequestView): ExplainedCors | undefined {
  const origin = linesOf(view, "origin").join(", ");
  if (cors === undefined || origin === "") return undefined;
  return { origin, isAllowed: corsChanges(cors, view).set.length > 0 };
}

function explainSplit({ split }: ForwardPlan, { index, point, key }: SplitReading): ExplainedSplit {
  const sum = split.weights.reduce((total, weight) => total + weight, 0);
  return {
    point,
    sticky: split.sticky,
    key,
    backends: split.backends.map(({ service, version }, position): ExplainedBackend => {
      const weight = split.weights[position] as number;
      const share = sum > 0 ? weight / sum : 0;
      return { service, version: named(version), weight, share, chosen: position === index };
    }),
  };
}

function explainPools(
  runtime: Runtime,
  { split }: ForwardPlan,
  index: number,
  decision: Decision,
  now: number,
): ExplainedPool[] {
  const backend = split.backends[index];
  if (backend === undefined || backend.redirect !== undefined) return [];
  const chosen = decision instanceof Forward ? decision : undefined;
  const { target, fallback } = backend;
  const first = explainPool(runtime, "backend", target, chosen, now, fallback === undefined);
  if (fallback === undefined || hasChosen(first)) return [first];
  const second = explainPool(runtime, "fallback", fallback.target, chosen, now, false);
  if (hasChosen(second) || chosen === undefined) return [first, second];
  // Neither has one that is eligible, so what is ejected is tried, the backend first.
  const tried = explainPool(runtime, "backend", target, chosen, now, true);
  return hasChosen(tried)
    ? [tried, second]
    : [first, explainPool(runtime, "fallback", fallback.target, chosen, now, true)];
}

function hasChosen({ instances }: ExplainedPool): boolean {
  return instances.some(({ verdict }) => verdict === "chosen");
}

function explainPool(
  runtime: Runtime,
  role: ExplainedPool["role"],
  number: number,
  decision: Forward | undefined,
  now: number,
  mayTryAll: boolean,
): ExplainedPool {
  const { service, version } = runtime.plan.targets[number] as Runtime["plan"]["targets"][number];
  const isHere = decision?.service === service && Forward.originOf(decision).pool === version;
  const chosen = isHere ? decision.instance : undefined;
  const plan = runtime.plan.services.get(service);
  const pool = runtime.targets[number]?.pool;
  if (pool !== undefined && plan !== undefined) freshen(pool, plan, now);
  const { isPanic = false, levels = [] } = pool ?? {};
  const triesAll = isPanic && mayTryAll && plan?.tryAll === true && levels.length > 0;
  const candidates = new Set(
    isPanic && !triesAll ? [] : levels.flatMap((level) => level.candidates),
  );
  const pinned = pool?.members.find(({ reference }) => reference === chosen);
  // A pin alone leads to one that drains, or is outside the subset.
  if (pinned !== undefined && (triesAll || isHealthy(pinned, now))) candidates.add(pinned);
  const all = [...(runtime.services.get(service)?.instances.values() ?? [])];
  const listed = firstOf(
    all,
    all.find(({ reference }) => reference === chosen),
  );
  return {
    role,
    service,
    version: named(version),
    balancer: plan?.balancer.name ?? "",
    triesAll,
    unlisted: all.length - listed.length,
    instances: listed.map((instance): ExplainedInstance => {
      const { id, url, inFlight } = instance;
      const ejectedForMs = Math.max(0, instance.ejectedUntil - now);
      const base = { id, url, version: named(instance.version), inFlight, ejectedForMs };
      if (candidates.has(instance))
        return { ...base, verdict: instance.reference === chosen ? "chosen" : "candidate" };
      const reason = whyUnused(pool, instance) ?? whyLeftOut(instance, version, now);
      return { ...base, verdict: "left-out", reason };
    }),
  };
}

function named(text: string): string | undefined {
  return text === "" ? undefined : text;
}
