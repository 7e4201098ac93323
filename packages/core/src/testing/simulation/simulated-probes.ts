import type { SimulatedWorld } from "./simulated-world.js";

/** What tells one time of being asked from a later one. By service, and there by id. */
type Rounds = ReadonlyMap<string, ReadonlyMap<string, object>>;

/** Asks instances whether they are well, as a proxy does: new ones at once, and each again at its own time. */
export class SimulatedProbes {
  readonly #world: SimulatedWorld;
  readonly #random: () => number;
  #rounds: Rounds = new Map();

  constructor(world: SimulatedWorld, random: () => number) {
    this.#world = world;
    this.#random = random;
  }

  /** Begins with instances that are not asked yet. Whoever is gone is asked no more. */
  look(): void {
    const { gateway } = this.#world;
    const before = this.#rounds;
    const probed = gateway.services.filter((name) => gateway.probeOf(name) !== undefined);
    this.#rounds = new Map(probed.map((name) => [name, this.#roundsOf(name)]));
    for (const [service, rounds] of this.#rounds)
      for (const [id, round] of rounds)
        if (before.get(service)?.get(id) === undefined) this.#ask(service, id, round);
  }

  #roundsOf(service: string): ReadonlyMap<string, object> {
    const known = this.#rounds.get(service);
    const instances = this.#world.gateway.instancesOf(service);
    return new Map(instances.map(({ id }) => [id, known?.get(id) ?? {}]));
  }

  #ask(service: string, id: string, round: object): void {
    const { clock, gateway, durationMs } = this.#world;
    const isAsked = (): boolean => this.#rounds.get(service)?.get(id) === round;
    const probe = gateway.probeOf(service);
    if (probe === undefined || !isAsked() || clock.now > durationMs) return;
    const { intervalMs, jitter, timeoutMs } = probe;
    const { isWell, afterMs } = this.#world.instanceAt(id).probe(this.#random);
    clock.after(Math.min(afterMs, timeoutMs), () => {
      if (isAsked()) gateway.service(service).reportProbe(id, isWell && afterMs <= timeoutMs);
    });
    const waitMs = intervalMs * (1 + jitter * (2 * this.#random() - 1));
    clock.after(waitMs, () => this.#ask(service, id, round));
  }
}
