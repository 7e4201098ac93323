import type { Params, RequestView } from "@signalbox/core";
import type { PolicyExchange } from "./policy.js";

const NO_PARAMS: Params = Object.freeze({});

/** What policies see of a request. */
export class RunExchange implements PolicyExchange {
  view: RequestView;
  route: string | undefined = undefined;
  params = NO_PARAMS;
  #locals: Record<PropertyKey, unknown> | undefined;
  #abort: AbortController | undefined;
  #isAborted = false;

  constructor(view: RequestView) {
    this.view = view;
  }

  get locals(): Record<PropertyKey, unknown> {
    return (this.#locals ??= Object.create(null) as Record<PropertyKey, unknown>);
  }

  // Few policies ask for it, and it costs more than all else here.
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isAborted) this.#abort.abort();
    return this.#abort.signal;
  }

  abort(): void {
    this.#isAborted = true;
    this.#abort?.abort();
  }
}
