/** How probes judge an instance, and what they ask. */
export interface ProbeRule {
  readonly type: "http" | "tcp" | "grpc";
  /** What an HTTP probe asks for. */
  readonly path: string;
  readonly method: string;
  /** Of the `Host` header; empty for that of the instance. */
  readonly host: string;
  /** Port that is asked instead of that of the instance; 0 for that. */
  readonly port: number;
  /** Name of the service that a gRPC probe asks for; empty for the whole server. */
  readonly grpcService: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Passes in a row that make an instance healthy again. */
  readonly healthyAfter: number;
  /** Failures in a row that make one unhealthy. */
  readonly unhealthyAfter: number;
  /** Statuses that pass; empty for 200 to 299. */
  readonly statuses: readonly number[];
  /** Text that a body must hold; empty for any body. */
  readonly body: string;
  /** Share of the interval by which probes are moved at random. */
  readonly jitter: number;
}

/** What probes found at one instance. */
export interface ProbeState {
  /** `unprobed`: its service has no probes. `waiting`: there was no result yet, so it gets no traffic. */
  status: "unprobed" | "waiting" | "passing" | "failing";
  /** Results in a row that speak against the status. */
  contrary: number;
}

/** Whether probes leave an instance its traffic. */
export function isProbedWell({ status }: ProbeState): boolean {
  return status === "unprobed" || status === "passing";
}

/**
 * Takes a result into the state, in place. The first decides at once; later ones need some in a row.
 *
 * @returns true when the status has changed
 *
 * Source: Envoy, health checking, for the thresholds and the first result.
 */
export function countProbe(
  { healthyAfter, unhealthyAfter }: Pick<ProbeRule, "healthyAfter" | "unhealthyAfter">,
  state: ProbeState,
  passed: boolean,
): boolean {
  const is = passed ? "passing" : "failing";
  if (state.status === is) {
    state.contrary = 0;
    return false;
  }
  state.contrary++;
  const needed = passed ? healthyAfter : unhealthyAfter;
  if (state.status !== "waiting" && state.contrary < needed) return false;
  state.status = is;
  state.contrary = 0;
  return true;
}
