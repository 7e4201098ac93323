import { hasPlace } from "./choose.js";
import { affine } from "./affinity/affine.js";
import type { CookieRule } from "./affinity/affinity-rule.js";
import { recall, remember } from "./affinity/memory.js";
import { pinnedBy, valueOf } from "./affinity/pin-table.js";
import { readPin } from "./affinity/read-pin.js";
import { setCookieFor } from "./affinity/set-cookie.js";
import { isHealthy } from "./health/eligible.js";
import { freshen } from "./pool-levels.js";
import type { RequestView } from "./request.js";
import type { Target } from "./runtime.js";
import type { InstanceState, ServiceState } from "./state.js";

const NOTHING: readonly string[] = Object.freeze([]);

/** The client of a service with affinity, as far as its pin tells. */
export interface ClientPin {
  /** The instance that takes its request; undefined where the balancer chooses. */
  readonly instance: InstanceState | undefined;
  /** Whether the client is told its pin anew. */
  readonly renews: boolean;
  /** What a request header says of its session; undefined for cookies, and where there is none. */
  readonly session: string | undefined;
}

/** Whom a client of a target is pinned to; undefined where its service has no affinity. */
export function clientPin(
  target: Target | undefined,
  view: RequestView,
  now: () => number,
  mayTryAll = true,
): ClientPin | undefined {
  const rule = target?.plan.affinity;
  if (target === undefined || rule === undefined) return undefined;
  const { pool, plan } = target;
  const pin = readPin(view, rule);
  const session = rule.kind === "header" ? pin : undefined;
  const at = now();
  const { instance, isCurrent } = pinnedIn(pool.service, pin, at);
  freshen(pool, plan, at);
  const isFree = instance !== undefined && hasPlace(instance, plan.limits.perInstance);
  const wanted = affine({
    ...{ rule, pin, isCurrent, pool, tried: NOTHING, now: at },
    pinned: instance,
    isHealthy: isFree && isHealthy(instance, at),
    mayTryAll: isFree && mayTryAll && pool.isPanic && plan.tryAll,
  });
  if (wanted.kind === "pinned") return { instance, renews: wanted.renews, session };
  return {
    instance: undefined,
    renews: wanted.kind === "re-pin" && session === undefined,
    session,
  };
}

const NOBODY = { instance: undefined, isCurrent: true };

/** Whom a pin stands for, however that instance is. */
export function pinnedIn(
  { pins, sessions, instances }: ServiceState,
  pin: string | undefined,
  now: number,
): { readonly instance: InstanceState | undefined; readonly isCurrent: boolean } {
  if (pin === undefined) return NOBODY;
  if (pins !== undefined) return pinnedBy(pins, pin) ?? NOBODY;
  const id = sessions && recall(sessions, pin, now);
  return id === undefined ? NOBODY : { instance: instances.get(id), isCurrent: true };
}

/** The lines that pin a client to an instance; none where it carries no cookie for it. */
export function pinCookies(
  { pins }: ServiceState,
  rule: Target["plan"]["affinity"],
  instance: InstanceState,
  isSecure: boolean,
): readonly string[] {
  if (rule?.kind !== "cookie" || pins === undefined) return NOTHING;
  const value = valueOf(pins, instance);
  return value === undefined
    ? NOTHING
    : Object.freeze([setCookieFor(rule satisfies CookieRule, value, isSecure)]);
}

/** A session is seen at an instance. */
export function noteSession(
  { sessions }: ServiceState,
  session: string | undefined,
  { id }: InstanceState,
  now: number,
): void {
  if (sessions !== undefined && session !== undefined) remember(sessions, session, id, now);
}
