/** When an instance is ejected, and for how long. */
export interface OutlierRule {
  readonly consecutiveFailures: number;
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
  readonly maxEjectionRatio: number;
}

/** What the rule looks at. */
export interface Judged {
  readonly consecutiveFailures: number;
  readonly ejectedUntil: number;
  readonly ejectionFactor: number;
}

/** An ejection as it begins. */
export interface Ejection {
  readonly until: number;
  readonly factor: number;
}

/** Statuses by which a gateway in front of the application, or the application itself, says that it is not there. */
export function isGatewayFailure(status: number): boolean {
  return status === 502 || status === 503 || status === 504;
}

/**
 * The ejection that is due, or undefined. The n-th lasts n times as long as the first, up to the longest;
 * n falls by one for each `baseEjectionMs` that has passed since the instance came back.
 *
 * @param others instances of the service that could take its traffic now, and how many are ejected of how many
 *
 * Source: Envoy, outlier detection, consecutive gateway failures.
 */
export function dueEjection(
  rule: OutlierRule,
  instance: Judged,
  others: { readonly eligible: number; readonly ejected: number; readonly all: number },
  now: number,
): Ejection | undefined {
  if (instance.consecutiveFailures < rule.consecutiveFailures || instance.ejectedUntil > now)
    return undefined;
  if (others.eligible < 1 || others.ejected + 1 > mostEjected(rule, others.all)) return undefined;
  const calm = Math.floor((now - instance.ejectedUntil) / rule.baseEjectionMs);
  const factor = Math.max(0, instance.ejectionFactor - calm) + 1;
  return { until: now + Math.min(rule.baseEjectionMs * factor, rule.maxEjectionMs), factor };
}

/** Most instances of a service that may be ejected at once: the share rounded down, but one where there are two or more. */
export function mostEjected(rule: OutlierRule, all: number): number {
  // Products of fractions may miss a whole number by a rounding error.
  return Math.max(Math.floor(all * rule.maxEjectionRatio + 1e-9), all >= 2 ? 1 : 0);
}
