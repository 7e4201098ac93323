import { startChild, type Child } from "./child.ts";
import type { Admin, Drained } from "./gateway.ts";
import { shopConfig, type Instance, type Split } from "./routes.ts";

/** How many instances there are of each version of each service at the start. */
const FLEET: readonly (readonly [service: string, version: string, instances: number])[] = [
  ["products", "v1", 2],
  ["products", "v2", 2],
  ["orders", "v1", 2],
  ["payments", "v1", 2],
  ["shipping", "v1", 3],
];

/** The shop: a process for each instance, one for the gateway, and what can be done to them. */
export class Shop {
  readonly #instances = new Map<string, Instance & { readonly child: Child }>();
  readonly #numbers = new Map<string, number>();
  #split: Split = { v1: 100, v2: 0 };
  #gateway: Child<Admin> | undefined;
  #isClosing = false;
  readonly #onCrash: (error: Error) => void;

  /** @param onCrash told when a process ends that should not */
  constructor(onCrash: (error: Error) => void) {
    this.#onCrash = onCrash;
  }

  /** Starts everything. Nothing is left running when that fails, once `close` has been called. */
  async open(port: number): Promise<void> {
    const starts = FLEET.flatMap(([service, version, count]) =>
      Array.from({ length: count }, () => this.#start(service, version)),
    );
    await Promise.all(starts);
    this.#gateway = await startChild<Admin>(
      "the gateway",
      "./gateway.ts",
      [String(port), JSON.stringify(this.#config())],
      this.#crashed,
    );
  }

  get gateway(): Child<Admin> {
    if (this.#gateway === undefined) throw new Error("the shop is not open");
    return this.#gateway;
  }

  get size(): number {
    return this.#instances.size;
  }

  /** Starts one more instance; it gets traffic as soon as it can answer. */
  async add(service: string, version: string): Promise<string> {
    const id = await this.#start(service, version);
    await this.gateway.call("update", this.#config());
    return id;
  }

  /** Takes an instance out of the configuration, lets it finish, and only then ends its process with SIGTERM. */
  async drain(id: string): Promise<Drained & { readonly end: string }> {
    const child = this.#remove(id);
    const drained = await this.gateway.call("drain", this.#config(), id);
    return { ...drained, end: await child.stop() };
  }

  /** Ends an instance with SIGKILL; the gateway is not told. */
  async kill(id: string): Promise<string> {
    return this.#remove(id).kill();
  }

  async shift(split: Split): Promise<void> {
    this.#split = split;
    await this.gateway.call("update", this.#config());
  }

  /** Ends all processes. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#gateway?.stop();
    await Promise.all([...this.#instances.values()].map(({ child }) => child.stop()));
  }

  #config() {
    return shopConfig(
      [...this.#instances.values()].map(({ service, version, id, url }) => ({
        service,
        version,
        id,
        url,
      })),
      this.#split,
    );
  }

  async #start(service: string, version: string): Promise<string> {
    const number = (this.#numbers.get(service) ?? 0) + 1;
    this.#numbers.set(service, number);
    const id = `${service}-${number}`;
    const child = await startChild(id, "./service.ts", [service, version, id], this.#crashed);
    const url = `http://127.0.0.1:${child.port}`;
    this.#instances.set(id, { service, version, id, url, child });
    return id;
  }

  #remove(id: string): Child {
    const instance = this.#instances.get(id);
    if (instance === undefined) throw new Error(`no instance is called ${id}`);
    this.#instances.delete(id);
    return instance.child;
  }

  readonly #crashed = (error: Error): void => {
    if (!this.#isClosing) this.#onCrash(error);
  };
}
