/** A copy of a request, as far as its end can be forced. */
interface Cancellable {
  cancel(): void;
}

/** What is under way at a proxy, and who waits for the end of it. */
export class UnderWay {
  readonly #mirrors = new Set<Cancellable>();
  readonly #whenIdle: (() => void)[] = [];
  #requests = 0;

  /** Requests and upgrades. */
  get requests(): number {
    return this.#requests;
  }

  /** Copies of requests. */
  get mirrors(): number {
    return this.#mirrors.size;
  }

  begin(): void {
    this.#requests++;
  }

  end(): void {
    this.#requests--;
    this.#wake();
  }

  beginMirror(mirror: Cancellable): void {
    this.#mirrors.add(mirror);
  }

  endMirror(mirror: Cancellable): void {
    this.#mirrors.delete(mirror);
    this.#wake();
  }

  cancelMirrors(): void {
    for (const mirror of this.#mirrors) mirror.cancel();
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    if (this.#isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  get #isIdle(): boolean {
    return this.#requests + this.#mirrors.size === 0;
  }

  #wake(): void {
    if (this.#whenIdle.length > 0 && this.#isIdle)
      for (const wake of this.#whenIdle.splice(0)) wake();
  }
}
