import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Policy, PolicyExchange, RequestStep, ResponseStep } from "@signalbox/proxy";
import { between, type Random } from "../hostile/random.js";

/** Policies that wait, answer and make bodies anew, and one around them that counts what it is told. */
export class ChaosPolicies {
  /** What must not happen, in words. */
  readonly wrongs: string[] = [];
  readonly #random: Random;
  readonly #open = new Set<PolicyExchange>();
  readonly #responded = new WeakSet<PolicyExchange>();
  readonly #over = new WeakSet<PolicyExchange>();
  /** Ends that were told. */
  ends = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get byName(): { readonly [name: string]: Policy } {
    return {
      counts: {
        onRequest: (exchange) => this.#begin(exchange),
        onResponse: (exchange) => this.#respond(exchange),
        onEnd: (exchange) => this.#end(exchange),
      },
      steps: {
        onRequest: () => this.#requestStep(),
        onResponse: () => this.#responseStep(),
      },
    };
  }

  /** What is wrong when all is over. */
  problems(): string[] {
    const never = [...this.#open].map(
      ({ view }) => `a policy is never told the end of ${view.url}`,
    );
    return [...this.wrongs, ...never];
  }

  #begin(exchange: PolicyExchange): void {
    if (this.#open.has(exchange) || this.#over.has(exchange)) this.#note("begins twice", exchange);
    this.#open.add(exchange);
  }

  #respond(exchange: PolicyExchange): void {
    if (!this.#open.has(exchange)) this.#note("responds when it is over", exchange);
    if (this.#responded.has(exchange)) this.#note("responds twice", exchange);
    this.#responded.add(exchange);
  }

  #end(exchange: PolicyExchange): void {
    this.ends++;
    if (!this.#open.delete(exchange)) this.#note("ends twice, or without a beginning", exchange);
    if (!exchange.signal.aborted) this.#note("is over and its signal is not", exchange);
    this.#over.add(exchange);
  }

  #note(what: string, { view }: PolicyExchange): void {
    this.wrongs.push(`a policy: ${what}: ${view.url}`);
  }

  #requestStep(): RequestStep | Promise<RequestStep> {
    const draw = this.#random();
    if (draw < 0.02) return { answer: { status: 503, body: "not now" } };
    const step = draw < 0.3 ? { body: passOn } : { headers: { set: { "x-step": "1" } } };
    return this.#soon<RequestStep>(step);
  }

  #responseStep(): ResponseStep | Promise<ResponseStep> {
    const step = this.#random() < 0.3 ? { body: passOn } : { headers: { set: { "x-step": "1" } } };
    return this.#soon<ResponseStep>(step);
  }

  /** At once, or a little later. */
  #soon<Step>(step: Step): Step | Promise<Step> {
    if (this.#random() < 0.5) return step;
    return sleep(between(this.#random, 0, 20), step);
  }
}

const passOn = (body: NodeJS.ReadableStream): PassThrough => body.pipe(new PassThrough());
