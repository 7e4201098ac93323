import type { RequestView } from "../../request.js";
import { checkNumber } from "./check-scenario.js";
import type { TrafficModel } from "./scenario.js";
import { SimulatedExchange, type ExchangeOwner } from "./simulated-exchange.js";
import type { SimulatedWorld } from "./simulated-world.js";

const DEFAULT_VIEW: RequestView = { method: "GET", url: "/", headers: { host: "localhost" } };

/** How long a rate that was asked for holds. Unit: milliseconds. */
const RATE_STEP_MS = 10;

/** The clients of one traffic model, as they come in. */
export class TrafficFlow {
  readonly #world: SimulatedWorld;
  readonly #model: TrafficModel;
  readonly #field: string;
  readonly #random: () => number;
  readonly #from: number;
  readonly #end: number;
  #at: number;
  #step = 0;
  #n = 0;

  /** @param field what errors call it */
  constructor(world: SimulatedWorld, model: TrafficModel, field: string, random: () => number) {
    this.#world = world;
    this.#model = model;
    this.#field = field;
    this.#random = random;
    const { fromMs = 0, toMs = world.durationMs } = model;
    this.#from = fromMs;
    this.#end = Math.min(toMs, world.durationMs);
    this.#at = fromMs;
  }

  /** Plans the first client; each plans the next. */
  begin(): void {
    this.#planNext();
  }

  #planNext(): void {
    this.#at = this.#nextAt();
    this.#world.clock.at(this.#at, this.#arrive);
  }

  readonly #arrive = (): void => {
    this.#planNext();
    const { request = DEFAULT_VIEW } = this.#model;
    const view = typeof request === "function" ? request(this.#n++, this.#random) : request;
    this.#world.recorder.onClient();
    new Client(this.#world, this.#model, view).ask();
  };

  /** When the next one comes; `Infinity` when nobody does any more. */
  #nextAt(): number {
    const { perSecond, arrivals = "poisson" } = this.#model;
    // How many come until then on average: of a rate that changes, its integral.
    let wanted = arrivals === "even" ? 1 : -Math.log(1 - this.#random());
    if (typeof perSecond === "number") {
      const at = this.#at + (1_000 * wanted) / perSecond;
      return at < this.#end ? at : Number.POSITIVE_INFINITY;
    }
    for (let at = this.#at; at < this.#end; this.#step++) {
      const until = Math.min(this.#from + (this.#step + 1) * RATE_STEP_MS, this.#end);
      const rate = this.#rateOf(perSecond) / 1_000;
      const expected = rate * (until - at);
      if (expected > wanted) return at + wanted / rate;
      wanted -= expected;
      at = until;
    }
    return Number.POSITIVE_INFINITY;
  }

  #rateOf(perSecond: (atMs: number) => number): number {
    const at = this.#from + this.#step * RATE_STEP_MS;
    const rate = perSecond(at);
    checkNumber(`${this.#field}.perSecond(${at})`, rate, { from: 0 });
    return rate;
  }
}

/** Somebody who wants an answer. */
class Client implements ExchangeOwner {
  readonly #world: SimulatedWorld;
  readonly #view: RequestView;
  readonly #patienceMs: number;
  #retriesLeft: number;

  constructor(world: SimulatedWorld, model: TrafficModel, view: RequestView) {
    this.#world = world;
    this.#view = view;
    this.#patienceMs = model.patienceMs ?? Number.POSITIVE_INFINITY;
    this.#retriesLeft = model.clientRetries ?? 0;
  }

  ask(): void {
    this.#world.recorder.onRequest();
    new SimulatedExchange(this.#world, this.#view, this).begin(this.#patienceMs);
  }

  onAnswer(status: number): void {
    if (this.#retriesLeft === 0 || (status < 500 && status !== 499)) return;
    this.#retriesLeft--;
    this.ask();
  }
}
