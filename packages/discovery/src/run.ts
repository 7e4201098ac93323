import type { InstanceConfig } from "@signalbox/core";
import type { DiscoverySource } from "./source.js";

/** Who listens to a run. None of these throws. */
export interface RunListener {
  found(instances: readonly InstanceConfig[]): void;
  failed(error: unknown): void;
  /** Nothing more will come, and that is no failure. */
  ended(): void;
}

/** One run of a source, in either form. */
export class Run {
  #isOver = false;
  #stop: () => unknown = () => {};

  constructor(source: DiscoverySource, listener: RunListener) {
    const whileOn: RunListener = {
      found: (instances) => this.#isOver || listener.found(instances),
      failed: (error) => this.#isOver || listener.failed(error),
      ended: () => this.#isOver || listener.ended(),
    };
    try {
      const stop: unknown = start(source, whileOn);
      if (stop instanceof Promise) stop.catch(() => {});
      if (typeof stop !== "function")
        throw new TypeError(`a source must return a function that stops it, got ${typeof stop}`);
      this.#stop = stop as () => unknown;
    } catch (error) {
      whileOn.failed(error);
    }
  }

  /** Ends the run: nothing is told any more. Rejects when the source fails to stop. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#stop();
  }
}

function start(source: DiscoverySource, listener: RunListener): () => unknown {
  return typeof source === "function"
    ? source(listener.found, listener.failed)
    : iterate(source[Symbol.asyncIterator](), listener);
}

function iterate(
  iterator: AsyncIterator<readonly InstanceConfig[]>,
  { found, failed, ended }: RunListener,
): () => unknown {
  let isStopped = false;
  async function follow(): Promise<void> {
    try {
      while (!isStopped) {
        const { done, value } = await iterator.next();
        if (done === true) return ended();
        found(value);
      }
    } catch (error) {
      failed(error);
    }
  }
  void follow();
  return () => {
    isStopped = true;
    return iterator.return?.();
  };
}
