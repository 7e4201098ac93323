import { actionOf, type ForwardPlan } from "./config/plan.js";
import { decideStages, matchStage, type Draws } from "./decide.js";
import type { Decision } from "./decision.js";
import type {
  ExplainedBackend,
  ExplainedInstance,
  ExplainedPool,
  ExplainedRequest,
  ExplainedRoute,
  ExplainedSplit,
  Explanation,
  ExplainOptions,
} from "./explanation.js";
import { eligibleOf } from "./health/eligible.js";
import type { Alternative } from "./match/table.js";
import { isBad, parseRequest } from "./match/target.js";
import { failedPlace, firstFailed } from "./match/trace.js";
import type { ParsedRequest, RequestView } from "./request.js";
import type { Runtime } from "./runtime.js";
import { buildClientResponse } from "./rewrite/client-response.js";
import { buildUpstreamRequest } from "./rewrite/upstream-request.js";
import { readSplit, type SplitReading } from "./split/read-split.js";
import type { InstanceState } from "./state.js";

/** Tables of up to this many alternatives are listed whole. */
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
  const routes = parsed === undefined ? [] : explainRoutes(runtime, parsed, options);
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
    upstreamRequest: decision.kind === "forward" ? buildUpstreamRequest(view, decision) : undefined,
    clientResponse:
      decision.kind === "forward" || decision.kind === "none"
        ? undefined
        : buildClientResponse(decision, undefined, view),
    draws: noted.list,
  });
}

type Choice = Pick<Explanation, "split" | "pools">;

const NO_CHOICE: Choice = { split: undefined, pools: [] };

/** Draws that are passed on and noted. */
class NotedDraws implements Draws {
  readonly list: { readonly purpose: string; readonly value: number }[] = [];
  readonly split: () => number;
  readonly balance: () => number;
  readonly mirror: () => number;
  readonly mirrorBalance: () => number;
  readonly now: () => number;

  constructor(draws: Draws) {
    const now = draws.now();
    this.now = () => now;
    this.split = this.#noted("split", draws.split);
    this.balance = this.#noted("balance", draws.balance);
    this.mirror = this.#noted("mirror", draws.mirror);
    this.mirrorBalance = this.#noted("mirror-balance", draws.mirrorBalance);
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
    clientAddress: parsed?.clientAddress === "" ? undefined : parsed?.clientAddress,
  };
}

function explainRoutes(
  { plan: { table } }: Runtime,
  request: ParsedRequest,
  { everyRoute = table.alternatives.length <= MOST_LISTED }: ExplainOptions,
): ExplainedRoute[] {
  const reached = table.reached(request);
  const isReached = new Set(reached);
  let isTaken = false;
  return (everyRoute ? table.alternatives : reached).map((alternative) => {
    const failed = isReached.has(alternative)
      ? firstFailed(alternative, request)
      : failedPlace(alternative, request);
    const entry = explainedRoute(alternative, failed, isTaken);
    isTaken ||= failed === undefined;
    return entry;
  });
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
  const reading = readSplit(action.split, request, () => drawn as number);
  return {
    split: explainSplit(action, reading),
    pools: explainPools(runtime, action, reading.index, decision, noted.now()),
  };
}

function explainSplit({ split }: ForwardPlan, { index, point, key }: SplitReading): ExplainedSplit {
  const sum = split.weights.reduce((total, weight) => total + weight, 0);
  return {
    point,
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
  const chosen = decision.kind === "forward" ? decision.instance : undefined;
  const first = explainPool(runtime, backend.target, chosen, now);
  if (backend.fallback === undefined || hasChosen(first)) return [first];
  return [first, explainPool(runtime, backend.fallback.target, chosen, now)];
}

function hasChosen({ instances }: ExplainedPool): boolean {
  return instances.some(({ verdict }) => verdict === "chosen");
}

function explainPool(
  runtime: Runtime,
  number: number,
  chosen: InstanceState["reference"] | undefined,
  now: number,
): ExplainedPool {
  const { service, version } = runtime.plan.targets[number] as Runtime["plan"]["targets"][number];
  const plan = runtime.plan.services.get(service);
  const pool = runtime.targets[number]?.pool;
  const eligible = pool && plan && eligibleOf(pool, now, false).candidates;
  const triesAll = eligible?.length === 0 && plan?.tryAll === true && pool?.members.length !== 0;
  const candidates = new Set(triesAll ? pool?.members : eligible);
  const all = [...(runtime.services.get(service)?.instances.values() ?? [])];
  return {
    service,
    version: named(version),
    balancer: plan?.balancer.name ?? "",
    triesAll,
    instances: all.map((instance): ExplainedInstance => {
      const { id, url, inFlight } = instance;
      const base = { id, url, version: named(instance.version), inFlight };
      if (instance.reference === chosen) return { ...base, verdict: "chosen" };
      if (candidates.has(instance)) return { ...base, verdict: "candidate" };
      return { ...base, verdict: "left-out", reason: whyLeftOut(instance, version, now) };
    }),
  };
}

function whyLeftOut(instance: InstanceState, version: string, now: number): string {
  if (version !== "" && instance.version !== version)
    return instance.version === "" ? "it has no version" : `it is version ${instance.version}`;
  return `it is ejected for ${Math.ceil(instance.ejectedUntil - now)} ms more`;
}

function named(text: string): string | undefined {
  return text === "" ? undefined : text;
}
