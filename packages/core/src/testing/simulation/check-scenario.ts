import type { Gateway } from "../../gateway.js";
import type { Distribution } from "./distribution.js";
import type { Deploy, Fault, InstanceModel, Scenario, TrafficModel } from "./scenario.js";

/** What a number has to be. */
interface Wanted {
  /** The least that it may be. */
  readonly from?: number;
  /** What it has to be larger than. */
  readonly above?: number;
  /** The most that it may be. */
  readonly upTo?: number;
  readonly isWhole?: boolean;
  /** Whether `Infinity` will do. */
  readonly mayBeEndless?: boolean;
}

/** @throws RangeError naming the field, unless the value is a number as it is wanted */
export function checkNumber(field: string, value: unknown, wanted: Wanted): void {
  if (!isNumberAs(value, wanted)) refuse(field, textOf(wanted), value);
}

/** @throws RangeError naming the first field that no simulation can make sense of */
export function checkScenario(scenario: Scenario): void {
  const { durationMs, sampleMs = 1_000, seed = 1 } = scenario;
  checkNumber("durationMs", durationMs, { above: 0 });
  checkNumber("sampleMs", sampleMs, { above: 0 });
  checkNumber("seed", seed, { from: 0, upTo: Number.MAX_SAFE_INTEGER, isWhole: true });
  for (const [index, model] of [scenario.traffic].flat().entries())
    checkTraffic(`traffic[${index}]`, model, durationMs);
  for (const [id, model] of Object.entries(scenario.instances))
    checkInstance(`instances[${JSON.stringify(id)}]`, model);
  for (const [index, fault] of (scenario.faults ?? []).entries())
    checkFault(`faults[${index}]`, fault);
  for (const [index, deploy] of (scenario.deploys ?? []).entries())
    checkDeploy(`deploys[${index}]`, deploy);
  for (const [index, { atMs, run }] of (scenario.actions ?? []).entries()) {
    checkNumber(`actions[${index}].atMs`, atMs, { from: 0 });
    if (typeof run !== "function") refuse(`actions[${index}].run`, "a function", run);
  }
}

/** @throws RangeError when the scenario names what neither the gateway nor the scenario has */
export function checkNames(
  { instances, faults = [], deploys = [] }: Scenario,
  gateway: Gateway,
): void {
  const known = new Set(Object.keys(instances));
  for (const service of gateway.services)
    for (const { id } of gateway.instancesOf(service)) known.add(id);
  known.delete("*");
  for (const [index, { instance }] of faults.entries())
    for (const id of [instance].flat())
      if (!known.has(id))
        refuse(`faults[${index}].instance`, `the id of an instance (${list(known)})`, id);
  for (const [index, { service }] of deploys.entries())
    if (!gateway.services.includes(service))
      refuse(
        `deploys[${index}].service`,
        `the name of a service (${list(gateway.services)})`,
        service,
      );
}

function checkTraffic(field: string, model: TrafficModel, durationMs: number): void {
  const { perSecond, fromMs = 0, toMs = durationMs, arrivals = "poisson" } = model;
  if (typeof perSecond !== "function" && !isNumberAs(perSecond, { from: 0 }))
    refuse(`${field}.perSecond`, "a finite number >= 0 or a function", perSecond);
  checkTimes(field, fromMs, toMs);
  if (arrivals !== "poisson" && arrivals !== "even")
    refuse(`${field}.arrivals`, '"poisson" or "even"', arrivals);
  checkNumber(`${field}.clientRetries`, model.clientRetries ?? 0, { from: 0, isWhole: true });
  const { patienceMs = Number.POSITIVE_INFINITY } = model;
  checkNumber(`${field}.patienceMs`, patienceMs, { above: 0, mayBeEndless: true });
}

function checkInstance(field: string, model: InstanceModel): void {
  const { serviceMs, capacity = 1, queue = 0, errorRatio = 0, coldStart } = model;
  checkDistribution(`${field}.serviceMs`, serviceMs);
  checkNumber(`${field}.capacity`, capacity, { from: 1, isWhole: true, mayBeEndless: true });
  checkNumber(`${field}.queue`, queue, { from: 0, isWhole: true, mayBeEndless: true });
  checkNumber(`${field}.errorRatio`, errorRatio, { from: 0, upTo: 1 });
  if (coldStart === undefined) return;
  checkNumber(`${field}.coldStart.factor`, coldStart.factor, { above: 0 });
  checkNumber(`${field}.coldStart.durationMs`, coldStart.durationMs, { above: 0 });
}

function checkDistribution(field: string, distribution: Distribution): void {
  if (typeof distribution === "number" || typeof distribution !== "object" || distribution === null)
    return checkNumber(field, distribution, { from: 0 });
  switch (distribution.kind) {
    case "uniform":
      checkNumber(`${field}.from`, distribution.from, { from: 0 });
      return checkNumber(`${field}.to`, distribution.to, { from: distribution.from });
    case "exponential":
      return checkNumber(`${field}.mean`, distribution.mean, { from: 0 });
    case "lognormal":
      checkNumber(`${field}.median`, distribution.median, { from: 0 });
      return checkNumber(`${field}.sigma`, distribution.sigma, { from: 0 });
    default:
      refuse(
        `${field}.kind`,
        '"uniform", "exponential" or "lognormal"',
        (distribution as { readonly kind: unknown }).kind,
      );
  }
}

const FAULT_KINDS: readonly string[] = ["down", "stalled", "slow", "failing"];

function checkFault(field: string, fault: Fault): void {
  const { kind, fromMs, toMs = Number.POSITIVE_INFINITY, factor = 10, ratio = 1 } = fault;
  if (!FAULT_KINDS.includes(kind))
    refuse(`${field}.kind`, '"down", "stalled", "slow" or "failing"', kind);
  checkTimes(field, fromMs, toMs);
  checkNumber(`${field}.factor`, factor, { above: 0 });
  checkNumber(`${field}.ratio`, ratio, { from: 0, upTo: 1 });
}

function checkDeploy(field: string, { fromMs, pauseMs = 0, downMs = 0 }: Deploy): void {
  checkNumber(`${field}.fromMs`, fromMs, { from: 0 });
  checkNumber(`${field}.pauseMs`, pauseMs, { from: 0 });
  checkNumber(`${field}.downMs`, downMs, { from: 0 });
}

function checkTimes(field: string, fromMs: number, toMs: number): void {
  checkNumber(`${field}.fromMs`, fromMs, { from: 0 });
  checkNumber(`${field}.toMs`, toMs, { above: fromMs, mayBeEndless: true });
}

function isNumberAs(value: unknown, wanted: Wanted): boolean {
  const { from = 0, above, upTo = Number.POSITIVE_INFINITY, isWhole, mayBeEndless } = wanted;
  if (typeof value !== "number" || Number.isNaN(value)) return false;
  if (value === Number.POSITIVE_INFINITY) return mayBeEndless === true;
  if (above === undefined ? value < from : value <= above) return false;
  return value <= upTo && (isWhole !== true || Number.isInteger(value));
}

function textOf({ from, above, upTo, isWhole, mayBeEndless }: Wanted): string {
  const kind = isWhole === true ? "whole number" : "number";
  const what = mayBeEndless === true || upTo !== undefined ? `a ${kind}` : `a finite ${kind}`;
  const least = above === undefined ? `>= ${from ?? 0}` : `> ${above}`;
  const most = upTo === undefined ? "" : ` and <= ${upTo}`;
  return `${what} ${least}${most}`;
}

function list(names: Iterable<string>): string {
  const all = [...names];
  const shown = all.slice(0, 5).map((name) => JSON.stringify(name));
  return `${shown.join(", ")}${all.length > shown.length ? ", …" : ""}`;
}

function refuse(field: string, wanted: string, found: unknown): never {
  const text = typeof found === "string" ? JSON.stringify(found) : String(found);
  throw new RangeError(`${field}: expected ${wanted}, got ${text}`);
}
