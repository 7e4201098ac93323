import type { InstanceState, PoolState } from "../state.js";
import type { AffinityRule } from "./affinity-rule.js";

/**
 * Why a pin does not hold. `absent`: the request brings none. `unknown`: it stands for no instance of the service (any more).
 * `outside`: its instance is not among those that the backend allows. `tried`: an earlier attempt of this request went
 * there. `draining`: the deadline of its instance has passed. `not-eligible`: its instance is ejected.
 */
type PinRefusal = "absent" | "unknown" | "outside" | "tried" | "draining" | "not-eligible";

/**
 * What affinity wants for a request. `pinned`: the pinned instance takes it; `renews` says whether the client gets its
 * cookie anew. `re-pin`: the balancer chooses, and the client is pinned to whom it chose. `none`: the balancer chooses,
 * and nothing is to be remembered, because there is nothing to know the client by.
 */
export type Affinity =
  | { readonly kind: "pinned"; readonly renews: boolean }
  | { readonly kind: "re-pin"; readonly because: PinRefusal }
  | { readonly kind: "none" };

/** What the choice depends on. */
export interface AffineInput {
  readonly rule: AffinityRule;
  /** What `readPin` read. */
  readonly pin: string | undefined;
  /** Whom it stands for; undefined for nobody. */
  readonly pinned: InstanceState | undefined;
  /** Whether the pin is the one that is given out now. Always true for headers. */
  readonly isCurrent: boolean;
  /** The instances that the backend allows. */
  readonly pool: PoolState;
  /** Whether the pinned instance may get traffic, but for its draining. */
  readonly isHealthy: boolean;
  /** Whether no instance of the pool is eligible, and all that do not drain are tried. */
  readonly mayTryAll: boolean;
  /** Ids of the instances of earlier attempts. */
  readonly tried: readonly string[];
  /** Unit: milliseconds of the gateway's clock. */
  readonly now: number;
}

const HOLDS: Affinity = Object.freeze({ kind: "pinned", renews: false });
const HOLDS_ANEW: Affinity = Object.freeze({ kind: "pinned", renews: true });
const NONE: Affinity = Object.freeze({ kind: "none" });
const RE_PIN: { readonly [because in PinRefusal]: Affinity } = {
  absent: rePin("absent"),
  unknown: rePin("unknown"),
  outside: rePin("outside"),
  tried: rePin("tried"),
  draining: rePin("draining"),
  "not-eligible": rePin("not-eligible"),
};

function rePin(because: PinRefusal): Affinity {
  return Object.freeze({ kind: "re-pin", because });
}

/**
 * Whether the instance that a client is pinned to takes its request. It does while the backend allows it, it may get traffic
 * and, where it drains, its deadline is still to come. Everything else pins the client anew, to whom the balancer
 * chooses: also a split that has moved it to another version, so it has an instance of its own there from then on.
 *
 * A client whose pin holds gets no new cookie, so that its responses stay as they are, unless `sliding` asks for it or the
 * pin was made with an older secret.
 */
export function affine(input: AffineInput): Affinity {
  const refusal = refusalOf(input);
  if (refusal === undefined) return renews(input) ? HOLDS_ANEW : HOLDS;
  return refusal === "absent" && input.rule.kind === "header" ? NONE : RE_PIN[refusal];
}

function refusalOf(input: AffineInput): PinRefusal | undefined {
  const { pin, pinned, pool, tried, now } = input;
  if (pin === undefined) return "absent";
  if (pinned === undefined || pinned.hasLeft) return "unknown";
  if (!pinned.pools.includes(pool)) return "outside";
  if (tried.includes(pinned.id)) return "tried";
  if (pinned.drainUntil !== 0) {
    if (pinned.drainUntil <= now) return "draining";
    return input.isHealthy ? undefined : "not-eligible";
  }
  return input.isHealthy || input.mayTryAll ? undefined : "not-eligible";
}

function renews({ rule, isCurrent }: AffineInput): boolean {
  return rule.kind === "cookie" && (rule.isSliding || !isCurrent);
}
