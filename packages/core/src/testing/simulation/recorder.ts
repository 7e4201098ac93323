import type { GatewayChange } from "../../change.js";
import { Latencies, Tally, type SimulationPoint, type SimulationResult } from "./results.js";
import type { SimulatedInstance } from "./simulated-instance.js";

/** Instances by id. */
type Instances = ReadonlyMap<string, SimulatedInstance>;

/** Counts what happens in a simulation. */
export class Recorder {
  readonly #all = new Latencies();
  readonly #recent = new Latencies();
  readonly #statuses = new Tally();
  readonly #refused = new Tally();
  readonly #changes = new Tally();
  readonly #ejections = new Tally();
  readonly #series: SimulationPoint[] = [];
  /** Requests at instances when the latest point was taken. */
  readonly #servedBefore = new Tally();
  #counts = noCounts();
  #before = noCounts();
  #wastedMs = 0;

  onClient(): void {
    this.#counts.clients++;
  }

  onRequest(): void {
    this.#counts.requests++;
  }

  onAttempt(attempt: number): void {
    this.#counts.attempts++;
    if (attempt > 1) this.#counts.retries++;
  }

  onAnswer(status: number, ms: number): void {
    this.#statuses.add(status);
    this.#all.add(ms);
    this.#recent.add(ms);
    this.#counts.ended++;
    if (status === 499) this.#counts.abandoned++;
    else if (status < 400) this.#counts.succeeded++;
    else this.#counts.failed++;
  }

  onRefused(reason: string): void {
    this.#refused.add(reason);
  }

  onWasted(ms: number): void {
    this.#wastedMs += ms;
  }

  onChange({ kind, instance }: GatewayChange): void {
    this.#changes.add(kind);
    if (kind === "ejected" && instance !== undefined) this.#ejections.add(instance.id);
  }

  /** Ends a piece of time. */
  takePoint(atMs: number, instances: Instances): void {
    const { ended, succeeded, failed, abandoned, clients, attempts, retries } = this.#counts;
    const before = this.#before;
    const { p50, p99 } = this.#recent.quantiles();
    this.#series.push({
      atMs,
      clients: clients - before.clients,
      requests: ended - before.ended,
      succeeded: succeeded - before.succeeded,
      failed: failed - before.failed,
      abandoned: abandoned - before.abandoned,
      attempts: attempts - before.attempts,
      retries: retries - before.retries,
      ...{ p50, p99 },
      inFlight: each(instances, ({ inFlight }) => inFlight),
      served: each(instances, ({ requests }, id) => requests - this.#servedBefore.of(id)),
    });
    this.#before = { ...this.#counts };
    for (const [id, { requests }] of instances) this.#servedBefore.set(id, requests);
    this.#recent.clear();
  }

  result(instances: Instances): SimulationResult {
    const { clients, requests, succeeded, failed, abandoned, attempts, retries } = this.#counts;
    let served = 0;
    for (const instance of instances.values()) served += instance.requests;
    const answered = succeeded + failed;
    return {
      ...{ clients, requests, succeeded, abandoned, attempts, retries },
      successRatio: answered === 0 ? 1 : succeeded / answered,
      latency: this.#all.quantiles(),
      statuses: this.#statuses.all(),
      refused: this.#refused.all(),
      events: this.#changes.all(),
      wastedMs: this.#wastedMs,
      instances: each(instances, (instance, id) => ({
        requests: instance.requests,
        share: served === 0 ? 0 : instance.requests / served,
        busyMs: instance.busyMs,
        maxInFlight: instance.maxInFlight,
        ejections: this.#ejections.of(id),
      })),
      series: this.#series,
    };
  }
}

function noCounts() {
  return {
    ...{ clients: 0, requests: 0, attempts: 0, retries: 0 },
    ...{ ended: 0, succeeded: 0, failed: 0, abandoned: 0 },
  };
}

function each<Value>(
  instances: Instances,
  of: (instance: SimulatedInstance, id: string) => Value,
): { readonly [id: string]: Value } {
  return Object.fromEntries(Array.from(instances, ([id, instance]) => [id, of(instance, id)]));
}
