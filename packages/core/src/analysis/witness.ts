import type { GatewayConfig } from "../config/config.js";
import type { RouteConfig } from "../config/route-config.js";
import type { Plan } from "../config/plan.js";
import type { Alternative } from "../match/table.js";
import { isBad, parseRequest } from "../match/target.js";
import { firstFailed } from "../match/trace.js";
import type { RequestView } from "../request.js";
import { Constraints } from "./constraints.js";
import { freshWord } from "./fresh.js";
import { partsOf, type Part } from "./parts.js";
import type { MethodValue } from "./sample.js";
import { NONE, UNKNOWN, type Solution } from "./text-solver.js";

/** Steps after which a search is given up. */
const MAX_STEPS = 400;

/** Whether an alternative can be reached: a request that it takes, or the alternatives that take them all. */
export type Reach =
  | { readonly kind: "reached"; readonly view: RequestView }
  | { readonly kind: "hidden"; readonly by: readonly Alternative[] }
  | { readonly kind: "contradiction" }
  | { readonly kind: "unknown" };

/**
 * Searches requests that a given alternative takes. It solves the conditions, asks the real table who takes the
 * request, and if that is another one, goes on with each of its conditions broken in turn. When no way is left,
 * that is a proof that there is no such request.
 */
export class WitnessSearch {
  readonly #plan: Plan;
  readonly #routes: readonly RouteConfig[];
  readonly #methods: readonly MethodValue[];
  readonly #parts = new Map<Alternative, readonly Part[]>();

  constructor(config: GatewayConfig, plan: Plan) {
    this.#plan = plan;
    this.#routes = config.routes;
    this.#methods = methodsOf(plan.table.alternatives);
  }

  /** What an alternative asks of a request. */
  partsOf(alternative: Alternative): readonly Part[] {
    const known = this.#parts.get(alternative);
    if (known !== undefined) return known;
    const parts = partsOf(this.#routes[alternative.precedence.route] as RouteConfig, alternative);
    this.#parts.set(alternative, parts);
    return parts;
  }

  /** The alternative that takes a request. */
  takerOf(view: RequestView): Alternative | undefined {
    const request = parseRequest(view, this.#plan.parse);
    return isBad(request) ? undefined : this.#plan.table.find(request);
  }

  /** Whether an alternative would take a request if no other went before it. */
  holds(alternative: Alternative, view: RequestView): boolean {
    const request = parseRequest(view, this.#plan.parse);
    if (isBad(request) || firstFailed(alternative, request) !== undefined) return false;
    return this.#plan.table.reached(request).includes(alternative);
  }

  /** Whether all parts hold for some request, whoever takes it. */
  satisfy(parts: readonly Part[], broken: readonly Part[] = []): Solution<RequestView> {
    const all = this.#anything().withAll(parts);
    return broken.reduce((left, part) => left.with(part, false), all).solve();
  }

  /** A request that an alternative takes while other parts hold too. */
  reach(alternative: Alternative, also: readonly Part[] = []): Reach {
    const parts = [...this.partsOf(alternative), ...also];
    const constraints = this.#anything().withAll(parts);
    const hiding = new Set<Alternative>();
    const budget = { steps: MAX_STEPS };
    const found = this.#escape(alternative, constraints, hiding, budget);
    if (found.kind === "found") return { kind: "reached", view: found.value };
    if (found.kind === "unknown") return { kind: "unknown" };
    if (hiding.size === 0) return { kind: "contradiction" };
    return { kind: "hidden", by: [...hiding].sort((a, b) => a.rank - b.rank) };
  }

  #anything(): Constraints {
    return Constraints.among(this.#methods, this.#plan.parse.path ?? {});
  }

  #escape(
    wanted: Alternative,
    constraints: Constraints,
    hiding: Set<Alternative>,
    budget: { steps: number },
  ): Solution<RequestView> {
    if (budget.steps-- <= 0) return UNKNOWN;
    const solution = constraints.solve();
    if (solution.kind !== "found") return solution;
    const taker = this.takerOf(solution.value);
    if (taker === wanted) return solution;
    // Conditions that look at one thing in two ways, such as the header `host`, are not understood.
    if (taker === undefined || taker.rank > wanted.rank) return UNKNOWN;
    hiding.add(taker);
    let isUnknown = false;
    for (const part of this.partsOf(taker)) {
      const escaped = this.#escape(wanted, constraints.with(part, false), hiding, budget);
      if (escaped.kind === "found") return escaped;
      isUnknown ||= escaped.kind === "unknown";
    }
    return isUnknown ? UNKNOWN : NONE;
  }
}

/** Methods that stand for all there are: those that conditions name and another, each also as a preflight asks for it. */
function methodsOf(alternatives: readonly Alternative[]): MethodValue[] {
  const named = new Set(["GET"]);
  for (const { conditions } of alternatives)
    for (const method of conditions.methods ?? []) named.add(method);
  const methods = [...named, freshWord([...named]).toUpperCase()];
  const plain = methods.map((method) => ({ method, isPreflight: false }));
  if (!alternatives.some(({ takesPreflight }) => takesPreflight)) return plain;
  return [...plain, ...methods.map((method) => ({ method, isPreflight: true }))];
}
