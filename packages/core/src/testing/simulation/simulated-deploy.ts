import type { InstanceStatus } from "../../service-control.js";
import type { Deploy } from "./scenario.js";
import type { SimulatedWorld } from "./simulated-world.js";

/** All instances that a service has when it begins are replaced, one after the other. */
export class SimulatedDeploy {
  readonly #world: SimulatedWorld;
  readonly #deploy: Deploy;
  #ids: readonly string[] = [];

  constructor(world: SimulatedWorld, deploy: Deploy) {
    this.#world = world;
    this.#deploy = deploy;
  }

  begin(): void {
    this.#ids = this.#world.gateway.instancesOf(this.#deploy.service).map(({ id }) => id);
    this.#replace(0);
  }

  #replace(index: number): void {
    const id = this.#ids[index];
    if (id === undefined) return;
    const next = (): void => this.#replace(index + 1);
    const status = this.#statusOf(id);
    // Whoever left meanwhile is nobody's to replace.
    if (status === undefined) next();
    else if (this.#deploy.drain === false) this.#restart(id, next);
    else this.#drain(status, next);
  }

  #drain({ id, health, inFlight }: InstanceStatus, next: () => void): void {
    const { gateway, clock } = this.#world;
    // One that has drained before does not tell it again.
    if (health === "draining" && inFlight === 0) {
      this.#restart(id, next);
      return;
    }
    const { service } = this.#deploy;
    const stop = gateway.onChange(({ kind, service: of, instance }) => {
      if (of !== service || instance?.id !== id) return;
      // An ejection that ends is no end of a drain.
      const isResumed = kind === "returned" && this.#statusOf(id)?.health !== "draining";
      if (kind !== "drained" && !isResumed) return;
      stop();
      clock.after(0, isResumed ? next : () => this.#restart(id, next));
    });
    void gateway.service(service).drain(id);
  }

  #restart(id: string, next: () => void): void {
    const { clock, gateway } = this.#world;
    const { service, drain = true, downMs = 1_000, pauseMs = 1_000 } = this.#deploy;
    const instance = this.#world.instanceAt(id);
    instance.kill();
    clock.after(downMs, () => {
      instance.start();
      if (drain) gateway.service(service).resume(id);
      clock.after(pauseMs, next);
    });
  }

  #statusOf(id: string): InstanceStatus | undefined {
    const control = this.#world.gateway.service(this.#deploy.service);
    return control.instances().find((instance) => instance.id === id);
  }
}
