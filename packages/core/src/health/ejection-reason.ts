/** Why an instance is ejected, with the figures that decided it. Plain data, for events and logs. */
export type EjectionReason =
  | {
      readonly kind: "consecutive-failures" | "consecutive-connect-failures";
      readonly failures: number;
      readonly threshold: number;
    }
  | {
      readonly kind: "failure-ratio";
      readonly failures: number;
      /** Attempts that the instance answered or failed in the interval. */
      readonly answers: number;
      /** In [0, 1]. */
      readonly failureRatio: number;
      readonly threshold: number;
    }
  | {
      readonly kind: "success-rate";
      readonly failures: number;
      readonly answers: number;
      /** In [0, 1]. */
      readonly successRatio: number;
      /** Of all instances that were compared. */
      readonly meanRatio: number;
      readonly deviation: number;
      /** The success ratio that the instance stayed below. */
      readonly threshold: number;
    }
  | {
      readonly kind: "latency";
      /** Answers whose latency is known. */
      readonly answers: number;
      /** Geometric mean of the instance. */
      readonly latencyMs: number;
      /** Median of these means over all instances that were compared. */
      readonly medianMs: number;
      /** The latency that the instance went beyond. */
      readonly thresholdMs: number;
    };
