import type { ExchangeEnd } from "@signalbox/proxy";

/** A logger of Fastify, as far as it matters here. */
export type EndLogger = {
  readonly [Level in "info" | "warn" | "error"]: (fields: object, message: string) => void;
};

/** Loggers of requests, by what their views hold of them. */
type Loggers = WeakMap<object, EndLogger>;

/** Logs failed exchanges with the logger of their request. */
export class EndLog {
  readonly #loggers: Loggers = new WeakMap();
  readonly #fallback: EndLogger;

  constructor(fallback: EndLogger) {
    this.#fallback = fallback;
  }

  /** @param rawHeaders of the request: the view that comes back at its end has the same */
  expect(rawHeaders: object, logger: EndLogger): void {
    // Without logging every request has the logger of the application: there is nothing to remember.
    if (logger !== this.#fallback) this.#loggers.set(rawHeaders, logger);
  }

  tell(end: ExchangeEnd): void {
    if (end.failure === undefined && end.failed.length === 0) return;
    const { rawHeaders } = end.view;
    const logger = (rawHeaders && this.#loggers.get(rawHeaders)) ?? this.#fallback;
    const { side, stage, cause } = end.failure ?? {};
    const level = levelOf(end);
    logger[level](
      { gateway: { ...whereOf(end), side, stage, cause, attempts: end.attempts } },
      end.failure === undefined ? "forwarded after a retry" : "not forwarded",
    );
  }
}

// Who leaves early is nothing to be woken for.
function levelOf({ failure }: ExchangeEnd): "info" | "warn" | "error" {
  if (failure?.side === "gateway") return "error";
  return failure?.side === "instance" ? "warn" : "info";
}

function whereOf({ decision, status }: ExchangeEnd): Record<string, unknown> {
  if (decision.kind !== "forward") return { status, decision: decision.kind };
  const { route, service, version, instance } = decision;
  return { status, route, service, version, instance: instance.id };
}
