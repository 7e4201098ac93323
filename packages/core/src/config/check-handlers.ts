import type { InstanceHandler } from "../state.js";
import { listIn, recordOf, type Loose } from "./loose.js";
import { describeValue, GatewayConfigError, pointerOf } from "./problem.js";
import { ProblemList, type Place } from "./problem-list.js";

type Kind = "handlers" | "URLs";

const ALIKE = "instances that are all handlers, or all URLs";
const REASON =
  "retries stay in a version, and what a function has begun cannot be sent again; give them versions of their own";

/** What the instances of each version of a service are; the empty version stands for those without one. */
type Kinds = ReadonlyMap<string, ReadonlySet<Kind>>;

/** The services that have functions among their instances. */
export type HandlerServices = ReadonlyMap<unknown, Kinds>;

export function handlerServices(services: Loose): HandlerServices {
  const found = new Map<unknown, Kinds>();
  for (const [name, service] of Object.entries(services)) {
    const instances = listIn(recordOf(service)["instances"]);
    if (instances.some((instance) => kindOf(instance) === "handlers"))
      found.set(name, kindsOf(instances));
  }
  return found;
}

/** The services with functions as plain data: what is checked of a route depends on them. Undefined where there are none. */
export function handlerContext(services: Loose): unknown {
  const found = [...handlerServices(services)];
  if (found.length === 0) return undefined;
  return found.map(([name, kinds]) => [name, [...kinds].map(([of, each]) => [of, [...each]])]);
}

function kindsOf(instances: readonly unknown[]): Kinds {
  const kinds = new Map<string, Set<Kind>>();
  for (const instance of instances) {
    const version = versionOf(instance);
    const known = kinds.get(version);
    if (known === undefined) kinds.set(version, new Set([kindOf(instance)]));
    else known.add(kindOf(instance));
  }
  return kinds;
}

function kindOf(instance: unknown): Kind {
  return Object.hasOwn(recordOf(instance), "handler") ? "handlers" : "URLs";
}

function versionOf(instance: unknown): string {
  const { version } = recordOf(instance);
  return typeof version === "string" ? version : "";
}

/** Functions and URLs in one version: the first instance that is of the other kind is told. */
export function checkHandlers(problems: ProblemList, services: Loose): void {
  for (const [service, each] of Object.entries(services)) {
    const first = new Map<string, Kind>();
    for (const [index, instance] of listIn(recordOf(each)["instances"]).entries()) {
      const version = versionOf(instance);
      const kind = kindOf(instance);
      const before = first.get(version) ?? kind;
      first.set(version, before);
      if (kind === before) continue;
      problems.add(
        ["services", service, "instances", index],
        "HANDLER",
        mixed(version),
        kind,
        ALIKE,
      );
      break;
    }
  }
}

function mixed(version: string): string {
  const which =
    version === "" ? "the instances without a version are" : `version ${describeValue(version)} is`;
  return `${which} both handlers and URLs: ${REASON}`;
}

/** What a backend, and its fallback, take without naming a version, where some are functions and some are not. */
export function checkPools(
  problems: ProblemList,
  services: HandlerServices,
  backend: Loose,
  at: Place,
): void {
  checkPool(problems, services, backend, at);
  const fallback = recordOf(backend["fallback"]);
  const { service = backend["service"], version, respond } = fallback;
  const leads = fallback["service"] !== undefined || version !== undefined || respond === undefined;
  if (backend["fallback"] !== undefined && leads)
    checkPool(problems, services, { service, version }, [...at, "fallback"]);
}

function checkPool(
  problems: ProblemList,
  services: HandlerServices,
  { service, version, split }: Loose,
  at: Place,
): void {
  const kinds = services.get(service);
  if (kinds === undefined || version !== undefined || split !== undefined) return;
  const versions = [...kinds.values()];
  // A version that is mixed in itself is told at its instances.
  if (versions.some((kinds) => kinds.size > 1)) return;
  const found = new Set(versions.flatMap((kinds) => [...kinds]));
  if (found.size < 2) return;
  const message = `the versions of service ${describeValue(service)} are handlers and URLs, and retries would go from one to the other: give a version, or a split`;
  problems.add(at, "HANDLER", message, "all versions", "a version, or a split");
}

/** A copy of requests that may come to a function: its answer would go to the client. */
export function checkMirrored(
  problems: ProblemList,
  services: HandlerServices,
  { service, version }: Loose,
  at: Place,
): void {
  const kinds = services.get(service);
  if (kinds === undefined) return;
  const meant = typeof version === "string" ? [kinds.get(version)] : [...kinds.values()];
  if (!meant.some((each) => each?.has("handlers") === true)) return;
  const which = typeof version === "string" ? ` in version ${describeValue(version)}` : "";
  const message = `service ${describeValue(service)} has handlers${which}, and a handler would answer the client: a copy goes to URLs only`;
  problems.add(at, "HANDLER", message, "handlers", "a version that has URLs only");
}

/** @throws GatewayConfigError when an instance that comes at run time is a function among URLs, or a URL among functions */
export function assertAlike(service: string, plan: Member, others: Iterable<Member>): void {
  for (const other of others) {
    if (other.id === plan.id || other.version !== plan.version) continue;
    if ((other.handler === undefined) === (plan.handler === undefined)) return;
    const pointer = pointerOf(["services", service, "instances"]);
    const found = plan.handler === undefined ? "URLs" : "handlers";
    const message = mixed(plan.version);
    throw new GatewayConfigError([{ pointer, code: "HANDLER", message, found, expected: ALIKE }]);
  }
}

interface Member {
  readonly id: string;
  readonly version: string;
  readonly handler: InstanceHandler | undefined;
}
