import type { RetryBudget } from "../state.js";

/** Seconds that the budget looks back on. */
const WINDOW = 10;

/**
 * How many retries a service may get: a share of the requests of the last 10 s, and some more whatever the traffic.
 *
 * Source: Finagle, RetryBudget (20 % and 10 a second, tokens live 10 s).
 */
export interface RetryBudgetRule {
  /** Retries that each request allows. */
  readonly ratio: number;
  /** Retries a second that are allowed whatever the traffic. */
  readonly perSecond: number;
}

/** Enough to hide single failures, too little for a storm. */
export const DEFAULT_RETRY_BUDGET: RetryBudgetRule = Object.freeze({ ratio: 0.2, perSecond: 10 });

/** A budget of which nothing is used. */
export function newRetryBudget(): RetryBudget {
  return {
    second: 0,
    requests: new Array<number>(WINDOW).fill(0),
    retries: new Array<number>(WINDOW).fill(0),
  };
}

/** Counts one started attempt. */
export function countAttempt(budget: RetryBudget, isRetry: boolean, now: number): void {
  const second = Math.floor(now / 1000);
  if (second !== budget.second) moveTo(budget, second);
  const counts = isRetry ? budget.retries : budget.requests;
  counts[second % WINDOW] = (counts[second % WINDOW] as number) + 1;
}

/** Whether one more retry fits; without a rule each does. Changes nothing. */
export function mayRetry(
  rule: RetryBudgetRule | undefined,
  budget: RetryBudget,
  now: number,
): boolean {
  if (rule === undefined) return true;
  const second = Math.floor(now / 1000);
  let requests = 0;
  let retries = 0;
  for (let back = 0; back < WINDOW; back++) {
    // Seconds that have not been counted in yet stand in the slots of seconds long past.
    const counted = second - back;
    if (counted > budget.second || counted <= budget.second - WINDOW || counted < 0) continue;
    requests += budget.requests[counted % WINDOW] as number;
    retries += budget.retries[counted % WINDOW] as number;
  }
  return retries < requests * rule.ratio + rule.perSecond * WINDOW;
}

function moveTo(budget: RetryBudget, second: number): void {
  const passed = Math.min(second - budget.second, WINDOW);
  for (let i = 0; i < passed; i++) {
    budget.requests[(second - i) % WINDOW] = 0;
    budget.retries[(second - i) % WINDOW] = 0;
  }
  budget.second = second;
}
