import type { BreakerRule } from "../health/circuit-breaker.js";

/** When a rule has seen enough to judge. */
interface MinimumsConfig {
  /** Instances with enough answers that a service must have. */
  readonly minimumInstances?: number;
  /** Answers that an instance must have given in the interval. */
  readonly minimumAnswers?: number;
}

/** Judging instances by real traffic. `false` switches it off. */
export type OutlierConfig =
  | false
  | {
      /** Gateway failures in a row (no connection, timeout, reset, 502, 503, 504) that eject; 0 switches it off. Default: 5. */
      readonly consecutiveFailures?: number;
      /** Failures to connect in a row that eject; 0 switches it off. Default: 5. */
      readonly consecutiveConnectFailures?: number;
      /** Default: 30 000. */
      readonly baseEjectionMs?: number;
      /** Default: 300 000. */
      readonly maxEjectionMs?: number;
      /** Largest share of a service that may be ejected, in [0, 1]; one may always be where there are two or more. Default: 0.5. */
      readonly maxEjectionRatio?: number;
      /**
       * Whether an ejection ends with the next probe that passes, where the service has probes. Switch it off where a probe
       * passes although requests fail. Default: true. Source: Envoy, `successful_active_health_check_uneject_host`.
       */
      readonly endedByProbes?: boolean;
      /** In which time an instance that returns comes to its whole share of traffic. Unit: milliseconds. Default: 10 000. */
      readonly returnMs?: number;
      /** After which instances are compared with each other, time and again. Unit: milliseconds. Default: 10 000. */
      readonly intervalMs?: number;
      /** Ejects an instance that fails nearly always. Default: from 85 %, with 5 instances of 50 answers each. */
      readonly failureRatio?:
        | false
        | (MinimumsConfig & {
            /** Share of gateway failures, in [0, 1]. */
            readonly threshold?: number;
          });
      /** Ejects an instance that fails more often than the others. Default: on, with 5 instances of 100 answers each. */
      readonly successRate?:
        | false
        | (MinimumsConfig & {
            /** How many standard deviations below the mean. Default: 1.9. */
            readonly factor?: number;
            /** An instance that fails only so much more often than the others stays, in [0, 1]. Default: 0.05. */
            readonly minimumDifference?: number;
            /** Whether 500 and the like are failures too. Default: false. */
            readonly countServerErrors?: boolean;
          });
      /** Ejects an instance that is far slower than the others. Default: off. `{}` switches it on. */
      readonly latency?:
        | false
        | (MinimumsConfig & {
            /** How many times the median of all. Default: 5. */
            readonly factor?: number;
            /** Faster instances stay. Unit: milliseconds. Default: 100. */
            readonly minimumMs?: number;
          });
    };

/**
 * Stops all traffic to a service that fails or is slow, for a while. A failure is one of an instance: no connection, no whole
 * response, or 502, 503, 504. Default: off; `{}` switches it on.
 */
export type BreakerConfig = false | Partial<BreakerRule>;

/** How many retries a service may get. `false` sets no limit, which lets an outage grow. */
export type RetryBudgetConfig =
  | false
  | {
      /** Retries as a share of the requests of the last 10 s, in [0, 1]. Default: 0.2. */
      readonly ratio?: number;
      /** Retries a second that are allowed whatever the traffic. Default: 10. */
      readonly perSecond?: number;
    };

/**
 * Asking each instance by itself whether it is well. A new instance gets traffic with its first result; a gateway without
 * a proxy asks nobody, so there `reportProbe` has to tell. `false` switches off what the defaults say.
 */
export type ProbeConfig = false | ProbeOptions;

/** What is asked, how often, and what its results lead to. */
export interface ProbeOptions {
  /** `http`: a GET that has to be answered with success. `tcp`: a connection. `grpc`: the gRPC health protocol. Default: `"http"`. */
  readonly type?: "http" | "tcp" | "grpc";
  /** What an HTTP probe asks for: a path, with a query if need be. Default: `"/"`. Error: PATH. */
  readonly path?: string;
  /** Default: `"GET"`. */
  readonly method?: "GET" | "HEAD";
  /** Of the `Host` header. Default: that of the instance. */
  readonly host?: string;
  /** Asked instead of the port of the instance. Default: that. */
  readonly port?: number;
  /** Name that a gRPC probe asks about. Default: the whole server. */
  readonly grpcService?: string;
  /** From the start of a probe to that of the next. Unit: milliseconds. Default: 10 000. */
  readonly intervalMs?: number;
  /** Longest wait for a result, which is a failure then. Unit: milliseconds. Default: 2 000. Error: PROBE above `intervalMs`. */
  readonly timeoutMs?: number;
  /** Passes in a row after which an instance that failed gets traffic again. Default: 2. */
  readonly healthyAfter?: number;
  /** Failures in a row after which an instance gets no traffic any more. Default: 3. */
  readonly unhealthyAfter?: number;
  /** What the answer to an HTTP probe must be. Default: a status from 200 to 299. */
  readonly expect?: {
    readonly status?: number | readonly number[];
    /** Text that the body holds, in its first 64 KiB. */
    readonly body?: string;
  };
  /** Share of `intervalMs` by which each wait is longer or shorter, at random, in [0, 1]. Default: 0.1. */
  readonly jitter?: number;
}
